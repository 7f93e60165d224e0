"""What deleted projects may leave: a kill between the commit and the removal of files must not keep them."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Protocol, TypeAlias
from uuid import UUID

from django.utils import timezone

from accounts.errors import UserError
from projects.models import Project, Remains

log = logging.getLogger(__name__)

FORGOTTEN = 24 * 3600.0


class Leftover(Protocol):
    """A thing that a project may have left, wherever it is kept; as text, where that is."""

    def exists(self) -> bool: ...

    def remove(self) -> None:
        """Harmless where somebody else removes it at the same time. Raises OSError, UserError."""


class OnDisk:
    """A folder with all in it, a file, a socket, or a link, which is not followed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def exists(self) -> bool:
        return os.path.lexists(self._path)

    def remove(self) -> None:
        if self._path.is_dir() and not self._path.is_symlink():
            shutil.rmtree(self._path, onerror=_unless_gone)
        else:
            self._path.unlink(missing_ok=True)


# What a project of that id and slug may have left, be it there or not.
Finder: TypeAlias = Callable[[UUID, str], Iterable[Leftover]]

_finders: dict[str, Finder] = {}
_temporary: set[Path] = set()


def register(name: str, finder: Finder) -> None:
    """A second finder of one name raises ValueError."""
    if _finders.setdefault(name, finder) is not finder:
        raise ValueError(f"finder '{name}' is registered twice")


def register_temporary(folder: Path) -> None:
    """A folder of temporary files, of which those that nobody touched for a day go."""
    _temporary.add(folder)


def are_possible() -> bool:
    """Whether it is worth a look; asks nothing that is far away."""
    return Remains.objects.due(timezone.now()).exists() or any(_forgotten(folder) for folder in _temporary)


def remove() -> Iterator[str]:
    """Remove what is left of projects that are no more, and what killed processes forgot; yields what is gone.

    What cannot be removed is logged and left for the next time.
    """
    now = timezone.now()
    for row in Remains.objects.due(now):
        failed = yield from _remove_all(
            one for name in sorted(_finders) for one in _finders[name](row.project_id, row.slug)
        )
        if not failed:
            Remains.objects.over(now).filter(pk=row.pk).delete()
    Remains.objects.over(now).of_living().delete()
    for folder in sorted(_temporary):
        yield from _remove_all(OnDisk(path) for path in _forgotten(folder))


def folder_of(root: Path) -> Finder:
    """Finds the folder below `root` that is named by the project's id."""
    return lambda key, _slug: [OnDisk(root / str(key))]


def socket_in(root: Path) -> Finder:
    """Finds the socket in `root` that is named by the slug, unless another project has that slug now."""

    def find_socket(_key: UUID, slug: str) -> list[Leftover]:
        path = root / slug
        taken = not slug or not path.is_socket() or Project.objects.filter(slug=slug).exists()
        return [] if taken else [OnDisk(path)]

    return find_socket


def _remove_all(found: Iterable[Leftover]) -> Generator[str, None, bool]:
    """Yields what is gone; returns whether anything could not be removed."""
    failed = False
    for one in found:
        try:
            if not one.exists():
                continue
            one.remove()
        except (OSError, UserError) as error:
            log.warning("%s is left of a deleted project and cannot be removed: %s", one, error)
            failed = True
        else:
            yield str(one)
    return failed


def _unless_gone(_call: object, _path: str, about: tuple[object, BaseException, object]) -> None:
    """Two sweeps may meet: what the other one has removed is removed."""
    if not isinstance(about[1], FileNotFoundError):
        raise about[1]


def _forgotten(folder: Path) -> list[Path]:
    old = time.time() - FORGOTTEN
    try:
        return sorted(path for path in folder.iterdir() if path.lstat().st_mtime < old)
    except FileNotFoundError:
        return []
