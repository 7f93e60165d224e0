"""Forks the platform's processes, starts again what dies, and stops everything within a time limit."""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import FrameType

from m3m_site.console import _
from m3m_site.launcher import process

log = logging.getLogger("m3m.launcher")

HEALTHY_AFTER = 5.0
FIRST_DELAY = 0.1
LONGEST_DELAY = 10.0


@dataclass
class Child:
    """One process that is wanted, whether it lives at the moment or not."""

    name: str
    run: Callable[[], int]
    stage: int  # children of a lower stage are stopped first
    once: bool = False  # ends by itself and is not started again
    pid: int = 0
    started: float = 0.0
    due: float = 0.0
    failures: int = 0
    code: int | None = field(default=None)  # how the last process ended, negative for a signal


class Watcher:
    """The parent's loop. Single-threaded, so that a fork takes along nothing half done."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self.signals: list[int] = []
        self.stopping = False
        self._wakeup, self._writer = socket.socketpair()
        self._wakeup.setblocking(False)
        self._writer.setblocking(False)

    def install(self) -> None:
        """Take over the signals of this process."""
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in process.HANDLED:
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self.signals.append(number)

    def start(self, child: Child) -> Child:
        """Fork a child now; it is watched from here on."""
        if child not in self.children:
            self.children.append(child)
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        signal.pthread_sigmask(signal.SIG_BLOCK, process.HANDLED)
        child.pid = os.fork()
        if child.pid == 0:
            self._be(child, parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, process.HANDLED)
        child.started = time.monotonic()
        child.code = None
        return child

    def _be(self, child: Child, parent: int) -> None:
        """The child's whole life; never returns."""
        code = 1
        try:
            process.die_with(parent)
            os.setpgid(0, 0)
            process.reset_signals()
            process.set_name(child.name)
            self._wakeup.close()
            self._writer.close()
            code = child.run()
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else 1
        except BaseException:
            log.exception(_("%s failed"), child.name)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            # Neither the parent's exit handlers nor a wait for threads belong here.
            os._exit(code)

    def wait(self, seconds: float) -> None:
        """Sleep until a signal comes or the time is over, then note which children have ended."""
        if not self.signals and seconds > 0:
            select.select([self._wakeup], [], [], seconds)
        try:
            while self._wakeup.recv(4096):
                pass
        except BlockingIOError:
            pass
        self._reap()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            # Others are orphans that were adopted.
            for child in self.children:
                if child.pid == pid:
                    self._ended(child, os.waitstatus_to_exitcode(status))

    def _ended(self, child: Child, code: int) -> None:
        now = time.monotonic()
        lived = now - child.started
        child.pid, child.code = 0, code
        if child.once or self.stopping or self.signals:
            return
        if lived >= HEALTHY_AFTER:
            child.failures = 0
            delay = 0.0
        else:
            delay = min(LONGEST_DELAY, FIRST_DELAY * 2**child.failures)
            child.failures += 1
        child.due = now + delay
        log.warning(
            _("%s %s after %.1f s; starting it again in %.1f s"), child.name, ending(code), lived, delay
        )

    def watch(self) -> int:
        """Keep every child alive until a signal asks to stop; returns the signal."""
        while not self.signals:
            now = time.monotonic()
            for child in [
                child for child in self.children if not child.pid and not child.once and child.due <= now
            ]:
                self.start(child)
            waiting = [child.due - now for child in self.children if not child.pid and not child.once]
            self.wait(min([60.0, *waiting]))
        return self.signals[0]

    def finish(self, child: Child) -> int:
        """Wait for a child that ends by itself; its exit code, or 1 when a signal came first."""
        while child.code is None and not self.signals:
            self.wait(1.0)
        return child.code if child.code is not None else 1

    def stop(self, limits: Iterable[tuple[int, float]]) -> None:
        """End the stages in turn: ask, wait until the stage's time (seconds from now) is over, then kill.

        A further signal kills everything at once.
        """
        self.stopping = True
        begun = time.monotonic()
        asked = len(self.signals)
        for stage, limit in limits:
            members = [child for child in self.children if child.stage == stage]
            self._signal(members, signal.SIGTERM)
            while any(child.pid for child in members):
                left = begun + limit - time.monotonic()
                if left <= 0 or self._impatient(asked):
                    for child in members:
                        if child.pid and left <= 0:
                            log.warning(_("%s did not stop in time and is killed"), child.name)
                    self._signal(members, signal.SIGKILL)
                    left = 1.0
                self._pause(left)
        self._kill_leftovers()

    def _impatient(self, asked: int) -> bool:
        return len(self.signals) > max(asked, 1)

    def _pause(self, seconds: float) -> None:
        select.select([self._wakeup], [], [], min(seconds, 0.5))
        self.wait(0)

    @staticmethod
    def _signal(members: Iterable[Child], number: int) -> None:
        for child in members:
            if child.pid:
                try:
                    os.kill(child.pid, number)
                except ProcessLookupError:
                    continue

    @staticmethod
    def _kill_leftovers() -> None:
        """Kill what children have left behind; adopted, it is found among our own."""
        until = time.monotonic() + 1.0
        while (left := process.children()) and time.monotonic() < until:
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                except (ProcessLookupError, ChildProcessError):
                    continue


def ending(code: int) -> str:
    """How a process ended, in words; negative codes are signals."""
    if code < 0:
        return _("was ended by signal {number}").format(number=-code)
    return _("ended with code {code}").format(code=code)
