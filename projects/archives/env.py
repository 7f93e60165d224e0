"""The environment in an archive: variables in their order, secrets without their values."""

from __future__ import annotations

from typing import Any

from projects.archives.manifest import invalid_archive
from projects.choices import EnvType
from projects.models import EnvVar, Project
from projects.parts import ArchiveReader, ArchiveWriter

PART = "env"
_FILE = "variables.json"


def dump_env(project: Project, archive: ArchiveWriter) -> None:
    """One query. Raises SealError under another encryption key."""
    rows: list[dict[str, object]] = []
    for variable in EnvVar.objects.filter(project=project):
        row: dict[str, object] = {"key": variable.key, "type": variable.type}
        if not variable.is_secret:
            row["value"] = variable.open()
        rows.append(row)
    archive.put_json(_FILE, rows)


def read_env(archive: ArchiveReader) -> tuple[list[dict[str, Any]], list[str]]:
    """The variables that have values, and the keys of the secrets, which have none. Raises UserError."""
    rows = archive.get_json(_FILE, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise invalid_archive("env")
    variables, missing = [], []
    for row in rows:
        key, kind = row.get("key"), row.get("type")
        if not isinstance(key, str) or kind not in EnvType.values:
            raise invalid_archive("env")
        if kind == EnvType.SECRET:
            missing.append(key)
        else:
            variables.append({"key": key, "type": kind, "value": row.get("value")})
    return variables, missing
