"""What a process asks of the kernel: limits, its name, and to die with its parent."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
_M_ARENA_MAX = -8
_LINUX = sys.platform == "linux"

_libc = ctypes.CDLL(None, use_errno=True)

MOST_FILES = 65536

# Signals that Python code of the parent answers; a child starts with none of these answers.
HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


def _prctl(option: int, value: int | bytes) -> None:
    if _LINUX:
        _libc.prctl(option, value, 0, 0, 0)


def forbid_core_files() -> None:
    """No core file ever, for memory holds secrets; a limit of 1 also stops handlers that cores are piped to."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def allow_files() -> None:
    """Raise the limit of open files as far as this user may, within reason: a service costs its node three."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def save_memory() -> None:
    """Let threads share two heaps of the C library; one per thread costs megabytes each."""
    if _LINUX and hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_ARENA_MAX, 2)


def set_name(name: str) -> None:
    """Show as `m3m: web` in process lists (15 bytes at most)."""
    _prctl(_PR_SET_NAME, f"m3m: {name}".encode()[:15])


def adopt_orphans() -> None:
    """Become the parent of whatever a dying child leaves behind, so that it can be found and ended."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with(parent: int) -> None:
    """Be killed when the parent ends, however it ends; for a parent that has ended already, at once."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def freeze() -> None:
    """Keep what is loaded out of the collector's sight, so that children share its pages."""
    gc.collect()
    gc.freeze()


def reset_signals() -> None:
    """Take the parent's answers off; its wake-up descriptor is shared and must not be written to."""
    signal.set_wakeup_fd(-1)
    for number in HANDLED:
        signal.signal(number, signal.SIG_DFL)
    # The parent tells its children when to stop; a Ctrl-C is not for them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)


def children() -> list[int]:
    """Ids of the living and dead children of this process (Linux; empty elsewhere)."""
    own = os.getpid()
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == own:
            found.append(int(entry.parent.name))
    return found
