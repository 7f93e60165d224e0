from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied

from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.etags import StaleError
from accounts.models import AuditEntry
from goals.actions.goals import delete_goal, update_goal
from goals.actions.increments import increment_goal
from goals.models import Goal
from goals.testing import GoalCase


class UpdateGoalTest(GoalCase):
    def update(self, goal: Goal | None = None, **changes: Any) -> Goal:
        return update_goal(**{"actor": self.bob, "goal": goal or self.visits, **changes})

    def test_it_changes_what_is_given(self) -> None:
        goal = self.update(name="Guests", slug="guests", color="red")
        self.assertEqual(
            (goal.name, goal.slug, goal.color, goal.type), ("Guests", "guests", "red", "counter")
        )
        entry = AuditEntry.objects.get(verb="update_goal")
        self.assertEqual(entry.before, {"name": "Visits", "slug": "visits", "color": ""})

    def test_it_refuses_what_it_does_not_know(self) -> None:
        with self.assertRaises(TypeError):
            self.update(project=self.foreign)

    def test_a_taken_slug_is_a_conflict(self) -> None:
        with self.assertRaises(ConflictError) as caught:
            self.update(slug="orders")
        self.assertEqual(caught.exception.code, "slug_taken")
        with self.assertRaises(UserError):
            self.update(slug="stats")

    def test_the_type_stays_once_it_counted(self) -> None:
        self.assertEqual(self.update(type="daily_counter").type, "daily_counter")
        increment_goal(actor=self.bob, project=self.project, slug="visits")
        self.update(type="daily_counter", name="Same type")
        with self.assertRaises(ConflictError) as caught:
            self.update(type="counter")
        self.assertEqual((caught.exception.code, caught.exception.pointer), ("goal_has_values", "/type"))

    def test_a_stale_change_is_refused(self) -> None:
        old = self.visits.etag
        self.assertNotEqual(self.update(if_match=old, name="First").etag, old)
        with self.assertRaises(StaleError):
            self.update(if_match=old, name="Second")
        with self.assertRaises(StaleError):
            delete_goal(actor=self.bob, goal=self.visits, if_match=old)
        self.assertEqual(Goal.objects.get(pk=self.visits.pk).name, "First")

    def test_counting_is_no_change(self) -> None:
        increment_goal(actor=self.bob, project=self.project, slug="visits")
        self.assertEqual(Goal.objects.get(pk=self.visits.pk).etag, self.visits.etag)

    def test_it_lists_other_projects(self) -> None:
        self.update(self.likes, actor=self.root, allowed_projects=[self.foreign.pk])
        self.assertEqual([*self.likes.allowed_projects.all()], [self.foreign])
        with self.assertRaises(UserError):
            self.update(allowed_projects=[self.foreign.pk])

    def test_a_deleted_goal_is_not_found(self) -> None:
        delete_goal(actor=self.bob, goal=Goal.objects.get(pk=self.visits.pk))
        with self.assertRaises(NotFoundError):
            self.update(name="Late")

    def test_charlie_may_not(self) -> None:
        with self.assertRaises(NotFoundError):
            self.update(actor=self.charlie, name="Mine")
        with self.assertRaises(PermissionDenied):
            self.update(self.likes, actor=self.charlie, name="Mine")
        with self.assertRaises(PermissionDenied):
            self.update(self.likes, actor=self.alice, allowed_projects=[])
