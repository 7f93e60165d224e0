"""Forks sandboxes from a warm interpreter, and kills those that the engine cannot stop itself.

Started by the node with a clean environment (`python -I`); no Django here. The node sends one JSON message a
sandbox over a SEQPACKET socket, with the sandbox's node socket, route listener and lease page as descriptors; the
zygote answers {"spawned"} and, when one has died, {"exited"} with what ended it.
"""

from __future__ import annotations

import ctypes
import gc
import json
import mmap
import os
import resource
import select
import signal
import socket
import sys
import time
from typing import Any

from runtime.sandbox import lockdown, natives
from runtime.sandbox.engine import Engine, EngineError, self_test
from runtime.sandbox.entries import PAGE
from runtime.sandbox.exchange import LEASE
from runtime.sandbox.guest import Guest

POLL_MS = 20
GRACE_NS = 40_000_000  # past its deadline the engine gets this long to stop by itself
# By the clock it may be waiting for a core that others keep busy; what burns CPU meanwhile is stopped for that.
WALL_GRACE_NS = 250_000_000
AUDIT_NS = 1_000_000_000
UNTOLD_NS = 5_000_000_000  # CPU that a sandbox may use while its page shows the same at every look
PYTHON_MARGIN = (
    192 * 1024 * 1024
)  # data of the process beside the JavaScript heap, strings in transit included

# PyDLL: the fork must happen with the interpreter lock held. libc's fork, not os.fork, whose handlers dirty
# three times the memory; the zygote has one thread, so there is nothing for them to repair.
_libc = ctypes.PyDLL(None)


class Child:
    """A sandbox as its zygote sees it."""

    def __init__(self, pid: int, pidfd: int, run: str, page: mmap.mmap, cpu_limit: int) -> None:
        self.pid, self.pidfd, self.run, self.page = pid, pidfd, run, page
        self.clock = (
            ~pid << 3
        ) | 2  # the kernel's name of this process's CPU clock, as clock_getcpuclockid makes it
        self.cpu_limit = cpu_limit  # ns
        self.killed = ""
        self.entry = (0, 0)  # what its page showed last
        self.changed = True
        self.used = 0  # CPU when it showed that first


class Zygote:
    def __init__(self, control: socket.socket, *, insecure: bool) -> None:
        self.control = control
        self.lock = lockdown.Lock(insecure=insecure)
        self_test()
        self.engine = Engine()
        self.doors = natives.prepare(self.engine)
        self.most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self.lease: mmap.mmap | None = None  # the node's, the same for all sandboxes
        self.children: dict[int, Child] = {}
        self.next_audit = 0
        self.poll = select.poll()
        self.poll.register(control.fileno(), select.POLLIN)

    def run(self) -> None:
        """Serve until the node closes its end; the kernel then ends the children."""
        self._tell({"ready": True, "landlock": self.lock.landlock})
        gc.disable()
        gc.collect()
        gc.freeze()
        while True:
            events = self.poll.poll(POLL_MS if self.children else None)
            for fileno, _mask in events:
                if fileno == self.control.fileno():
                    self._order()
                else:
                    self._reap(fileno)
            self._watch()

    def _tell(self, message: dict[str, object]) -> None:
        self.control.send(json.dumps(message).encode())

    def _order(self) -> None:
        data, descriptors, _flags, _address = socket.recv_fds(self.control, 65536, 8)
        if not data:
            os._exit(0)
        order = json.loads(data)
        if "kill" in order:
            for child in self.children.values():
                if child.run == order["kill"]:
                    os.kill(child.pid, signal.SIGKILL)
        else:
            self._spawn(order, descriptors)

    def _spawn(self, order: dict[str, Any], descriptors: list[int]) -> None:
        if self.lease is None:
            self.lease = mmap.mmap(descriptors[2], mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ)
        lease = self.lease
        if time.monotonic_ns() >= LEASE.unpack_from(lease)[0]:
            for descriptor in descriptors:
                os.close(descriptor)
            self._tell({"exited": order["run"], "pid": 0, "status": 0, "killed": "node_lost"})
            return
        page = mmap.mmap(-1, mmap.PAGESIZE)
        parent = os.getpid()
        pid = _libc.fork()
        if pid == 0:
            self._become_sandbox(order, descriptors, page, lease, parent)
        # Later forks must not inherit a sibling's page.
        page.madvise(mmap.MADV_DONTFORK)
        for descriptor in descriptors:
            os.close(descriptor)
        if pid < 0:
            self._tell({"exited": order["run"], "pid": 0, "status": 0, "killed": "engine_crash"})
            return
        pidfd = os.pidfd_open(pid)
        cpu_limit = int(order.get("cpu", 3600) * 1e9)
        self.children[pidfd] = Child(pid, pidfd, order["run"], page, cpu_limit)
        self.poll.register(pidfd, select.POLLIN)
        self._tell({"spawned": order["run"], "pid": pid})

    def _become_sandbox(
        self,
        order: dict[str, Any],
        descriptors: list[int],
        page: mmap.mmap,
        lease: mmap.mmap,
        parent: int,
    ) -> None:
        """The child's side of the fork; never returns."""
        code = 1
        try:
            # Above all that came, for with many siblings theirs are any numbers; the rest is closed.
            base = max(descriptors) + 1
            for target, descriptor in enumerate(descriptors[:2], base):
                os.dup2(descriptor, target)
            os.closerange(0, base)
            os.closerange(base + 2, self.most_files)
            host, listener = socket.socket(fileno=base), socket.socket(fileno=base + 1)
            lockdown.set_name(f"m3m/{order.get('name', '')}")
            guest = Guest(self.engine, self.doors, host, listener, page, lease)
            try:
                self.lock.apply(parent=parent, memory=order["heap"] + PYTHON_MARGIN)
            except (lockdown.LockError, OSError, ValueError) as error:
                guest.refuse(f"The sandbox could not be locked: {error}")
                os._exit(code)
            code = 0 if guest.run() == "stopped" else 2
        finally:
            # No interpreter shutdown: it is slow, and nothing is left to flush.
            os._exit(code)

    def _reap(self, pidfd: int) -> None:
        child = self.children.pop(pidfd)
        _pid, status = os.waitpid(child.pid, 0)
        self.poll.unregister(pidfd)
        os.close(pidfd)
        child.page.close()
        self._tell({"exited": child.run, "pid": child.pid, "status": status, "killed": child.killed})

    def _watch(self) -> None:
        """Kill sandboxes whose entry is past its deadline and the engine's grace, and all when the lease has ended.

        The node itself may be stopped or starved: then this is what keeps a service from living twice.
        """
        now = time.monotonic_ns()
        lost = self.lease is not None and now >= LEASE.unpack_from(self.lease)[0]
        for child in self.children.values():
            if lost and not child.killed:
                self._kill(child, "node_lost")
            cpu, wall = entry = PAGE.unpack_from(child.page)
            if entry != child.entry:
                child.entry, child.changed = entry, True
            if not cpu or child.killed:
                continue
            if time.clock_gettime_ns(child.clock) > cpu + GRACE_NS:
                self._kill(child, "limit_cpu")
            elif wall and now > wall + WALL_GRACE_NS:
                self._kill(child, "limit_wall")
        if now >= self.next_audit:
            self.next_audit = now + AUDIT_NS
            self._audit()

    def _audit(self) -> None:
        """Kill sandboxes whose page does not tell the truth: CPU goes by, but no entry begins or ends.

        Only native code that has taken over a sandbox can do that.
        """
        for child in self.children.values():
            if child.killed:
                continue
            used = time.clock_gettime_ns(child.clock)
            allowed = UNTOLD_NS + (child.cpu_limit if child.entry[0] else 0)
            if child.changed:
                child.changed, child.used = False, used
            elif used - child.used > allowed:
                self._kill(child, "limit_cpu")

    def _kill(self, child: Child, reason: str) -> None:
        child.killed = reason
        os.kill(child.pid, signal.SIGKILL)


def main() -> None:
    """Entry point: `control_fd parent_pid insecure`."""
    control_fd, parent, insecure = (int(value) for value in sys.argv[1:4])
    control = socket.socket(fileno=control_fd)
    lockdown.die_with_parent(parent)
    lockdown.set_name("m3m: zygote")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        zygote = Zygote(control, insecure=bool(insecure))
    except (lockdown.LockError, EngineError) as error:
        control.send(json.dumps({"refused": str(error)}).encode())
        os._exit(1)
    zygote.run()
