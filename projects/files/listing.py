"""Files and folders on the local disk as entries of a list."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter

from accounts.errors import NotFoundError
from projects.files.beneath import opened
from projects.files.errors import system_errors
from projects.files.store import Entry


def entry_of(path: str, state: os.stat_result) -> Entry:
    changed = datetime.fromtimestamp(state.st_mtime, UTC)
    if stat.S_ISDIR(state.st_mode):
        return Entry(path, True, 0, changed)
    etag = f'"{state.st_mtime_ns:x}-{state.st_size:x}-{state.st_ino:x}"'
    return Entry(path, False, state.st_size, changed, etag)


def states(root: int, paths: Sequence[str]) -> Iterator[tuple[str, os.stat_result]]:
    """The states of paths that are still there; each folder is opened once for all its neighbours."""
    for parent, neighbours in groupby(paths, lambda path: path.rpartition("/")[0]):
        with suppress(NotFoundError), system_errors(), opened(root, parent) as folder:
            for path in neighbours:
                with suppress(FileNotFoundError):
                    state = os.stat(path.rpartition("/")[2], dir_fd=folder, follow_symlinks=False)
                    if stat.S_ISREG(state.st_mode) or stat.S_ISDIR(state.st_mode):
                        yield path, state


def in_order(found: Iterable[tuple[str, os.stat_result]], order: str) -> list[str]:
    """Paths by size or time of change, folders first, equal ones as they came: what `sorted_entries` does, without
    making an entry of each file in a large folder."""
    keys = [
        (not (is_dir := stat.S_ISDIR(state.st_mode)), 0 if is_dir else state.st_size, state.st_mtime_ns, path)
        for path, state in found
    ]
    keys.sort(key=itemgetter(1 if order.endswith("size") else 2), reverse=order.startswith("-"))
    keys.sort(key=itemgetter(0))
    return [key[3] for key in keys]
