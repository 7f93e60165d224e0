"""Sandboxes taken over by native code: their `main` names a Python function here that runs inside the lock.

Imported by a test's zygote before it forks.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
from typing import NoReturn

from runtime.sandbox.frames import HEADER, Kind
from runtime.sandbox.guest import Guest

SETUP = "from runtime.tests import hostile; hostile.install()"
PROT_READ_WRITE = 3

_libc = ctypes.CDLL(None, use_errno=True)


def install() -> None:
    """Give every sandbox of this zygote to the functions below."""
    Guest.run = _taken_over  # type: ignore[assignment, method-assign]


def _taken_over(guest: Guest) -> str:
    while True:
        for kind, _frame_id, payload in guest.node.receive():
            if kind == Kind.BOOT:
                name = json.loads(payload)["files"]["main"]
                _tell(guest, globals()[name](guest))


def _tell(guest: Guest, result: object) -> None:
    guest.node.send(Kind.STARTED, result)


def _address(page: object) -> int:
    """Where a mapping begins: the first field of Python's mmap object."""
    return ctypes.c_size_t.from_address(id(page) + 16).value


def _outcome(result: int) -> str:
    return "done" if result == 0 else errno.errorcode[ctypes.get_errno()]


def descriptors(guest: Guest) -> list[int]:
    """Every open descriptor beside the socket to the node; told by closing them, for fcntl is not to be had."""
    found = []
    for number in range(20000):
        if number == guest.node.fileno:
            continue
        try:
            os.close(number)
            found.append(number)
        except OSError:
            continue
    return found


def environment(_guest: Guest) -> dict[str, str]:
    return dict(os.environ)


def write_lease(guest: Guest) -> str:
    """Make the lease page writable."""
    address = _address(guest._exchange._lease)
    return _outcome(_libc.mprotect(ctypes.c_void_p(address), 4096, PROT_READ_WRITE))


def burn_as_idle(guest: Guest) -> NoReturn:
    """Burn CPU while the page says that no entry is under way."""
    _tell(guest, "burning")
    while True:
        pass


def burn_in_far_entry(guest: Guest) -> NoReturn:
    """Burn CPU in an entry whose deadlines lie in the far future."""
    guest.entries._page[:16] = b"\x00" + b"\xff" * 6 + b"\x00" + bytes(8)
    burn_as_idle(guest)


def forge(guest: Guest) -> NoReturn:
    """Ten thousand frames made of random kinds, ids, lengths, names and arguments, in one stream."""
    from runtime.tests.forgery import forged_frames  # noqa: PLC0415  (imported by the zygote of that test)

    for frame in forged_frames():
        guest.node._send(frame)
    guest.node._send(HEADER.pack(1 << 31, Kind.CALL, 1))
    os._exit(0)
