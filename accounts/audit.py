"""The audit's pen."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model

from accounts.models import AuditEntry, User
from accounts.permissions import Actor


@dataclass(frozen=True)
class Origin:
    """Where a change comes from: set for each request by the middleware."""

    ip: str | None = None
    request_id: str = ""


_NOWHERE = Origin()
origin: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)  # noqa: B039  (frozen)


def record(
    *,
    actor: Actor,
    verb: str,
    target: Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    ip: str | None = None,
    project: UUID | None = None,
) -> AuditEntry:
    """Write who did what, inside the caller's transaction. `before` and `after` must hold no secrets.

    Where both are given, only what differs is kept. The entry belongs to `project`, or to the one that the target is
    or names by `project_id`.
    """
    if before is not None and after is not None:
        changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        before = {key: before[key] for key in changed if key in before}
        after = {key: after[key] for key in changed if key in after}
    where = origin.get()
    return AuditEntry.objects.create(
        actor=actor if isinstance(actor, User) else None,
        actor_label=str(actor)[:254],
        verb=verb,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        target_label=str(target)[:254],
        project_id=project or _project_of(target),
        before=_plain(before),
        after=_plain(after),
        ip=ip or where.ip,
        request_id=where.request_id,
    )


def _project_of(target: Model) -> UUID | None:
    """The id of the project that a target is or belongs to, as far as it says so itself; asks no query."""
    if target._meta.label_lower == "projects.project":
        key: UUID = target.pk
        return key
    named = getattr(target, "project_id", None)
    return named if isinstance(named, UUID) else None


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Values as JSON can hold them."""
    if values is None:
        return None
    simple = (str, int, float, bool, list, dict, type(None))
    encode = DjangoJSONEncoder().default
    return {key: value if isinstance(value, simple) else encode(value) for key, value in values.items()}
