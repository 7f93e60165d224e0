"""Counting. Not audited: the values themselves say what happened, and services count often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.permissions import Actor
from goals.limits import INCREMENT
from goals.models import Goal, GoalValue
from projects.models import Project
from projects.permissions import Right, require


@dataclass(frozen=True)
class Counted:
    """Where a project stands after an increment: `value` of the `day`, or in all where the day is None."""

    goal: Goal
    project: Project
    day: date | None
    value: int


def increment_goal(*, actor: Actor, project: Project, slug: str, value: int = 1) -> int:
    """Count for a project: its own goal of that slug (or id), else a global one that lists it. The project's new value.

    Atomic and, once the transaction around it is committed, durable. `value` is an integer within ±10^9 other than 0;
    what was counted too much is taken back by a negative one. Raises NotFoundError, UserError, ConflictError.
    """
    return count(actor=actor, project=project, slug=slug, value=value).value


def count(*, actor: Actor, project: Project, slug: str, value: int = 1) -> Counted:
    """As `increment_goal`, with all that is known about the result."""
    require(actor, project, Right.WORK)
    check_value(value)
    with transaction.atomic():
        # A second time only where the goal was deleted, or got another type, at this very moment.
        for _attempt in range(2):
            goal = Goal.objects.for_script(project, slug)
            day = GoalValue.day_of(goal)
            total = GoalValue.objects.add(goal, project, value, day)
            if total is not None:
                return Counted(goal, project, day if goal.is_daily else None, total)
    if not Project.objects.filter(pk=project.pk).exists():
        raise NotFoundError("project_not_found", _("There is no such project."))
    message = _("The value would leave the range of whole numbers that JavaScript can hold.")
    raise ConflictError("goal_value_out_of_range", message, pointer="/value")


def count_global(*, actor: Actor, goal: Goal, project: str, value: int = 1) -> Counted:
    """Count a global goal for a project, given by id or slug.

    Raises PermissionDenied alike for a project that is not there, that the goal does not list, and that the actor does
    not work in, so that it tells nobody which projects there are. Otherwise as `increment_goal`.
    """
    denied = PermissionDenied(_("You may not count this goal for that project."))
    try:
        found = Project.objects.lookup(actor, project)
        require(actor, found, Right.WORK)
    except NotFoundError:
        raise denied from None
    if not goal.allowed_projects.filter(pk=found.pk).exists():
        raise denied
    # By its id: by the slug the project's own goal would go first.
    return count(actor=actor, project=found, slug=str(goal.pk), value=value)


def check_value(value: object) -> None:
    """Raises UserError for what cannot be added."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < abs(value) <= INCREMENT:
        message = _("An increment is a whole number from −1 000 000 000 to 1 000 000 000, but not 0.")
        raise UserError("increment_invalid", message, pointer="/value")
