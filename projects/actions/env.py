"""A project's environment. What is audited is keys and types, never values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts.audit import record
from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.etags import check_if_match
from accounts.permissions import Actor
from projects.choices import EnvType
from projects.env_values import check_key, check_value
from projects.limits import ENV_VARIABLES
from projects.models import EnvVar, Project
from projects.permissions import Right, require
from projects.signals import env_changed

# Stands for a value that is left out: a secret keeps the one it has.
KEEP: Any = object()


@dataclass(frozen=True)
class Variable:
    """A variable as somebody wants it. Its repr holds no value."""

    key: str
    type: str = EnvType.STRING
    value: Any = field(default=KEEP, repr=False)


def replace_env(
    *,
    actor: Actor,
    project: Project,
    variables: Sequence[Variable | Mapping[str, Any]],
    if_match: str | None = None,
) -> list[EnvVar]:
    """Make these, in this order, the project's variables; others go. Raises UserError; the rest is untouched then.

    Secrets given without a value, or with None, keep the one they have. Sends env_changed after the commit.
    """
    wanted = [item if isinstance(item, Variable) else Variable(**item) for item in variables]
    _check_keys(wanted)
    with change_env(actor, project, "replace_env", if_match) as present:
        kept = []
        for position, item in enumerate(wanted):
            variable = present.get(item.key) or EnvVar(project=project, key=item.key)
            put_env(variable, item, f"/{position}/value")
            variable.position = position
            variable.save()
            kept.append(variable)
        EnvVar.objects.filter(project=project).exclude(key__in=[item.key for item in wanted]).delete()
    return kept


def create_env(*, actor: Actor, project: Project, variable: Variable, if_match: str | None = None) -> EnvVar:
    """Add one variable at the end. Raises UserError, ConflictError for a key that is there."""
    check_key(variable.key)
    with change_env(actor, project, "create_env", if_match) as present:
        if variable.key in present:
            raise ConflictError("env_key_taken", _("This variable is there already."), pointer="/key")
        if len(present) >= ENV_VARIABLES:
            raise too_many_env()
        last = EnvVar.objects.filter(project=project).aggregate(last=Max("position"))["last"]
        created = EnvVar(project=project, key=variable.key, position=0 if last is None else last + 1)
        put_env(created, variable, "/value")
        created.save()
    return created


def update_env(
    *, actor: Actor, project: Project, key: str, variable: Variable, if_match: str | None = None
) -> EnvVar:
    """Change type, value or key of one variable. Raises UserError, NotFoundError, ConflictError."""
    check_key(variable.key)
    with change_env(actor, project, "update_env", if_match) as present:
        changed = require_env(present, key)
        if variable.key != key and variable.key in present:
            raise ConflictError("env_key_taken", _("This variable is there already."), pointer="/key")
        if variable.value in (KEEP, None) and changed.is_secret and variable.type == EnvType.SECRET:
            variable = Variable(
                variable.key, variable.type, changed.open()
            )  # the seal holds for one key only
        changed.key = variable.key
        put_env(changed, variable, "/value")
        changed.save()
    return changed


def delete_env(*, actor: Actor, project: Project, key: str, if_match: str | None = None) -> None:
    """Raises NotFoundError."""
    with change_env(actor, project, "delete_env", if_match) as present:
        require_env(present, key).delete()


@contextmanager
def change_env(
    actor: Actor, project: Project, verb: str, if_match: str | None = None
) -> Iterator[dict[str, EnvVar]]:
    """One change of the environment: permission, transaction, audit and message around it; yields what is there.

    Raises StaleError where `if_match` names an older environment. `project` gets the new `env_revision`.
    """
    require(actor, project, Right.WORK)
    with transaction.atomic():
        # Changes of one project take turns, or two of them could pass the limit of variables together.
        locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        check_if_match(if_match, locked.env_etag)
        present = {variable.key: variable for variable in EnvVar.objects.filter(project=project)}
        before = {variable.key: variable.type for variable in present.values()}
        yield present
        after = dict(EnvVar.objects.filter(project=project).values_list("key", "type"))
        project.env_revision = locked.env_revision + 1
        Project.objects.filter(pk=project.pk).update(env_revision=project.env_revision)
        record(actor=actor, verb=verb, target=project, before={"keys": before}, after={"keys": after})
        transaction.on_commit(partial(env_changed.send_robust, sender=Project, project=project))


@sensitive_variables()
def put_env(variable: EnvVar, wanted: Variable, pointer: str) -> None:
    """Give a variable type and value, checked; the caller saves. Raises UserError that points to `pointer`."""
    if wanted.type not in EnvType.values:
        raise UserError(
            "env_type_unknown", _("There is no such type."), pointer=pointer.replace("value", "type")
        )
    if wanted.value is KEEP or (wanted.value is None and wanted.type == EnvType.SECRET):
        if not (variable.pk and variable.is_secret and wanted.type == EnvType.SECRET):
            raise UserError("env_value_missing", _("A value is needed."), pointer=pointer)
        return
    variable.type = wanted.type
    variable.put(check_value(wanted.type, wanted.value, pointer))


def _check_keys(wanted: Sequence[Variable]) -> None:
    if len(wanted) > ENV_VARIABLES:
        raise too_many_env()
    seen: set[str] = set()
    for position, item in enumerate(wanted):
        check_key(item.key, f"/{position}/key")
        if item.key in seen:
            raise UserError("env_key_twice", _("This key is there twice."), pointer=f"/{position}/key")
        seen.add(item.key)


def require_env(present: Mapping[str, EnvVar], key: str) -> EnvVar:
    """Raises NotFoundError."""
    if key not in present:
        raise NotFoundError("env_not_found", _("There is no such variable."))
    return present[key]


def too_many_env() -> UserError:
    """There would be more variables than a project holds."""
    return UserError("env_too_many", _("A project holds at most 64 variables."))
