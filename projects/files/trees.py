"""Whole trees of folders, by descriptors alone: links planted in them, before or meanwhile, lead nowhere."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from typing import NamedTuple

from projects.files.beneath import FOLDER
from projects.files.store import Change, Meter
from projects.limits import PATH_DEPTH
from projects.names import is_name

_CHUNK = 256 * 1024


class Found(NamedTuple):
    """Something below a tree's root. `folder` is the open folder that it is in, until the walk goes on."""

    path: str
    name: str
    is_dir: bool
    folder: int


def children(folder: int) -> list[tuple[str, bool]]:
    """(name, whether it is a folder) of the files and folders in an open folder that have a name a path may hold."""
    with os.scandir(folder) as entries:
        return [
            (entry.name, is_dir)
            for entry in entries
            if ((is_dir := entry.is_dir(follow_symlinks=False)) or entry.is_file(follow_symlinks=False))
            and is_name(entry.name)
        ]


def walk(folder: int, above: str = "", depth: int = 0) -> Iterator[Found]:
    """All that is below an open folder, folders before what is in them. What vanishes meanwhile is left out."""
    for name, is_dir in children(folder):
        yield Found(above + name, name, is_dir, folder)
        if is_dir and depth < PATH_DEPTH:
            try:
                deeper = os.open(name, FOLDER, dir_fd=folder)
            except OSError:
                continue
            try:
                yield from walk(deeper, f"{above}{name}/", depth + 1)
            finally:
                os.close(deeper)


def measure(folder: int) -> Change:
    """Bytes and number of what is below an open folder."""
    size = files = 0
    for found in walk(folder):
        files += 1
        if not found.is_dir:
            size += _size(found)
    return Change(size, files)


def extent(folder: int) -> tuple[int, int]:
    """Bytes of the longest path and number of steps of the deepest one below an open folder."""
    longest = deepest = 0
    for found in walk(folder):
        longest = max(longest, len(found.path.encode()))
        deepest = max(deepest, found.path.count("/") + 1)
    return longest, deepest


def copy_tree(source: int, target: int, meter: Meter) -> Change:
    """Copy all below one open folder into another; the copies are durable."""
    size = files = 0
    for name, is_dir in children(source):
        files += 1
        if is_dir:
            meter(0, 1)
            os.mkdir(name, 0o700, dir_fd=target)
            below = _copy_folder(source, target, name, meter)
            size, files = size + below.bytes, files + below.files
        else:
            size += copy_file(source, name, target, name, meter)
    os.fsync(target)
    return Change(size, files)


def _copy_folder(source: int, target: int, name: str, meter: Meter) -> Change:
    inner = os.open(name, FOLDER, dir_fd=source)
    try:
        outer = os.open(name, FOLDER, dir_fd=target)
        try:
            return copy_tree(inner, outer, meter)
        finally:
            os.close(outer)
    finally:
        os.close(inner)


def copy_file(source: int, name: str, target: int, new_name: str, meter: Meter) -> int:
    """Copy one regular file between open folders; its size. Raises OSError for what is none."""
    inner = open_file(source, name)
    try:
        outer = create_file(target, new_name)
        try:
            meter(0, 1)
            size = 0
            while data := os.read(inner, _CHUNK):
                meter(len(data), 0)
                write_all(outer, data)
                size += len(data)
            touch(outer)
            os.fsync(outer)
            return size
        finally:
            os.close(outer)
    finally:
        os.close(inner)


def open_file(folder: int, name: str) -> int:
    """A descriptor for reading a regular file in an open folder; a pipe there must not block."""
    handle = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileNotFoundError(name)
    return handle


def create_file(folder: int, name: str) -> int:
    """A descriptor for writing a new file in an open folder."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, 0o600, dir_fd=folder)


def touch(handle: int) -> None:
    """Changed now, in full nanoseconds: the kernel's own clock ticks too slowly to tell two saves apart."""
    now = time.time_ns()
    os.utime(handle, ns=(now, now))


def write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def remove(folder: int, name: str) -> None:
    """Remove a file or a whole tree from an open folder; harmless when it is gone."""
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        # Looks at descriptors all the way (shutil.rmtree.avoids_symlink_attacks).
        shutil.rmtree(name, dir_fd=folder, ignore_errors=True)


def sweep(folder: int, before: float) -> int:
    """Remove what has not changed since that time from an open folder; how many things these were."""
    stale = []
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.stat(follow_symlinks=False).st_mtime < before:
                    stale.append(entry.name)
            except FileNotFoundError:
                continue
    for name in stale:
        remove(folder, name)
    return len(stale)


def new_name() -> str:
    return secrets.token_hex(16)


def _size(found: Found) -> int:
    try:
        return os.stat(found.name, dir_fd=found.folder, follow_symlinks=False).st_size
    except FileNotFoundError:
        return 0
