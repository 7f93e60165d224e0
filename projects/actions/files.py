"""A project's files. What is audited is paths, never what is in the files.

Files and database are no one transaction. A file is finished and durable before anybody sees it, becomes visible by one
step, and is counted and audited after that: killed in between, nothing that was acknowledged is lost, and what is left
is a temporary file or a figure, which `sweep_storage` mends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from accounts.audit import record
from accounts.errors import NotFoundError
from accounts.etags import StaleError
from accounts.permissions import Actor
from projects.files import errors
from projects.files.project_files import ProjectFiles, Upload
from projects.files.store import Entry
from projects.limits import TEXT_FILE_BYTES
from projects.models import Project
from projects.names import check_path
from projects.permissions import Right, require


def create_folder(*, actor: Actor, project: Project, path: str) -> Entry:
    """Make a folder, with those above it. Raises ConflictError when something is there."""
    require(actor, project, Right.WORK)
    entry = ProjectFiles(project.pk).mkdir(path)
    _audit(actor, project, "create_folder", path=entry.path)
    return entry


def begin_upload(*, actor: Actor, project: Project, size: int = 0) -> Upload:
    """A file to be written piece by piece, about so large where that is known; `store_upload` ends it.

    Raises UserError when so much cannot be taken.
    """
    require(actor, project, Right.WORK)
    return ProjectFiles(project.pk).upload(size)


def check_room(*, actor: Actor, project: Project, size: int) -> None:
    """Raises UserError when so many bytes cannot be taken, however they are divided into files."""
    require(actor, project, Right.WORK)
    figures = ProjectFiles(project.pk).figures()
    if size > max(figures.limit - figures.used, 0):
        raise errors.limit_reached()


def store_upload(
    *,
    actor: Actor,
    project: Project,
    upload: Upload,
    path: str,
    overwrite: bool = False,
    if_match: str | None = None,
) -> Entry:
    """Put an upload at its path. Raises ConflictError, StaleError."""
    require(actor, project, Right.WORK)
    entry = upload.keep(path, overwrite=overwrite, if_match=if_match)
    _audit(actor, project, "upload_file", path=entry.path)
    return entry


def store_uploads(
    *, actor: Actor, project: Project, uploads: Sequence[tuple[str, Upload]], overwrite: bool = False
) -> list[Entry]:
    """Put several uploads at their paths; where one of them cannot be, all are refused. Raises ConflictError."""
    require(actor, project, Right.WORK)
    files = ProjectFiles(project.pk)
    paths = [check_path(path) for path, _upload in uploads]
    if len(set(paths)) < len(paths):
        raise errors.exists()
    for path in paths:
        files.check_free(path, overwrite=overwrite)
    return [
        store_upload(actor=actor, project=project, upload=upload, path=path, overwrite=overwrite)
        for path, upload in uploads
    ]


def store_file(
    *, actor: Actor, project: Project, path: str, chunks: Iterable[bytes], overwrite: bool = False
) -> Entry:
    """Write a whole file out of a stream. Raises UserError, ConflictError."""
    with begin_upload(actor=actor, project=project) as upload:
        for chunk in chunks:
            upload.write(chunk)
        return store_upload(actor=actor, project=project, upload=upload, path=path, overwrite=overwrite)


def create_text_file(*, actor: Actor, project: Project, path: str, content: str = "") -> Entry:
    """A new text file of at most 2 MB. Raises ConflictError when something is there."""
    require(actor, project, Right.WORK)
    entry = ProjectFiles(project.pk).write_stream(path, [_text_bytes(content)])
    _audit(actor, project, "create_file", path=entry.path)
    return entry


def update_text_file(
    *, actor: Actor, project: Project, path: str, content: str, if_match: str | None = None
) -> Entry:
    """Replace the content of a file that is there. Raises StaleError whose `extra["newer"]` has what is there now."""
    require(actor, project, Right.WORK)
    files, data = ProjectFiles(project.pk), _text_bytes(content)
    path = check_path(path)
    if files.stat(path).is_dir:
        raise errors.is_folder()
    try:
        entry = files.write_stream(path, [data], overwrite=True, if_match=if_match)
    except StaleError as error:
        error.extra["newer"] = _newer(files, path)
        raise
    _audit(actor, project, "update_file", path=entry.path)
    return entry


def move_file(*, actor: Actor, project: Project, path: str, new_path: str, overwrite: bool = False) -> Entry:
    """Move or rename a file or folder. Links to its old path lead nowhere then. Raises ConflictError."""
    require(actor, project, Right.WORK)
    entry = ProjectFiles(project.pk).move(path, new_path, overwrite=overwrite)
    _audit(actor, project, "move_file", path=check_path(path), new_path=entry.path)
    return entry


def copy_file(*, actor: Actor, project: Project, path: str, new_path: str, overwrite: bool = False) -> Entry:
    """Copy a file, or a folder with all that is in it. Raises ConflictError."""
    require(actor, project, Right.WORK)
    entry = ProjectFiles(project.pk).copy(path, new_path, overwrite=overwrite)
    _audit(actor, project, "copy_file", path=check_path(path), new_path=entry.path)
    return entry


def delete_file(*, actor: Actor, project: Project, path: str, recursive: bool = False) -> None:
    """Delete a file, an empty folder, or with `recursive` one with all that is in it. Raises ConflictError."""
    require(actor, project, Right.WORK)
    ProjectFiles(project.pk).delete(path, recursive=recursive)
    _audit(actor, project, "delete_file", path=check_path(path))


def _newer(files: ProjectFiles, path: str) -> dict[str, Any] | None:
    """What is at the path now; None when that is nothing, or no text."""
    try:
        entry, content = files.read_text(path)
    except NotFoundError:
        return None
    return {"path": entry.path, "content": content, "etag": entry.etag, "updated_at": entry.updated_at}


def _text_bytes(content: str) -> bytes:
    data = content.encode("utf-8", "replace")
    if len(data) > TEXT_FILE_BYTES:
        raise errors.file_too_large()
    return data


def _audit(actor: Actor, project: Project, verb: str, **paths: str) -> None:
    record(actor=actor, verb=verb, target=project, after=paths)
