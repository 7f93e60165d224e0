"""What deleted projects may leave on disk: a kill between the commit and the removal of files must not keep them."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

from django.utils import timezone

from projects.models import Project, Remains

log = logging.getLogger(__name__)

# Where a project of that id and slug may have left something, be it there or not.
Finder: TypeAlias = Callable[[UUID, str], Iterable[Path]]

FORGOTTEN = 24 * 3600.0

_finders: dict[str, Finder] = {}
_temporary: set[Path] = set()


def register(name: str, finder: Finder) -> None:
    """A second finder of one name raises ValueError."""
    if _finders.setdefault(name, finder) is not finder:
        raise ValueError(f"finder '{name}' is registered twice")


def register_temporary(folder: Path) -> None:
    """A folder of temporary files, of which those that nobody touched for a day go."""
    _temporary.add(folder)


def find() -> Iterator[Path]:
    """Everything there is of projects that are no more, and what killed processes forgot."""
    for row in Remains.objects.due(timezone.now()):
        for name in sorted(_finders):
            yield from (path for path in _finders[name](row.project_id, row.slug) if _exists(path))
    for folder in sorted(_temporary):
        yield from _forgotten(folder)


def remove() -> list[Path]:
    """Remove it; the paths that are gone. What cannot be removed is logged and left for the next time."""
    now = timezone.now()
    gone, failed = [], False
    for path in find():
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s is left of a deleted project and cannot be removed: %s", path, error)
            failed = True
        else:
            gone.append(path)
    if not failed:
        Remains.objects.over(now).delete()
    return gone


def folder_of(root: Path) -> Finder:
    """Finds the folder below `root` that is named by the project's id."""
    return lambda key, _slug: [root / str(key)]


def socket_in(root: Path) -> Finder:
    """Finds the socket in `root` that is named by the slug, unless another project has that slug now."""

    def find_socket(_key: UUID, slug: str) -> list[Path]:
        path = root / slug
        taken = not slug or not path.is_socket() or Project.objects.filter(slug=slug).exists()
        return [] if taken else [path]

    return find_socket


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _forgotten(folder: Path) -> list[Path]:
    old = time.time() - FORGOTTEN
    try:
        return sorted(path for path in folder.iterdir() if path.lstat().st_mtime < old)
    except FileNotFoundError:
        return []
