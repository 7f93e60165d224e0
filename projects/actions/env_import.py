"""A pasted `.env` text becomes variables, and a value that is kept from people is shown to the owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts.audit import record
from accounts.errors import ConflictError, UserError
from accounts.permissions import Actor
from projects.actions.env import Variable, change_env, put_env, require_env, too_many_env
from projects.choices import EnvType
from projects.env_text import Assignment, Fault, parse_env, refuse_lines
from projects.limits import ENV_VARIABLES
from projects.models import EnvVar, Project
from projects.permissions import Right, require
from projects.sealing import SealError


@dataclass(frozen=True)
class EnvChanges:
    """Keys by what an import does to them."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)


class _DryRunError(Exception):
    """Rolls everything back once it is known what would have been."""


@sensitive_variables()
def import_env(
    *,
    actor: Actor,
    project: Project,
    text: str,
    replace: bool = False,
    secret: bool = False,
    dry_run: bool = False,
    if_match: str | None = None,
) -> EnvChanges:
    """Put the assignments of a `.env` text into the environment; all or, with `dry_run`, none of them.

    Variables that are there keep their type, new ones are string, text where there are several lines, or secret
    where all of them are. With `replace` others go. Raises UserError, StaleError.
    """
    assignments = parse_env(text)
    changes = EnvChanges()
    try:
        with change_env(actor, project, "import_env", if_match) as present:
            _apply(project, present, assignments, secret, changes)
            if replace:
                _delete_others(project, present, assignments, changes)
            if EnvVar.objects.filter(project=project).count() > ENV_VARIABLES:
                raise too_many_env()
            if dry_run:
                raise _DryRunError
    except _DryRunError:
        project.refresh_from_db(fields=["env_revision"])
    return changes


def reveal_env(*, actor: Actor, project: Project, key: str) -> object:
    """The value of a variable, secret or not, with an audit entry. Owner only. Raises NotFoundError, UserError."""
    require(actor, project, Right.OWN)
    with transaction.atomic():
        variable = require_env({one.key: one for one in EnvVar.objects.filter(project=project)}, key)
        record(actor=actor, verb="reveal_env", target=project, after={"key": key})
        try:
            return variable.open()
        except SealError:
            raise unreadable_env() from None


def unreadable_env() -> UserError:
    """A value was sealed under another encryption key than the platform has now."""
    return ConflictError(
        "env_unreadable", _("This value was sealed under another encryption key; set it again.")
    )


@sensitive_variables()
def _apply(
    project: Project,
    present: Mapping[str, EnvVar],
    assignments: list[Assignment],
    secret: bool,
    changes: EnvChanges,
) -> None:
    position = max((variable.position for variable in present.values()), default=-1)
    for item in assignments:
        variable = present.get(item.key)
        if variable is None:
            position += 1
            variable = EnvVar(project=project, key=item.key, position=position)
            kind, told = _type_of(item.value, secret), changes.created
        else:
            kind, told = variable.type, changes.updated
        before = _value(variable) if variable.pk else None
        try:
            put_env(variable, Variable(item.key, kind, item.value), "/text")
        except UserError as error:
            raise refuse_lines([Fault(item.line, str(error))]) from None
        if variable.pk and before == _value(variable):
            changes.unchanged.append(item.key)
            continue
        variable.save()
        told.append(item.key)


def _type_of(value: str, secret: bool) -> str:
    if secret:
        return EnvType.SECRET
    return EnvType.TEXT if "\n" in value or "\r" in value else EnvType.STRING


@sensitive_variables()
def _value(variable: EnvVar) -> object:
    """The value, or something that equals none where it cannot be opened."""
    try:
        return variable.open()
    except SealError:
        return object()


def _delete_others(
    project: Project, present: Mapping[str, EnvVar], assignments: list[Assignment], changes: EnvChanges
) -> None:
    named = {item.key for item in assignments}
    changes.deleted.extend(key for key in present if key not in named)
    EnvVar.objects.filter(project=project, key__in=changes.deleted).delete()
