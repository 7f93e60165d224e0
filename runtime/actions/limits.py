"""Limits that staff set for one project. A live sandbox keeps the ones it was started with."""

from __future__ import annotations

import math

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.errors import NotFoundError, UserError
from accounts.permissions import Actor
from projects.models import Project
from runtime.models import LimitOverride
from runtime.models.limit import NAMES


def set_limit(*, actor: Actor, project: Project, name: str, value: float) -> LimitOverride:
    """Give a project another limit at its next start. Root only. Raises PermissionDenied, UserError."""
    _require_root(actor)
    if name not in dict(NAMES):
        raise UserError("limit_unknown", _("There is no such limit."), pointer="/name")
    if not (value > 0 and math.isfinite(value)):
        raise UserError("limit_invalid", _("A limit is a number above zero."), pointer="/value")
    with transaction.atomic():
        Project.objects.lock(project.pk)
        old = LimitOverride.objects.filter(project=project, name=name).first()
        limit, _created = LimitOverride.objects.update_or_create(
            project=project, name=name, defaults={"value": value}
        )
        before = {name: old.value if old else None}
        record(actor=actor, verb="set_limit", target=project, before=before, after={name: value})
    return limit


def delete_limit(*, actor: Actor, project: Project, name: str) -> None:
    """Give a project the platform's own limit back. Root only. Raises PermissionDenied, NotFoundError."""
    _require_root(actor)
    with transaction.atomic():
        limit = LimitOverride.objects.filter(project=project, name=name).first()
        if limit is None:
            raise NotFoundError("limit_not_found", _("The project has no such limit of its own."))
        limit.delete()
        record(actor=actor, verb="delete_limit", target=project, before={name: limit.value})


def _require_root(actor: Actor) -> None:
    if not actor.sees_everything:
        raise PermissionDenied(_("Only the root sets limits."))
