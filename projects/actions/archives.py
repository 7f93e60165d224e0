"""A whole project as one file, and such a file as a project."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import asdict, dataclass
from typing import IO

from django.conf import settings
from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.errors import UserError
from accounts.models import User
from accounts.permissions import Actor, require_create_projects
from projects import parts
from projects.actions.projects import create_project, free_slug_of
from projects.archives import manifest
from projects.archives.env import PART as ENV
from projects.archives.env import read_env
from projects.archives.manifest import invalid_archive, write_manifest
from projects.archives.reading import Reader
from projects.archives.snapshot import snapshot
from projects.archives.writing import Writer
from projects.models import Project, Remains
from projects.parts import ExportOptions, Part
from projects.permissions import Right, require
from projects.slugs import is_slug

log = logging.getLogger(__name__)

# What a part may stumble over in content that somebody else wrote; everything else is a fault of ours.
_STUMBLES = (
    *(LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError),
    *(DataError, IntegrityError),
)


@dataclass(frozen=True)
class Imported:
    project: Project
    # Keys of secrets, whose values no archive has.
    missing_secrets: list[str]


def export_project(*, actor: Actor, project: Project, options: ExportOptions) -> IO[bytes]:
    """A zip file of what every part says, of one moment; without a name on disk, gone when closed. Owner only.

    Raises UserError where there is more than one archive may hold.
    """
    require(actor, project, Right.OWN)
    target = tempfile.TemporaryFile(dir=settings.TEMPORARY_DIR)  # noqa: SIM115  (the caller closes it)
    try:
        with snapshot(), Writer(target) as archive:
            found = Project.objects.get(pk=project.pk)
            names = [part.name for part in parts.registered()]
            archive.put_json(manifest.NAME, write_manifest(found, names, asdict(options)))
            for part in parts.registered():
                part.dump(found, archive.part(part.name), options)
        with transaction.atomic():
            record(actor=actor, verb="export_project", target=project, after=asdict(options))
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return target


def import_project(
    *, actor: Actor, archive: IO[bytes], name: str = "", slug: str = "", owner: User | None = None
) -> Imported:
    """A new project of the actor, or of `owner` where the system acts, out of an archive; whole or not at all.

    Its slug is `slug`, else that of the archive, with a number where it is taken. Nothing is started. Raises
    UserError, PermissionDenied.
    """
    require_create_projects(actor)
    reader = Reader(archive)
    _check_parts(reader.manifest.parts)
    wanted = {**reader.manifest.project, **({"name": name} if name else {})}
    # Known beforehand: files of an import that does not come to its end are found by it.
    key = Remains.expect()
    with transaction.atomic():
        wanted["slug"] = slug or _slug_for(wanted)
        project = create_project(actor=actor, owner=owner, key=key, **wanted)
        for part in parts.registered():
            _load(part, project, reader, actor)
        missing = read_env(reader.part(ENV))[1]
        Remains.objects.filter(pk=key).delete()
        record(actor=actor, verb="import_project", target=project, after={"missing_secrets": missing})
    project.refresh_from_db()
    return Imported(project, missing)


def _slug_for(project: dict[str, str]) -> str:
    """The archive's own slug where it is free, else one like it. Two imports at once may meet: one gets a conflict."""
    slug = project.get("slug", "")
    return free_slug_of(slug if is_slug(slug) else project["name"])


def _check_parts(named: list[str]) -> None:
    """Raises UserError for a part that nobody here can read: leaving it out would lose it unseen."""
    unknown = sorted(set(named) - {part.name for part in parts.registered()})
    if unknown:
        message = _("The archive has a part that is unknown here: {name}.").format(name=unknown[0][:40])
        raise UserError("archive_part_unknown", message, status=422)


def _load(part: Part, project: Project, reader: Reader, actor: Actor) -> None:
    try:
        with transaction.atomic():
            part.load(project, reader.part(part.name), actor)
    except UserError as error:
        if error.status >= 500:
            raise
        # A value that an action refuses is the archive's fault, not that of a field of this request.
        raise UserError(error.code, f"{part.name}: {error}", status=error.status) from None
    except _STUMBLES:
        log.warning("the part %s of an archive cannot be read", part.name, exc_info=True)
        raise invalid_archive(_("its part {name} cannot be read").format(name=part.name)) from None
