"""Direct links: what lets whoever has them read one file."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.authentication import digest
from accounts.errors import NotFoundError, UserError
from accounts.models import User
from accounts.permissions import Actor
from projects.files import errors
from projects.files.project_files import ProjectFiles
from projects.limits import FILE_LINKS
from projects.models import FileLink, Project
from projects.permissions import Right, require

LONGEST = timedelta(days=3660)


def create_file_link(
    *,
    actor: Actor,
    project: Project,
    path: str,
    expires_in: timedelta | None = None,
    download: bool = False,
) -> tuple[FileLink, str]:
    """A link to the file at a path, and its token, which is kept nowhere. Raises UserError, NotFoundError.

    It belongs to the path: another file put there is what it leads to, and none once there is none.
    """
    require(actor, project, Right.WORK)
    entry = ProjectFiles(project.pk).stat(path)
    if entry.is_dir:
        raise errors.is_folder()
    token = secrets.token_urlsafe(16)
    with transaction.atomic():
        # Links of one project are made in turn, or two of them could pass the limit together.
        Project.objects.lock(project.pk)
        if FileLink.objects.living().filter(project=project).count() >= FILE_LINKS:
            message = _("A project has at most 1000 direct links; revoke some.")
            raise UserError("links_too_many", message)
        link = FileLink.objects.create(
            project=project,
            path=entry.path,
            digest=digest(token),
            download=download,
            expires_at=_end(expires_in),
            created_by=actor if isinstance(actor, User) else None,
        )
        record(actor=actor, verb="create_file_link", target=link, after=_shown(link))
    return link, token


def delete_file_link(*, actor: Actor, project: Project, link_id: UUID) -> None:
    """The link answers 404 from now on. Raises NotFoundError."""
    require(actor, project, Right.WORK)
    with transaction.atomic():
        link = FileLink.objects.filter(project=project, pk=link_id).first()
        if link is None:
            raise NotFoundError("link_not_found", _("There is no such link."))
        record(actor=actor, verb="delete_file_link", target=link, before=_shown(link))
        link.delete()


def _end(expires_in: timedelta | None) -> datetime | None:
    if expires_in is None:
        return None
    if not timedelta(seconds=1) <= expires_in <= LONGEST:
        message = _("A link lives between a second and ten years.")
        raise UserError("expiry_invalid", message, pointer="/expires_in")
    return timezone.now() + expires_in


def _shown(link: FileLink) -> dict[str, object]:
    return {"path": link.path, "download": link.download, "expires_at": link.expires_at}
