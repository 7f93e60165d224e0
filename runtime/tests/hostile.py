"""Sandboxes taken over by native code: their `main` names a Python function here that runs inside the lock.

Imported by a test's zygote before it forks.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
from itertools import islice
from typing import NoReturn

from runtime.sandbox.frames import Kind
from runtime.sandbox.guest import Guest
from runtime.tests.forgery import FOREIGN_WORD, well_formed

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
                guest.entries.engine.sources = files = json.loads(payload)["files"]
                _tell(guest, globals()[files["main"]](guest))


def _tell(guest: Guest, result: object) -> None:
    # As a log line, which the node takes from every sandbox.
    guest.node.send(Kind.LOG, ["info", json.dumps(result), 0])


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


def forge(guest: Guest) -> dict[str, int]:
    """Eight thousand host calls with forged names, arguments and ids; counts the answers and what they betray."""
    answers = betrayals = errors = 0
    frames = well_formed(1, 8000, guest.entries.engine.sources["foreign"].split())
    while batch := list(islice(frames, 16)):
        guest.node._send(b"".join(batch))
        waiting = len(batch)
        while waiting:
            guest.node._poll.poll()
            for _kind, _frame_id, payload in guest.node.receive():
                waiting -= 1
                answers += 1
                betrayals += FOREIGN_WORD.encode() in payload
                errors += payload.startswith(b'{"e"')
    return {"answers": answers, "betrayals": betrayals, "errors": errors}
