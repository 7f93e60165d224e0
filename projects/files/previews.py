"""Small pictures of images, made once for each content and kept beside the project's files."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from uuid import UUID

from django.conf import settings

from accounts.errors import UserError
from accounts.images import thumbnail
from projects.files import errors
from projects.files.media import PREVIEWED
from projects.files.project_files import ProjectFiles
from projects.files.store import Entry
from projects.files.trees import new_name
from projects.limits import PREVIEWED_BYTES

SIZE = (50, 50)
CONTENT_TYPE = "image/webp"


def has_preview(entry: Entry) -> bool:
    """Whether it is worth asking for one."""
    return not entry.is_dir and entry.mime_type in PREVIEWED and 0 < entry.size <= PREVIEWED_BYTES


def preview(project_id: UUID, entry: Entry) -> bytes:
    """The preview of an image as WebP. Raises UserError, `preview_impossible` for what is no readable image."""
    if not has_preview(entry):
        raise errors.no_preview()
    kept = _folder(project_id) / hashlib.sha256(f"{entry.path}\n{entry.etag}".encode()).hexdigest()
    try:
        made = kept.read_bytes()
    except FileNotFoundError:
        made = _make(project_id, entry)
        _keep(kept, made)
    if not made:
        raise errors.no_preview()
    return made


def sweep_previews(project_id: UUID, before: float) -> None:
    """Forget those that were made before that time; whoever asks gets a new one."""
    for file in _folder(project_id).glob("*"):
        try:
            if file.stat().st_mtime < before:
                file.unlink()
        except FileNotFoundError:
            continue


def _make(project_id: UUID, entry: Entry) -> bytes:
    """Nothing for an image that cannot be read, which is kept too: trying again costs a process each time."""
    _found, data = ProjectFiles(project_id).read(entry.path, PREVIEWED_BYTES)
    try:
        return thumbnail(data, SIZE, format="WEBP")
    except UserError as error:
        if error.status >= 500:
            raise
        return b""


def _keep(kept: Path, data: bytes) -> None:
    """A full disk costs a preview its place in the cache, no more."""
    draft = kept.with_name(f"{new_name()}.tmp")
    try:
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_bytes(data)
        os.replace(draft, kept)
    except OSError:
        draft.unlink(missing_ok=True)


def _folder(project_id: UUID) -> Path:
    return Path(settings.STORAGE_ROOT) / str(project_id) / "previews"
