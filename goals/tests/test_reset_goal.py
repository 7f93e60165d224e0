from __future__ import annotations

from django.core.exceptions import PermissionDenied

from accounts.errors import NotFoundError, UserError
from accounts.models import AuditEntry
from goals.actions.goals import reset_goal
from goals.actions.increments import increment_goal
from goals.models import GoalValue
from goals.testing import GoalCase


class ResetGoalTest(GoalCase):
    def test_it_begins_at_0_again(self) -> None:
        increment_goal(actor=self.bob, project=self.project, slug="visits", value=5)
        increment_goal(actor=self.bob, project=self.project, slug="orders", value=2)
        with self.assertRaises(UserError) as caught:
            reset_goal(actor=self.bob, goal=self.visits)
        self.assertEqual(caught.exception.code, "confirmation_missing")
        reset_goal(actor=self.bob, goal=self.visits, confirm="visits")
        self.assertEqual(AuditEntry.objects.get(verb="reset_goal").before, {"total": 5})
        self.assertEqual(GoalValue.objects.total(), 2, "other goals keep theirs")
        self.assertEqual(increment_goal(actor=self.bob, project=self.project, slug="visits"), 1)

    def test_what_never_counted_needs_no_confirmation(self) -> None:
        reset_goal(actor=self.bob, goal=self.visits)

    def test_who_may(self) -> None:
        increment_goal(actor=self.bob, project=self.project, slug="likes")
        with self.assertRaises(NotFoundError):
            reset_goal(actor=self.charlie, goal=self.visits, confirm="visits")
        with self.assertRaises(PermissionDenied):
            reset_goal(actor=self.alice, goal=self.likes, confirm="likes")
        reset_goal(actor=self.root, goal=self.likes, confirm="likes")
        self.assertEqual(GoalValue.objects.total(), 0)
