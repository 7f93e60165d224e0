from __future__ import annotations

from datetime import date, timedelta

from goals.actions.goals import create_goal
from goals.choices import GoalType
from goals.models import Goal, GoalValue
from projects.models import Project
from projects.testing import ProjectCase


class GoalCase(ProjectCase):
    """The shop's counter `visits` and daily counter `orders`; the global daily counter `likes`, which lists the shop."""

    visits: Goal
    orders: Goal
    likes: Goal

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.visits = create_goal(actor=cls.alice, project=cls.project, name="Visits")
        cls.orders = create_goal(
            actor=cls.alice, project=cls.project, name="Orders", type=GoalType.DAILY_COUNTER, color="teal"
        )
        cls.likes = create_goal(
            actor=cls.root,
            project=None,
            name="Likes",
            type=GoalType.DAILY_COUNTER,
            allowed_projects=[cls.project.pk],
        )


def put_values(goal: Goal, project: Project | None, first: date, *values: int) -> None:
    """Values of one day after another."""
    GoalValue.objects.bulk_create(
        GoalValue(goal=goal, project=project, day=first + timedelta(days=number), value=value)
        for number, value in enumerate(values)
    )
