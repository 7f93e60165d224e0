"""Opening paths that cannot leave a folder, whatever stands below it and whoever changes it meanwhile.

See openat2(2). Where the kernel or a container's filter lacks it, each step is opened by itself from the one before.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

_OPENAT2 = 437
_NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x02, 0x04, 0x08
_TRIES = 8
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_syscall = ctypes.CDLL(None, use_errno=True).syscall
_syscall.restype = ctypes.c_long


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_beneath(folder: int, path: str, flags: int) -> int:
    """A new descriptor of what stands at a relative path below an open folder; "" is the folder itself.

    Raises OSError: ELOOP or ENOTDIR where a symbolic link is part of the path, EXDEV where it would leave the folder.
    """
    flags |= os.O_CLOEXEC | os.O_NOFOLLOW
    if "\0" in path:
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    if has_openat2():
        return _openat2(folder, path or ".", flags)
    return _walk(folder, path, flags)


@contextmanager
def opened(folder: int, path: str, flags: int = FOLDER) -> Iterator[int]:
    """`open_beneath`, closed at the end."""
    handle = open_beneath(folder, path, flags)
    try:
        yield handle
    finally:
        os.close(handle)


def look(folder: int, path: str) -> os.stat_result | None:
    """The state of a regular file or folder below; None for nothing, links, pipes and the like."""
    try:
        with opened(folder, path, os.O_PATH) as handle:
            state = os.fstat(handle)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EXDEV):
            return None
        raise
    return state if stat.S_ISREG(state.st_mode) or stat.S_ISDIR(state.st_mode) else None


@lru_cache(maxsize=1)
def has_openat2() -> bool:
    """Whether this process may call openat2."""
    root = os.open("/", FOLDER)
    try:
        os.close(_openat2(root, ".", FOLDER))
    except OSError:
        return False
    finally:
        os.close(root)
    return True


def _openat2(folder: int, path: str, flags: int) -> int:
    how = _OpenHow(flags, 0, _BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS)
    name = os.fsencode(path)
    for _attempt in range(_TRIES):
        size = ctypes.c_size_t(ctypes.sizeof(how))
        handle: int = _syscall(
            ctypes.c_long(_OPENAT2), ctypes.c_long(folder), ctypes.c_char_p(name), ctypes.byref(how), size
        )
        if handle >= 0:
            return handle
        number = ctypes.get_errno()
        # EAGAIN: somebody renames nearby, and the kernel cannot be sure.
        if number not in (errno.EAGAIN, errno.EINTR):
            break
    raise OSError(number, os.strerror(number), path)


def _walk(folder: int, path: str, flags: int) -> int:
    steps = path.split("/") if path else ["."]
    if path and any(step in ("", ".", "..") for step in steps):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), path)
    held = os.dup(folder)
    try:
        for step in steps[:-1]:
            deeper = os.open(step, FOLDER, dir_fd=held)
            os.close(held)
            held = deeper
        return os.open(steps[-1], flags, dir_fd=held)
    finally:
        os.close(held)
