from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from unittest import mock

from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.models import AuditEntry, KeyActor
from accounts.permissions import SYSTEM
from goals.actions.goals import create_goal, delete_goal, reset_goal, update_goal
from goals.actions.increments import increment_goal
from goals.days import today
from goals.limits import INCREMENT, VALUE
from goals.models import Goal, GoalValue
from goals.models.value import GoalValueQuerySet
from goals.testing import GoalCase
from projects.models import Project


class IncrementGoalTest(GoalCase):
    def increment(self, slug: str = "visits", value: object = 1, **others: Any) -> int:
        wanted: dict[str, Any] = {
            "actor": self.bob,
            "project": self.project,
            "slug": slug,
            "value": value,
            **others,
        }
        return increment_goal(**wanted)

    def test_it_returns_the_new_value(self) -> None:
        self.assertEqual([self.increment(value=value) for value in (1, 41, -2)], [1, 42, 40])
        self.assertEqual(self.increment(str(self.visits.pk)), 41, "by id")

    def test_a_daily_counter_counts_each_day(self) -> None:
        with mock.patch("goals.days.timezone.now") as now:
            for hour, expected in ((0, 1), (23, 2), (24, 1)):
                now.return_value = datetime(2026, 3, 1 + hour // 24, hour % 24, 59, tzinfo=UTC)
                self.assertEqual(self.increment("orders"), expected)
        rows = GoalValue.objects.order_by("day").values_list("day", "value")
        self.assertEqual([*rows], [(date(2026, 3, 1), 2), (date(2026, 3, 2), 1)])

    def test_the_day_is_that_of_the_projects_time_zone(self) -> None:
        project = Project(slug="tokyo")
        project.time_zone = "Asia/Tokyo"  # type: ignore[attr-defined,unused-ignore]
        with mock.patch("goals.days.timezone.now", return_value=datetime(2026, 3, 1, 20, tzinfo=UTC)):
            self.assertEqual((today(project), today(None)), (date(2026, 3, 2), date(2026, 3, 1)))
            project.time_zone = "Moon/Crater"  # type: ignore[attr-defined,unused-ignore]
            with self.assertLogs("goals.days", "WARNING"):
                self.assertEqual(today(project), date(2026, 3, 1))

    def test_the_projects_own_goal_goes_first(self) -> None:
        self.assertEqual(self.increment("likes", 5), 5)
        own = create_goal(actor=self.bob, project=self.project, name="Own likes", slug="likes")
        self.assertEqual(self.increment("likes", 2), 2)
        self.assertEqual(GoalValue.objects.filter(goal=own).total(), 2)
        self.assertEqual(GoalValue.objects.filter(goal=self.likes).total(), 5)

    def test_global_values_are_kept_by_project(self) -> None:
        update_goal(actor=self.root, goal=self.likes, allowed_projects=[self.project.pk, self.foreign.pk])
        self.assertEqual(self.increment("likes", 5), 5)
        self.assertEqual(self.increment("likes", 3, actor=self.charlie, project=self.foreign), 3)
        self.assertEqual(GoalValue.objects.filter(goal=self.likes).total(), 8)

    def test_an_unknown_goal_is_named(self) -> None:
        create_goal(actor=self.root, project=None, name="Not listed", slug="closed")
        for slug in ("absent", "closed", "shop-visits", "", "a\0b", "\ud800", "x" * 5000):
            with self.subTest(ascii(slug[:20])), self.assertRaises(NotFoundError) as caught:
                self.increment(slug)
            self.assertEqual(caught.exception.code, "goal_not_found")
            self.assertIn(slug[:10].replace("\0", ""), str(caught.exception))
            self.assertLess(len(str(caught.exception)), 200)

    def test_it_adds_whole_numbers_alone(self) -> None:
        for value in (0, INCREMENT + 1, -INCREMENT - 1, 1.0, "1", True, None):
            with self.subTest(value), self.assertRaises(UserError) as caught:
                self.increment(value=value)
            self.assertEqual(caught.exception.code, "increment_invalid")
        self.assertEqual(self.increment(value=INCREMENT), INCREMENT)

    def test_the_sum_stays_in_range(self) -> None:
        for edge, value in ((VALUE, 1), (-VALUE, -1)):
            GoalValue.objects.update_or_create(
                goal=self.visits, project=self.project, day=GoalValue.TOTAL, defaults={"value": edge}
            )
            with self.assertRaises(ConflictError) as caught:
                self.increment(value=value)
            self.assertEqual(caught.exception.code, "goal_value_out_of_range")
            self.assertEqual(GoalValue.objects.get().value, edge)
            self.assertEqual(self.increment(value=-value), edge - value)

    def test_a_goal_that_changes_meanwhile(self) -> None:
        """Between looking it up and counting: a new type counts by day, a deleted goal is not found."""
        add = GoalValueQuerySet.add
        changes: list[Callable[[], object]] = [
            lambda: update_goal(actor=self.bob, goal=self.visits, type="daily_counter"),
            lambda: delete_goal(actor=self.bob, goal=self.visits, confirm="visits"),
        ]

        def late(values: GoalValueQuerySet, *given: Any) -> int | None:
            if changes and given[0] == self.visits:
                changes.pop(0)()
            return add(values, *given)

        with mock.patch.object(GoalValueQuerySet, "add", late):
            deletion = changes.pop()
            self.assertEqual(self.increment(), 1)
            self.assertEqual(GoalValue.objects.get().day, today(self.project))
            changes.append(deletion)
            with self.assertRaises(NotFoundError):
                self.increment()

    def test_a_project_that_is_gone(self) -> None:
        gone = Project(pk=self.visits.pk, slug="gone", owner=self.alice)
        Project.objects.filter(pk=self.foreign.pk).delete()
        for project in (gone, self.foreign):
            with self.assertRaises(NotFoundError):
                self.increment("likes", project=project, actor=SYSTEM)

    def test_it_asks_little(self) -> None:
        project = Project.objects.get(pk=self.project.pk)
        with self.assertNumQueries(4):  # savepoint, goal, upsert, release
            self.increment("visits", actor=SYSTEM, project=project)

    def test_it_is_not_audited(self) -> None:
        before = AuditEntry.objects.count()
        self.increment()
        self.assertEqual(AuditEntry.objects.count(), before)

    def test_who_may(self) -> None:
        key = KeyActor(project_id=self.project.pk, prefix="m3m_12345678")
        for actor in (key, SYSTEM, self.alice, self.root):
            self.increment("likes", actor=actor)
        foreign_key = KeyActor(project_id=self.foreign.pk, prefix="m3m_12345678")
        for stranger in (self.charlie, foreign_key):
            for slug in ("visits", "likes"):
                with self.assertRaises(NotFoundError):
                    self.increment(slug, actor=stranger)
        with self.assertRaises(NotFoundError) as caught:
            self.increment("likes", actor=self.charlie, project=self.foreign)
        self.assertEqual(caught.exception.code, "goal_not_found", "not listed")


class VisibleGoalsTest(GoalCase):
    def test_who_sees_what(self) -> None:
        reset_goal(actor=self.root, goal=self.likes)
        own = {self.visits, self.orders}
        key = KeyActor(project_id=self.project.pk, prefix="m3m_12345678")
        foreign_key = KeyActor(project_id=self.foreign.pk, prefix="m3m_12345678")
        for actor, expected in (
            (self.root, {*own, self.likes}),
            (SYSTEM, {*own, self.likes}),
            (self.alice, {*own, self.likes}),
            (self.bob, {*own, self.likes}),
            (self.charlie, {self.likes}),
            (key, {*own, self.likes}),
            (foreign_key, set()),
        ):
            self.assertEqual({*Goal.objects.visible_to(actor)}, expected, str(actor))
        self.bob.is_active = False
        self.assertEqual({*Goal.objects.visible_to(self.bob)}, set())

    def test_values_of_projects_that_one_sees(self) -> None:
        for project in (self.project, self.foreign, None):
            GoalValue.objects.create(goal=self.likes, project=project, value=1)
        self.assertEqual(GoalValue.objects.visible_to(self.root).count(), 3)
        self.assertEqual([one.project for one in GoalValue.objects.visible_to(self.charlie)], [self.foreign])
