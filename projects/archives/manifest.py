"""The first file of an archive: what it is, and the project's own settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import UserError
from projects.models import Project

NAME = "manifest.json"
FORMAT = 1
_KIND = "m3m-project"
_SETTINGS: dict[str, type] = {
    "name": str,
    "slug": str,
    "color": str,
    "auto_start": bool,
    "keep_runs": int,
    "time_zone": str,
}


@dataclass(frozen=True)
class Manifest:
    """`project` holds settings as `create_project` takes them, in their types but not checked further."""

    project: dict[str, Any]
    parts: list[str]


def write_manifest(project: Project, parts: Sequence[str], options: dict[str, bool]) -> dict[str, object]:
    """The manifest of an export made now, as JSON has it."""
    return {
        "kind": _KIND,
        "format": FORMAT,
        "m3m": settings.VERSION,
        "exported_at": timezone.now().isoformat(),
        "options": options,
        "parts": list(parts),
        "project": {name: getattr(project, name) for name in _SETTINGS},
    }


def read_manifest(value: object) -> Manifest:
    """Raises UserError for something else, and for the format of a platform that is newer than this one."""
    if not isinstance(value, dict) or value.get("kind") != _KIND:
        raise invalid_archive(_("it has no manifest of a project"))
    if value.get("format") != FORMAT:
        message = _(
            "This archive was written by another version of M3M ({version}), in a format that is unknown here."
        )
        version = str(value.get("m3m"))[:40]
        raise UserError("archive_format_unknown", message.format(version=version), status=422)
    project, parts = value.get("project"), value.get("parts")
    if not isinstance(project, dict) or not isinstance(parts, list):
        raise invalid_archive(_("its manifest is incomplete"))
    known = {key: project[key] for key in _SETTINGS if key in project}
    if "name" not in known or not all(
        _is_plain(known[key], kind) for key, kind in _SETTINGS.items() if key in known
    ):
        raise invalid_archive(_("its manifest is incomplete"))
    return Manifest(known, [str(part) for part in parts])


def _is_plain(value: object, kind: type) -> bool:
    """Whether a value is exactly of a type, and a text one that every database holds."""
    return type(value) is kind and not (isinstance(value, str) and "\0" in value)


def invalid_archive(reason: str) -> UserError:
    """Something that is no archive of ours, or a damaged one."""
    message = _("This is no archive that can be imported: {reason}.").format(reason=reason)
    return UserError("archive_invalid", message, status=422)
