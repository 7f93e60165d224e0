"""Goals come, change and go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.etags import check_if_match
from accounts.permissions import Actor
from goals.choices import GoalType
from goals.limits import ALLOWED_PROJECTS, DESCRIPTION_LENGTH, GLOBAL_GOALS, PROJECT_GOALS
from goals.models import Goal, GoalValue
from goals.permissions import require_edit
from projects.choices import Color
from projects.limits import NAME_LENGTH
from projects.models import Project
from projects.slugs import check_slug, free_slug

_SETTINGS = ("name", "slug", "color", "type", "description")
# What the last part of an address of REST means beside a goal.
_RESERVED = frozenset({"stats"})


def create_goal(
    *,
    actor: Actor,
    project: Project | None,
    name: str,
    slug: str = "",
    color: str = "",
    type: str = GoalType.COUNTER,
    description: str = "",
    allowed_projects: Collection[UUID] = (),
) -> Goal:
    """A new goal of a project, or a global one, which the root alone makes; a slug is made of the name if none is given.

    `allowed_projects` are those that may count a global goal. Raises UserError, ConflictError, PermissionDenied.
    """
    require_edit(actor, project)
    wanted = {"name": name, "color": color, "type": type, "description": description}
    check_settings(wanted)
    if slug:
        _check_slug(slug)
    try:
        with transaction.atomic():
            _take_turn(project)
            taken = set(Goal.objects.filter(project=project).values_list("slug", flat=True))
            _check_count(len(taken), project)
            goal = Goal(project=project, slug=slug or free_slug(name, taken | _RESERVED), **wanted)
            goal.save(force_insert=True)
            _allow(goal, _projects(allowed_projects))
            record(actor=actor, verb="create_goal", target=goal, after=_as_audited(goal))
    except IntegrityError:
        raise _slug_taken() from None
    return goal


def update_goal(*, actor: Actor, goal: Goal, if_match: str | None = None, **changes: Any) -> Goal:
    """Change name, slug, color, type, description or allowed_projects. The type stays once anything was counted.

    With `if_match` raises StaleError when the settings are others by now. Raises UserError, ConflictError,
    NotFoundError, PermissionDenied.
    """
    require_edit(actor, goal.project)
    if unknown := changes.keys() - {*_SETTINGS, "allowed_projects"}:
        raise TypeError(f"cannot change {sorted(unknown)}")
    check_settings(changes)
    try:
        with transaction.atomic():
            # Projects before goals, as increments and deletions of projects lock them.
            projects = _projects(changes.get("allowed_projects", ()))
            goal = locked(goal)
            check_if_match(if_match, goal.etag)
            before = _as_audited(goal)
            _change(goal, changes)
            if "allowed_projects" in changes:
                _allow(goal, projects)
            record(actor=actor, verb="update_goal", target=goal, before=before, after=_as_audited(goal))
    except IntegrityError:
        raise _slug_taken() from None
    return goal


def delete_goal(*, actor: Actor, goal: Goal, confirm: str = "", if_match: str | None = None) -> None:
    """Delete a goal with all that it counted; where that is something, `confirm` has to be its slug.

    Raises UserError, NotFoundError, StaleError, PermissionDenied.
    """
    require_edit(actor, goal.project)
    with transaction.atomic():
        goal = locked(goal)
        check_if_match(if_match, goal.etag)
        total = _counted(goal, confirm)
        record(actor=actor, verb="delete_goal", target=goal, before={**_as_audited(goal), "total": total})
        goal.delete()


def reset_goal(*, actor: Actor, goal: Goal, confirm: str = "") -> Goal:
    """Begin to count at 0 again, on all days and for all projects; where anything was counted, `confirm` has to be
    the goal's slug. The audit keeps the sum.

    Raises UserError, NotFoundError, PermissionDenied.
    """
    require_edit(actor, goal.project)
    with transaction.atomic():
        goal = locked(goal)
        total = _counted(goal, confirm)
        GoalValue.objects.filter(goal=goal).delete()
        record(actor=actor, verb="reset_goal", target=goal, before={"total": total}, after={"total": 0})
    return goal


def locked(goal: Goal) -> Goal:
    """The present row, locked against increments too. Raises NotFoundError where it is gone."""
    found = Goal.objects.select_related("project").select_for_update(of=("self",)).filter(pk=goal.pk).first()
    if found is None:
        raise NotFoundError("goal_not_found", _("This goal was deleted."))
    return found


def check_settings(wanted: Mapping[str, Any]) -> None:
    """Raises UserError for the first value that cannot be taken."""
    name = wanted.get("name")
    if name is not None and not 1 <= len(name.strip()) <= NAME_LENGTH:
        raise UserError("name_invalid", _("A name holds 1 to 100 characters."), pointer="/name")
    for key, known, code in (
        ("color", ("", *Color.values), "color_unknown"),
        ("type", GoalType.values, "goal_type_unknown"),
    ):
        if wanted.get(key, known[0]) not in known:
            message = _("Choose one of: {choices}.").format(choices=", ".join(filter(None, known)))
            raise UserError(code, message, pointer=f"/{key}")
    if len(wanted.get("description", "")) > DESCRIPTION_LENGTH:
        message = _("A description holds at most 2000 characters.")
        raise UserError("description_too_long", message, pointer="/description")


def _change(goal: Goal, changes: Mapping[str, Any]) -> None:
    """Raises UserError, ConflictError, IntegrityError for a slug that is taken."""
    if changes.get("slug", goal.slug) != goal.slug:
        _check_slug(changes["slug"])
    if changes.get("type", goal.type) != goal.type and goal.values.exists():
        message = _("The type stays while the goal holds what was counted; reset it first.")
        raise ConflictError("goal_has_values", message, pointer="/type")
    for key in changes.keys() & set(_SETTINGS):
        setattr(goal, key, changes[key])
    goal.revision += 1
    goal.save()


def _projects(wanted: Iterable[UUID]) -> list[Project]:
    """The projects of these ids, locked: one that is deleted meanwhile would fail only at the commit.

    Raises UserError for one that is not there.
    """
    keys = list(dict.fromkeys(wanted))
    if len(keys) > ALLOWED_PROJECTS:
        message = _("At most 1000 projects can be listed.")
        raise UserError("allowed_projects_too_many", message, pointer="/allowed_projects")
    found = {
        project.pk: project
        for project in Project.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    }
    for index, key in enumerate(keys):
        if key not in found:
            message = _("There is no such project.")
            raise UserError("project_unknown", message, pointer=f"/allowed_projects/{index}")
    return list(found.values())


def _allow(goal: Goal, projects: Sequence[Project]) -> None:
    """Make these the projects that may count the goal. Raises UserError for a goal of a project."""
    if projects and goal.project is not None:
        message = _("A goal of a project is counted by that project alone.")
        raise UserError("goal_not_global", message, pointer="/allowed_projects")
    goal.allowed_projects.set(projects)


def _counted(goal: Goal, confirm: str) -> int:
    """The goal's sum; raises UserError where anything would be lost and the confirmation is missing."""
    if goal.values.exists() and confirm != goal.slug:
        message = _("What was counted would be lost. Send the goal's slug as confirmation: {slug}.").format(
            slug=goal.slug
        )
        raise UserError("confirmation_missing", message, pointer="/slug")
    return GoalValue.objects.filter(goal=goal).total()


def _check_slug(slug: str) -> None:
    check_slug(slug)
    if slug in _RESERVED:
        raise UserError("slug_reserved", _("This slug means something else in addresses."), pointer="/slug")


def _check_count(count: int, project: Project | None) -> None:
    if count >= (GLOBAL_GOALS if project is None else PROJECT_GOALS):
        message = _("A project holds at most 100 goals, and there are at most 1000 global ones.")
        raise UserError("goals_too_many", message)


def _take_turn(project: Project | None) -> None:
    """Creations in one project wait for one another, or two of them could pass the limit together."""
    if project is None:
        return
    if not Project.objects.select_for_update(no_key=True).filter(pk=project.pk).exists():
        raise NotFoundError("project_not_found", _("There is no such project."))


def _as_audited(goal: Goal) -> dict[str, Any]:
    allowed = sorted(str(key) for key in goal.allowed_projects.values_list("pk", flat=True))
    return {**{key: getattr(goal, key) for key in _SETTINGS}, "allowed_projects": allowed}


def _slug_taken() -> ConflictError:
    return ConflictError("slug_taken", _("This slug is taken."), pointer="/slug")
