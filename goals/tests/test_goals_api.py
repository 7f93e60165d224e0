from __future__ import annotations

import uuid
from typing import Any

from accounts.models import User
from goals.actions.goals import create_goal, update_goal
from goals.models import Goal, GoalValue
from goals.testing import GoalCase
from projects.actions.members import remove_member

SHAPE = {
    *("id", "project_ref", "name", "slug", "public_slug", "color", "type", "description"),
    *("allowed_projects", "etag", "created_at", "updated_at"),
}


class GoalsApiCase(GoalCase):
    def call(
        self,
        user: User | None,
        method: str,
        path: str,
        data: object = None,
        status: int = 200,
        **headers: str,
    ) -> Any:  # noqa: ANN401  (any JSON)
        """The body of an answer that has this status."""
        client = self.client_of(user)
        response = getattr(client, method)(f"/api/{path}", data, headers=headers)
        self.assertEqual(response.status_code, status, response.content)
        return response.json() if response.content else None


class GlobalGoalsTest(GoalsApiCase):
    def test_it_lists(self) -> None:
        create_goal(actor=self.root, project=None, name="Another", type="counter", color="red")
        with self.assertNumQueries(3):
            body = self.call(self.charlie, "get", "goals")
        self.assertEqual([goal["slug"] for goal in body["results"]], ["another", "likes"])
        self.assertEqual(set(body["results"][0]), SHAPE)
        for query, slugs in (
            ("type=daily_counter", ["likes"]),
            ("color=red", ["another"]),
            ("search=IKE", ["likes"]),
            ("ordering=-slug", ["likes", "another"]),
            ("page_size=1&page=2", ["likes"]),
        ):
            body = self.call(self.bob, "get", f"goals?{query}")
            self.assertEqual([goal["slug"] for goal in body["results"]], slugs, query)
        self.call(self.bob, "get", "goals?type=gauge", status=400)
        self.call(self.bob, "get", "goals?page=9", status=404)

    def test_the_root_creates_changes_and_deletes(self) -> None:
        wanted = {"name": "Sales", "type": "daily_counter", "allowed_projects": [str(self.foreign.pk)]}
        made = self.call(self.root, "post", "goals", wanted, 201)
        self.assertEqual((made["slug"], made["project_ref"]), ("sales", None))
        changed = self.call(self.root, "patch", "goals/sales", {"color": "sky"})
        self.assertEqual((changed["color"], changed["allowed_projects"]), ("sky", [str(self.foreign.pk)]))
        changed = self.call(self.root, "put", f"goals/{made['id']}", {"allowed_projects": []})
        self.assertEqual((changed["name"], changed["allowed_projects"]), ("Sales", []))
        self.call(self.root, "delete", "goals/sales", status=204)
        self.call(self.root, "get", "goals/sales", status=404)

    def test_others_read_and_see_the_projects_that_they_know(self) -> None:
        update_goal(actor=self.root, goal=self.likes, allowed_projects=[self.project.pk, self.foreign.pk])
        for user, project in (
            (self.alice, self.project),
            (self.bob, self.project),
            (self.charlie, self.foreign),
        ):
            for path in ("goals/likes", f"goals/{self.likes.pk}"):
                self.assertEqual(self.call(user, "get", path)["allowed_projects"], [str(project.pk)])
            for method, path in (
                ("post", "goals"),
                ("put", "goals/likes"),
                ("patch", "goals/likes"),
                ("delete", "goals/likes"),
                ("post", "goals/likes/reset"),
            ):
                named = {} if method == "delete" or path.endswith("reset") else {"name": "Mine"}
                body = self.call(user, method, path, {**named, "slug": "likes"}, 403)
                self.assertEqual(body["code"], "permission_denied")
        self.call(None, "get", "goals", status=401)
        self.call(None, "get", "goals/likes", status=401)

    def test_a_projects_goal_is_not_among_them(self) -> None:
        for path in (
            "goals/orders",
            "goals/shop-orders",
            f"goals/{self.orders.pk}",
            "goals/%00",
            "goals/%ff",
        ):
            self.assertEqual(self.call(self.root, "get", path, status=404)["code"], "goal_not_found")

    def test_it_sets_no_protected_field(self) -> None:
        wanted = {
            **{"name": "X", "id": str(uuid.uuid4()), "project_ref": str(self.project.pk)},
            **{"created_at": "2000-01-01T00:00:00Z"},
        }
        unknown = {**wanted, "project": str(self.project.pk), "revision": 9}
        self.assertEqual(self.call(self.root, "post", "goals", unknown, 400)["code"], "unknown_field")
        made = self.call(self.root, "post", "goals", wanted, 201)
        goal = Goal.objects.get(pk=made["id"])
        self.assertEqual((goal.project, goal.revision, goal.created_at.year > 2000), (None, 1, True))
        self.assertNotEqual(made["id"], wanted["id"])
        self.call(self.root, "put", f"goals/{goal.pk}", {**wanted, "name": "Y"})
        goal.refresh_from_db()
        self.assertEqual((goal.name, goal.project, goal.revision), ("Y", None, 2))

    def test_it_points_to_wrong_values(self) -> None:
        rows: tuple[tuple[Any, str], ...] = (
            ({}, "/name"),
            ({"name": "a\0b"}, "/name"),
            ({"name": "x", "slug": "-"}, "/slug"),
            ({"name": "x", "color": "beige"}, "/color"),
            ({"name": "x", "type": "gauge"}, "/type"),
            ({"name": "x", "type": None}, "/type"),
            ({"name": "x", "allowed_projects": ["y"]}, "/allowed_projects/0"),
            ({"name": "x", "allowed_projects": [str(uuid.uuid4())]}, "/allowed_projects/0"),
            ([], ""),
        )
        for wrong, pointer in rows:
            body = self.call(self.root, "post", "goals", wrong, 400)
            self.assertEqual(
                body["errors"][0]["pointer"].removesuffix("/0"), pointer.removesuffix("/0"), wrong
            )


class ProjectGoalsTest(GoalsApiCase):
    def test_members_do_everything(self) -> None:
        made = self.call(self.bob, "post", "projects/shop/goals", {"name": "Café", "color": "teal"}, 201)
        self.assertEqual((made["public_slug"], made["project_ref"]), ("shop-cafe", str(self.project.pk)))
        listed = self.call(self.bob, "get", "projects/shop/goals")
        self.assertEqual([goal["slug"] for goal in listed["results"]], ["cafe", "orders", "visits"])
        path = "projects/shop/goals/cafe"
        self.assertEqual(self.call(self.bob, "get", path), made)
        self.assertEqual(self.call(self.bob, "put", path, {**made, "color": ""})["color"], "")
        self.assertEqual(self.call(self.bob, "patch", path, {"slug": "tea"})["public_slug"], "shop-tea")
        self.call(self.bob, "delete", "projects/shop/goals/tea", status=204)
        self.call(self.bob, "get", "projects/shop/goals/tea", status=404)

    def test_saves_compete(self) -> None:
        path = "projects/shop/goals/visits"
        response = self.client_of(self.bob).get(f"/api/{path}")
        etag = response["ETag"]
        self.assertEqual(etag, response.json()["etag"])
        self.call(self.bob, "patch", path, {"name": "First"}, If_Match=etag)
        for method, data in (("put", {"name": "Second"}), ("delete", None)):
            body = self.call(self.alice, method, path, data, 412, If_Match=etag)
            self.assertEqual((body["code"], body["newer"]["name"]), ("stale", "First"))
        self.call(self.bob, "delete", path, status=204, If_Match=body["newer"]["etag"])

    def test_deletion_and_reset_ask_for_the_slug(self) -> None:
        path = "projects/shop/goals/visits"
        for number in range(2):
            GoalValue.objects.create(goal=self.visits, project=self.project, value=5)
            self.assertEqual(self.call(self.bob, "delete", path, status=400)["code"], "confirmation_missing")
            self.call(self.bob, "post", f"{path}/reset", {"slug": "wrong"}, 400)
            confirmed = f"{path}/reset?confirm=visits" if number else f"{path}/reset"
            body = self.call(self.bob, "post", confirmed, None if number else {"slug": "visits"})
            self.assertEqual((body["slug"], GoalValue.objects.count()), ("visits", 0))
        self.call(self.bob, "delete", path, {"slug": "visits"}, 204)

    def test_the_same_request_creates_once(self) -> None:
        answers = [
            self.call(self.bob, "post", "projects/shop/goals", {"name": "Once"}, 201, Idempotency_Key="k")
            for _number in range(2)
        ]
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(Goal.objects.filter(name="Once").count(), 1)

    def test_charlie_sees_nothing(self) -> None:
        for method, path in (
            ("get", ""),
            ("post", ""),
            ("get", "/visits"),
            ("put", "/visits"),
            ("patch", "/visits"),
            ("delete", "/visits"),
            ("post", "/visits/increment"),
            ("post", "/visits/reset"),
            ("get", "/stats"),
            ("get", "/stats.csv"),
        ):
            data = {"name": "Mine"} if method != "get" else None
            body = self.call(self.charlie, method, f"projects/shop/goals{path}", data, 404)
            self.assertEqual(body["code"], "project_not_found")
        self.call(self.charlie, "get", f"projects/foreign/goals/{self.visits.pk}", status=404)
        self.call(self.charlie, "post", f"projects/foreign/goals/{self.visits.pk}/increment", {}, 404)


class IncrementApiTest(GoalsApiCase):
    def test_a_member_counts(self) -> None:
        body = self.call(self.bob, "post", "projects/shop/goals/visits/increment", {})
        self.assertEqual(
            body,
            {
                **{"goal": str(self.visits.pk), "slug": "visits", "project_ref": str(self.project.pk)},
                **{"day": None, "value": 1},
            },
        )
        self.call(self.bob, "post", "projects/shop/goals/visits/increment", {"value": 41})
        self.assertEqual(self.call(self.bob, "post", "projects/shop/goals/visits/increment")["value"], 43)
        daily = self.call(self.bob, "post", f"projects/shop/goals/{self.orders.pk}/increment", {"value": 2})
        self.assertEqual((daily["day"] is not None, daily["value"]), (True, 2))
        self.assertEqual(self.call(self.bob, "post", "projects/shop/goals/likes/increment")["slug"], "likes")

    def test_a_global_goal_names_the_project(self) -> None:
        path = "goals/likes/increment"
        self.assertEqual(self.call(self.bob, "post", path, {"project": "shop", "value": 3})["value"], 3)
        create_goal(actor=self.bob, project=self.project, name="Own", slug="likes")
        by_id = {"project": str(self.project.pk)}
        self.assertEqual(self.call(self.alice, "post", path, by_id)["value"], 4, "not the project's own one")
        self.assertEqual(self.call(self.bob, "post", path, {}, 400)["code"], "project_missing")
        for user, project in (
            (self.charlie, "shop"),
            (self.charlie, "foreign"),
            (self.bob, "foreign"),
            (self.bob, "absent"),
        ):
            self.call(user, "post", path, {"project": project}, 403)
        self.call(self.bob, "post", "goals/shop-visits/increment", {"project": "shop"}, 404)
        self.call(None, "post", path, {"project": "shop"}, 401)
        self.assertEqual(GoalValue.objects.total(), 4)

    def test_wrong_values(self) -> None:
        path = "projects/shop/goals/visits/increment"
        values: tuple[object, ...] = (0, 10**9 + 1, 10**400, 1.5, "x", None, True, [], {}, "1" * 2000)
        for value in values:
            self.call(self.bob, "post", path, {"value": value}, 400)
        self.call(self.bob, "post", path, [], 400)
        self.assertEqual(GoalValue.objects.count(), 0)

    def test_a_retry_with_the_same_key_changes_nothing(self) -> None:
        for path, data in (
            ("projects/shop/goals/visits/increment", {"value": 5}),
            ("goals/likes/increment", {"project": "shop", "value": 5}),
        ):
            answers = [self.call(self.bob, "post", path, data, Idempotency_Key="k") for _number in range(3)]
            self.assertEqual([answer["value"] for answer in answers], [5, 5, 5])
            again = self.call(self.bob, "post", path, {**data, "value": 6}, 422, Idempotency_Key="k")
            self.assertEqual(again["code"], "idempotency_key_reused")
        self.assertEqual(GoalValue.objects.total(), 10)

    def test_whoever_may_no_more_gets_no_answer_again(self) -> None:
        path = "projects/shop/goals/visits/increment"
        self.call(self.bob, "post", path, {"value": 5}, Idempotency_Key="k")
        remove_member(actor=self.alice, project=self.project, user_id=self.bob.pk)
        self.call(self.bob, "post", path, {"value": 5}, 404, Idempotency_Key="k")
