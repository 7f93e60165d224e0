"""The API key of a project."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts.audit import record
from accounts.authentication import digest
from accounts.errors import NotFoundError
from accounts.models import User
from accounts.permissions import Actor
from projects.keys import new_key, prefix_of
from projects.models import ApiKey, Project
from projects.permissions import Right, require


@sensitive_variables("text")
def regenerate_key(*, actor: Actor, project: Project) -> str:
    """A new key, told this once; the one before counts no more. Owner only. Raises PermissionDenied."""
    require(actor, project, Right.OWN)
    text = new_key()
    with transaction.atomic():
        before = _end_key(project)
        made = ApiKey.objects.create(
            project=project,
            prefix=prefix_of(text) or "",
            digest=digest(text),
            created_by=actor if isinstance(actor, User) else None,
        )
        record(
            actor=actor,
            verb="regenerate_key",
            target=project,
            before={"prefix": before},
            after={"prefix": made.prefix},
        )
    return text


def revoke_key(*, actor: Actor, project: Project) -> None:
    """The key counts no more. Owner only. Raises NotFoundError where there is none, PermissionDenied."""
    require(actor, project, Right.OWN)
    with transaction.atomic():
        before = _end_key(project)
        if before is None:
            raise NotFoundError("api_key_not_found", _("The project has no API key."))
        record(actor=actor, verb="revoke_key", target=project, before={"prefix": before})


def _end_key(project: Project) -> str | None:
    """Delete the key; its prefix. Calls for one project take turns."""
    Project.objects.lock(project.pk)
    key = ApiKey.objects.filter(project=project).first()
    if key is None:
        return None
    key.delete()
    return key.prefix
