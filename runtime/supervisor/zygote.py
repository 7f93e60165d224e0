"""The node's side of the zygote: starting it, ordering forks, hearing of deaths."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from runtime.sandbox.limits import Limits

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 20.0
LEASE = struct.Struct("<Q")


class ZygoteError(Exception):
    """No sandbox can be made here; the message says why."""


class LeasePage:
    """The end of the node's lease (monotonic ns) where every sandbox can read it and none can write it."""

    def __init__(self) -> None:
        self._fd = os.memfd_create("m3m-lease")
        os.truncate(self._fd, mmap.PAGESIZE)
        self._page = mmap.mmap(self._fd, mmap.PAGESIZE)
        self.readonly = os.open(f"/proc/self/fd/{self._fd}", os.O_RDONLY)

    def set(self, until: int) -> None:
        LEASE.pack_into(self._page, 0, until)


class Zygote:
    """One zygote process. It must be started from a thread that lives as long as the node.

    The kernel sends the death signal when the spawning thread ends, not the process.
    """

    def __init__(self, lease: LeasePage, *, insecure: bool) -> None:
        """Raises ZygoteError where this machine cannot lock a sandbox."""
        self._lease = lease
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        code = f"import sys; sys.path.append({str(ROOT)!r}); from runtime.sandbox.zygote import main; main()"
        arguments = [str(theirs.fileno()), str(os.getpid()), str(int(insecure))]
        self.process = subprocess.Popen(  # noqa: S603  (our own interpreter and code)
            [sys.executable, "-I", "-B", "-c", code, *arguments],
            pass_fds=[theirs.fileno()],
            env={"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        theirs.close()
        self.control.settimeout(START_SECONDS)
        try:
            answer = json.loads(self.control.recv(65536) or b"{}")
        except TimeoutError:
            answer = {}
        if not answer.get("ready"):
            self.kill()
            raise ZygoteError(
                answer.get("refused") or "the sandbox process did not start; its message is in the log"
            )
        self.control.settimeout(None)
        self.landlock = int(answer["landlock"])

    def spawn(
        self,
        run: UUID,
        epoch: int,
        host: socket.socket,
        listener: socket.socket,
        limits: Limits,
        name: str = "",
    ) -> None:
        """Order one fork, shown as `name` in process lists. Raises OSError when the zygote has gone."""
        order = json.dumps(
            {"run": f"{run}/{epoch}", "heap": limits.heap, "cpu": limits.cpu, "name": name}
        ).encode()
        socket.send_fds(self.control, [order], [host.fileno(), listener.fileno(), self._lease.readonly])

    def kill_one(self, key: str) -> None:
        """Have one sandbox killed; the zygote holds its pidfd, so no other process can be hit."""
        with contextlib.suppress(OSError):
            self.control.send(json.dumps({"kill": key}).encode())

    def read(self) -> dict[str, Any] | None:
        """One message: {"spawned", "pid"} or {"exited", "pid", "status", "killed"}; None when the zygote has gone."""
        try:
            data = self.control.recv(65536)
        except OSError:
            data = b""
        return json.loads(data) if data else None

    def kill(self) -> None:
        """Kill the zygote; the kernel kills its sandboxes with it."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        self.control.close()
