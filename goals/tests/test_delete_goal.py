from __future__ import annotations

from django.core.exceptions import PermissionDenied

from accounts.errors import NotFoundError, UserError
from accounts.models import AuditEntry
from goals.actions.goals import delete_goal
from goals.actions.increments import increment_goal
from goals.models import Goal, GoalValue
from goals.testing import GoalCase
from projects.actions.projects import delete_project


class DeleteGoalTest(GoalCase):
    def test_what_never_counted_goes_at_once(self) -> None:
        delete_goal(actor=self.bob, goal=self.visits)
        self.assertFalse(Goal.objects.filter(pk=self.visits.pk).exists())

    def test_what_was_counted_asks_for_the_slug(self) -> None:
        increment_goal(actor=self.bob, project=self.project, slug="visits", value=7)
        for confirm in ("", "shop-visits"):
            with self.assertRaises(UserError) as caught:
                delete_goal(actor=self.bob, goal=self.visits, confirm=confirm)
            self.assertEqual(caught.exception.code, "confirmation_missing")
        delete_goal(actor=self.bob, goal=self.visits, confirm="visits")
        self.assertEqual(GoalValue.objects.count(), 0)
        self.assertEqual(AuditEntry.objects.get(verb="delete_goal", before__total=7).actor, self.bob)

    def test_charlie_may_not(self) -> None:
        with self.assertRaises(NotFoundError):
            delete_goal(actor=self.charlie, goal=self.visits)
        with self.assertRaises(PermissionDenied):
            delete_goal(actor=self.charlie, goal=self.likes)


class DeleteProjectTest(GoalCase):
    def test_its_goals_go_and_global_sums_stay(self) -> None:
        for slug in ("visits", "orders", "likes"):
            increment_goal(actor=self.bob, project=self.project, slug=slug, value=5)
        GoalValue.objects.create(goal=self.likes, project=None, day=GoalValue.day_of(self.likes), value=3)
        delete_project(actor=self.alice, project=self.project, confirm="shop")
        self.assertEqual([*Goal.objects.all()], [self.likes])
        self.assertEqual(GoalValue.objects.filter(goal=self.likes, project=None).total(), 8)
        self.assertEqual(GoalValue.objects.count(), 2)
