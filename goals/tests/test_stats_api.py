from __future__ import annotations

from datetime import UTC, date, datetime
from unittest import mock

from goals.models import GoalValue
from goals.testing import put_values
from goals.tests.test_goals_api import GoalsApiCase

MARCH = date(2026, 3, 1)


class StatsApiTest(GoalsApiCase):
    def setUp(self) -> None:
        put_values(self.visits, self.project, GoalValue.TOTAL, 42)
        put_values(self.orders, self.project, MARCH, 1, 2, 3, 4)
        put_values(self.likes, self.project, MARCH, 10, 20, 30, 40)
        put_values(self.likes, self.foreign, MARCH, 100)

    def test_of_a_project(self) -> None:
        path = "projects/shop/goals/stats?goals=orders,visits&from=2026-03-03&to=2026-03-04&compare=true"
        self.assertEqual(
            self.call(self.bob, "get", path),
            {
                **{"from": "2026-03-03", "to": "2026-03-04", "group_by": "day"},
                "previous": {"from": "2026-03-01", "to": "2026-03-02"},
                "goals": [
                    {
                        **{"id": str(self.orders.pk), "project_ref": str(self.project.pk), "name": "Orders"},
                        **{"slug": "orders", "public_slug": "shop-orders", "color": "teal"},
                        **{"type": "daily_counter", "time_zone": "UTC", "total": 7, "projects": []},
                        "points": [{"date": "2026-03-03", "value": 3}, {"date": "2026-03-04", "value": 4}],
                        "previous": {"total": 3, "change": 4, "change_percent": 133.33},
                    },
                    {
                        **{"id": str(self.visits.pk), "project_ref": str(self.project.pk), "name": "Visits"},
                        **{"slug": "visits", "public_slug": "shop-visits", "color": "", "type": "counter"},
                        **{"time_zone": "UTC", "total": 42, "points": [], "previous": None, "projects": []},
                    },
                ],
            },
        )

    def test_a_project_sees_its_own_share_of_global_goals(self) -> None:
        body = self.call(self.bob, "get", "projects/shop/goals/stats?from=2026-03-01&to=2026-03-31")
        totals = {goal["slug"]: goal["total"] for goal in body["goals"]}
        self.assertEqual(totals, {"likes": 100, "orders": 10, "visits": 42})

    def test_of_global_goals(self) -> None:
        body = self.call(
            self.charlie, "get", "goals/stats?from=2026-03-01&days=31&per_project=true&group_by=month"
        )
        (likes,) = body["goals"]
        self.assertEqual((likes["total"], likes["points"]), (200, [{"date": "2026-03-01", "value": 200}]))
        shares = [(one["slug"], one["project_ref"], one["total"]) for one in likes["projects"]]
        self.assertEqual(shares, [("foreign", str(self.foreign.pk), 100), (None, None, 100)])
        for user, project, total in ((self.bob, "shop", 100), (self.charlie, str(self.foreign.pk), 100)):
            body = self.call(user, "get", f"goals/stats?from=2026-03-01&days=31&project={project}")
            self.assertEqual(body["goals"][0]["total"], total)
        self.call(self.charlie, "get", "goals/stats?project=shop", status=404)

    def test_of_any_goals_that_one_sees(self) -> None:
        path = f"goals/stats?goals=shop-orders,likes,{self.visits.pk}"
        body = self.call(self.bob, "get", path)
        self.assertEqual([goal["slug"] for goal in body["goals"]], ["orders", "likes", "visits"])
        self.assertEqual(self.call(self.charlie, "get", path, status=404)["code"], "goal_not_found")
        self.call(self.bob, "get", "goals/stats?goals=orders", status=404)
        self.call(None, "get", "goals/stats", status=401)

    def test_it_ends_today_unless_said_otherwise(self) -> None:
        with mock.patch("goals.days.timezone.now", return_value=datetime(2026, 3, 4, 23, 59, tzinfo=UTC)):
            body = self.call(self.bob, "get", "projects/shop/goals/stats?days=2&goals=orders")
        self.assertEqual(
            (body["from"], body["to"], body["goals"][0]["total"]), ("2026-03-03", "2026-03-04", 7)
        )

    def test_wrong_parameters(self) -> None:
        for query in (
            *("from=x", "to=2026-02-30", "from=0001-01-01", "to=9999-12-31", "days=0", "days=3661", "days=x"),
            *("from=2026-03-02&to=2026-03-01", "from=2026-01-01&to=2026-01-02&days=2", "group_by=year"),
            *("compare=perhaps", "per_project=2", "goals=%00", "project=%00", f"goals={'x,' * 3000}"),
        ):
            for path in ("goals/stats", "goals/stats.csv", "projects/shop/goals/stats"):
                if "project=" in query and path.startswith("projects"):
                    continue
                body = self.call(self.bob, "get", f"{path}?{query}", status=400)
                self.assertIn(body["code"], ("invalid", "period_invalid"), query)

    def test_a_table(self) -> None:
        client = self.client_of(self.bob)
        query = "goals=orders,visits&from=2026-03-01&days=2"
        for accept in ("*/*", "text/csv", "application/json"):
            response = client.get(f"/api/projects/shop/goals/stats.csv?{query}", headers={"Accept": accept})
            self.assertEqual(response["Content-Type"], "text/csv; charset=utf-8")
            self.assertEqual(
                response.content.decode().splitlines(),
                [
                    "goal,type,date,value",
                    "shop-orders,daily_counter,2026-03-01,1",
                    "shop-orders,daily_counter,2026-03-02,2",
                    "shop-visits,counter,,42",
                ],
            )
        response = client.get("/api/goals/stats.csv?days=0", headers={"Accept": "text/csv"})
        self.assertEqual((response.status_code, response["Content-Type"]), (400, "application/problem+json"))
        self.assertEqual(response.json()["code"], "invalid")
        response = client.get("/api/goals/stats.csv?from=2026-03-01&days=1&per_project=true")
        self.assertEqual(
            response.content.decode().splitlines()[1:],
            ["likes,shop,daily_counter,2026-03-01,10", "likes,,daily_counter,2026-03-01,100"],
        )
