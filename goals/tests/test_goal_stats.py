from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from unittest import mock

from django.test import SimpleTestCase

from accounts.errors import NotFoundError, UserError
from accounts.permissions import Actor
from goals.actions.goals import create_goal, update_goal
from goals.limits import FIRST_DAY, LAST_DAY, STATS_DAYS
from goals.models import Goal, GoalValue
from goals.periods import Period, group_of, period_of
from goals.stats import GoalStats, Series, StatsQuery, choose_goals, goal_stats
from goals.tables import as_csv
from goals.testing import GoalCase, put_values
from projects.actions.projects import create_project

MONDAY = date(2026, 3, 2)
NOW = date(2026, 3, 31)


class PeriodTest(SimpleTestCase):
    def test_two_of_three_make_a_period(self) -> None:
        rows: tuple[tuple[date | None, date | None, int | None, tuple[date, date]], ...] = (
            (None, None, None, (date(2026, 3, 2), NOW)),
            (None, None, 1, (NOW, NOW)),
            (MONDAY, None, None, (MONDAY, NOW)),
            (MONDAY, None, 7, (MONDAY, date(2026, 3, 8))),
            (None, MONDAY, 2, (date(2026, 3, 1), MONDAY)),
            (None, MONDAY, None, (date(2026, 2, 1), MONDAY)),
            (MONDAY, MONDAY, None, (MONDAY, MONDAY)),
        )
        for first, last, days, expected in rows:
            period = period_of(first, last, days, NOW)
            self.assertEqual((period.first, period.last), expected)

    def test_what_is_no_period(self) -> None:
        rows: tuple[tuple[date | None, date | None, int | None], ...] = (
            (MONDAY, NOW, 30),
            (NOW, MONDAY, None),
            (NOW + timedelta(days=1), None, None),
            (NOW - timedelta(days=STATS_DAYS), NOW, None),
            (date.min, None, 1),
            (date.max, None, 5),
            (None, date.max, None),
            (None, date.min, 3660),
        )
        for first, last, days in rows:
            with self.subTest((first, last, days)), self.assertRaises(UserError) as caught:
                period_of(first, last, days, NOW)
            self.assertEqual(caught.exception.code, "period_invalid")

    def test_the_edges_of_time(self) -> None:
        for edge in (FIRST_DAY, LAST_DAY):
            for days in (1, STATS_DAYS):
                period = period_of(None, edge, days, NOW)
                self.assertEqual((period.days, period.before.days), (days, days))
                for grouping in ("day", "week", "month"):
                    self.assertLessEqual(period.begins(grouping)[-1], edge)

    def test_groups_begin_on_mondays_and_firsts(self) -> None:
        period = Period(date(2025, 12, 30), date(2026, 1, 12))
        self.assertEqual(period.begins("week"), [date(2025, 12, 29), date(2026, 1, 5), date(2026, 1, 12)])
        self.assertEqual(period.begins("month"), [date(2025, 12, 1), date(2026, 1, 1)])
        self.assertEqual(len(period.begins("day")), 14)
        self.assertEqual(
            Period(date(2024, 1, 31), date(2024, 3, 1)).begins("month")[1:],
            [date(2024, 2, 1), date(2024, 3, 1)],
        )
        self.assertEqual(group_of(date(2026, 3, 8), "week"), MONDAY, "a Sunday")


class GoalStatsTest(GoalCase):
    def stats(self, *goals: Goal, actor: Actor | None = None, **query: Any) -> list[GoalStats]:
        query.setdefault("period", Period(MONDAY, NOW))
        return goal_stats(actor or self.bob, goals, StatsQuery(**query))

    def series(self, goal: Goal, **query: Any) -> Series:
        return self.stats(goal, **query)[0].series

    def test_gaps_are_zeros(self) -> None:
        put_values(self.orders, self.project, MONDAY, 5, 0, 7)
        GoalValue.objects.filter(value=0).delete()
        series = self.series(self.orders, period=Period(MONDAY - timedelta(days=1), date(2026, 3, 5)))
        self.assertEqual([value for _day, value in series.points], [0, 5, 0, 7, 0])
        self.assertEqual((series.total, series.before, series.change), (12, None, None))
        empty = self.series(self.likes, period=Period(MONDAY, MONDAY))
        self.assertEqual((empty.total, empty.points), (0, [(MONDAY, 0)]))

    def test_both_edges_belong_to_the_period(self) -> None:
        put_values(self.orders, self.project, date(2026, 3, 1), 1, 10, 100, 1000)
        self.assertEqual(self.series(self.orders, period=Period(MONDAY, date(2026, 3, 3))).total, 110)

    def test_weeks_and_months(self) -> None:
        put_values(self.orders, self.project, date(2026, 2, 27), *range(1, 11))
        period = Period(date(2026, 2, 27), date(2026, 3, 8))
        weeks = self.series(self.orders, period=period, grouping="week")
        self.assertEqual(weeks.points, [(date(2026, 2, 23), 6), (MONDAY, 49)])
        months = self.series(self.orders, period=period, grouping="month")
        self.assertEqual(months.points, [(date(2026, 2, 1), 3), (date(2026, 3, 1), 52)])

    def test_it_compares_with_the_period_before(self) -> None:
        put_values(self.orders, self.project, date(2026, 2, 26), 1000, 10, 20, 30, 40, 50, 1000)
        compared = self.series(self.orders, period=Period(date(2026, 3, 1), date(2026, 3, 2)), compare=True)
        self.assertEqual((compared.total, compared.before, compared.change), (70, 30, 40))
        self.assertEqual((compared.change_percent, len(compared.points)), (133.33, 2))
        nothing = self.series(self.orders, period=Period(NOW, NOW), compare=True)
        self.assertEqual((nothing.before, nothing.change, nothing.change_percent), (0, 0, None))

    def test_a_plain_counter_has_a_total_alone(self) -> None:
        put_values(self.visits, self.project, GoalValue.TOTAL, 42)
        series = self.series(self.visits, compare=True)
        self.assertEqual((series.total, series.points, series.before), (42, [], None))

    def test_projects_that_one_does_not_see_are_one_sum(self) -> None:
        update_goal(actor=self.root, goal=self.likes, allowed_projects=[self.project.pk, self.foreign.pk])
        put_values(self.likes, self.project, MONDAY, 1, 2)
        put_values(self.likes, self.foreign, MONDAY, 10)
        put_values(self.likes, None, MONDAY, 100)
        put_values(self.likes, None, MONDAY, 1000)
        for actor, expected in (
            (self.bob, [("shop", 3), (None, 1110)]),
            (self.charlie, [("foreign", 10), (None, 1103)]),
            (self.root, [("foreign", 10), ("shop", 3), (None, 1100)]),
        ):
            found = self.stats(self.likes, actor=actor, per_project=True)[0]
            shown = [(project and project.slug, series.total) for project, series in found.projects]
            self.assertEqual((shown, found.series.total), (expected, 1113))
            self.assertEqual(self.stats(self.likes, actor=actor)[0].series, found.series)
        self.assertEqual(self.series(self.likes, project=self.foreign).total, 10)

    def test_the_number_of_queries_is_constant(self) -> None:
        more = [
            create_goal(actor=self.bob, project=self.project, name="More", type="daily_counter")
            for _number in range(5)
        ]
        for number in range(4):
            project = create_project(actor=self.alice, name=f"P{number}")
            put_values(self.likes, project, MONDAY, *range(10))
        put_values(self.orders, self.project, MONDAY, 1)
        for goals in ((self.orders,), (self.orders, self.likes, self.visits, *more)):
            with self.assertNumQueries(1):
                self.stats(*goals, compare=True)
            with self.assertNumQueries(3):
                self.stats(*goals, per_project=True)

    def test_too_many_points_are_refused(self) -> None:
        put_values(self.likes, self.project, MONDAY, 1)
        put_values(self.likes, None, MONDAY, 1)
        with mock.patch("goals.stats.STATS_POINTS", 59), self.assertRaises(UserError) as caught:
            self.stats(self.likes, per_project=True)
        self.assertEqual(caught.exception.code, "stats_too_many_points")
        with mock.patch("goals.stats.STATS_POINTS", 60):
            self.stats(self.likes, per_project=True)

    def test_a_table(self) -> None:
        put_values(self.visits, self.project, GoalValue.TOTAL, 42)
        put_values(self.orders, self.project, MONDAY, 5)
        put_values(self.likes, None, MONDAY, 7)
        period = Period(MONDAY, date(2026, 3, 3))
        self.assertEqual(
            as_csv(self.stats(self.visits, self.orders, period=period), per_project=False).splitlines(),
            [
                "goal,type,date,value",
                "shop-visits,counter,,42",
                "shop-orders,daily_counter,2026-03-02,5",
                "shop-orders,daily_counter,2026-03-03,0",
            ],
        )
        self.assertEqual(
            as_csv(self.stats(self.visits, self.likes, period=period, per_project=True), True).splitlines(),
            [
                "goal,project,type,date,value",
                "shop-visits,shop,counter,,42",
                "likes,,daily_counter,2026-03-02,7",
                "likes,,daily_counter,2026-03-03,0",
            ],
        )


class ChooseGoalsTest(GoalCase):
    def test_by_id_slug_and_public_slug(self) -> None:
        names = ["shop-orders", "likes", str(self.visits.pk), "shop-orders", self.likes.pk.hex]
        with self.assertNumQueries(1):
            found = choose_goals(Goal.objects.all(), names)
        self.assertEqual(found, [self.orders, self.likes, self.visits])
        self.assertEqual(choose_goals(Goal.objects.everywhere(), []), [self.likes])

    def test_short_slugs_count_in_their_project(self) -> None:
        own = create_goal(actor=self.bob, project=self.project, name="Likes", slug="likes")
        scope = Goal.objects.countable_by(self.project)
        self.assertEqual(choose_goals(scope, ["likes", "orders"], self.project), [own, self.orders])
        self.assertEqual(choose_goals(Goal.objects.all(), ["likes"]), [self.likes])
        for name in ("orders", "-likes", "%", ""):
            with self.subTest(name), self.assertRaises(NotFoundError):
                choose_goals(Goal.objects.all(), [name])

    def test_a_public_slug_of_two_goals(self) -> None:
        other = create_project(actor=self.root, name="x", slug="shop-a")
        for project, slug in ((self.project, "a-b"), (other, "b")):
            create_goal(actor=self.root, project=project, name=slug, slug=slug)
        with self.assertRaises(UserError) as caught:
            choose_goals(Goal.objects.all(), ["shop-a-b"])
        self.assertEqual(caught.exception.code, "goal_ambiguous")
        clear = create_goal(actor=self.root, project=None, name="Clear", slug="shop-a-b")
        self.assertEqual(choose_goals(Goal.objects.all(), ["shop-a-b"]), [clear])

    def test_at_most_fifty(self) -> None:
        Goal.objects.bulk_create(
            Goal(project=self.project, name="G", slug=f"g{number}") for number in range(51)
        )
        names = [f"g{number}" for number in range(51)]
        scope = Goal.objects.countable_by(self.project)
        self.assertEqual(len(choose_goals(scope, [*names[:50], "g1"], self.project)), 50)
        for wanted in (names, []):
            with self.assertRaises(UserError) as caught:
                choose_goals(scope, wanted, self.project)
            self.assertEqual(caught.exception.code, "stats_too_many_goals")
