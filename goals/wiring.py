"""What goals add to projects."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from goals.archive import GoalsPart
from goals.models import Goal
from projects import parts
from projects.models import Project
from projects.signals import project_deleted

parts.register(GoalsPart())


@receiver(project_deleted, dispatch_uid="goals")
def lock_goals(sender: type[Project], project: Project, **_others: Any) -> None:
    """A deletion and a reset touch the same values, in orders of their own: without turns they could block each other."""
    Goal.objects.lock_for(project)
