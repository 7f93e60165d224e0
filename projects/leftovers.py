"""What deleted projects may leave on disk: a kill between the commit and the removal of files must not keep them."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from projects.models import Project
from projects.slugs import as_id

log = logging.getLogger(__name__)

# Yields paths that belong to no project, and are removed with all below them.
Finder: TypeAlias = Callable[[], Iterable[Path]]

# A folder may be there before its project is committed, as in an import.
GRACE = 3600.0
FORGOTTEN = 24 * 3600.0

_finders: dict[str, Finder] = {}


def register(name: str, finder: Finder) -> None:
    """A second finder of one name raises ValueError."""
    if _finders.setdefault(name, finder) is not finder:
        raise ValueError(f"finder '{name}' is registered twice")


def find() -> Iterator[Path]:
    """Everything that is left of projects that are no more."""
    for name in sorted(_finders):
        yield from _finders[name]()


def remove() -> list[Path]:
    """Remove it; the paths that are gone. What cannot be removed is logged and left for the next time."""
    gone = []
    for path in find():
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s is left of a deleted project and cannot be removed: %s", path, error)
        else:
            gone.append(path)
    return gone


def folders_of_nobody(root: Path) -> list[Path]:
    """Folders below `root`, named by ids of projects, whose project is no more. One query."""
    named = {key: path for path in _entries(root) if (key := as_id(path.name)) and _is_old(path, GRACE)}
    known = set(Project.objects.filter(pk__in=named).values_list("pk", flat=True)) if named else set()
    return sorted(path for key, path in named.items() if key not in known)


def forgotten_files(root: Path) -> list[Path]:
    """Temporary files that nobody writes or reads any more: whoever made them was killed."""
    return sorted(path for path in _entries(root) if _is_old(path, FORGOTTEN))


def sockets_of_nobody(root: Path, grace: float = 60.0) -> list[Path]:
    """Sockets below `root`, named by slugs, whose project is no more. One query."""
    named = {path.name: path for path in _entries(root) if path.is_socket() and _is_old(path, grace)}
    named = {name: path for name, path in named.items() if not name.startswith(".")}
    known = set(Project.objects.filter(slug__in=named).values_list("slug", flat=True)) if named else set()
    return sorted(path for slug, path in named.items() if slug not in known)


def _entries(root: Path) -> list[Path]:
    try:
        return list(root.iterdir())
    except FileNotFoundError:
        return []


def _is_old(path: Path, seconds: float) -> bool:
    try:
        return path.lstat().st_mtime < time.time() - seconds
    except FileNotFoundError:
        return False
