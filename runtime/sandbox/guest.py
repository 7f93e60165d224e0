"""The loop inside a sandbox: frames in, JavaScript, frames out.

One thread, no files, no network: a socket to the node, the listener for front, and what `natives.py` offers to
the prelude.
"""

from __future__ import annotations

import json
import mmap
import os
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from runtime.sandbox.engine import NEVER, Engine, GuestFault, OutOfMemory
from runtime.sandbox.entries import Entries
from runtime.sandbox.exchange import Exchange
from runtime.sandbox.frames import FrameError, Kind
from runtime.sandbox.limits import Limits
from runtime.sandbox.natives import Doors, Natives
from runtime.sandbox.nodelink import NodeLink

PHASE_END = {"boot": Kind.BOOTED, "start": Kind.STARTED, "shutdown": Kind.STOPPED}


class Ended(Exception):
    """This attempt is over; the frame that says why is on its way."""


class Guest:
    """One service in one process."""

    def __init__(
        self,
        engine: Engine,
        doors: Doors,
        host: socket.socket,
        listener: socket.socket,
        page: mmap.mmap,
        lease: mmap.mmap,
    ) -> None:
        self.entries = Entries(engine, page)
        self.node = NodeLink(host)
        self._epoll = select.epoll()
        self._exchange = Exchange(self.entries, self.node, listener, lease, self._epoll, self._check)
        self._phase = ""
        self._phase_deadline = self._drained_by = NEVER
        self._booted = self._go = False
        self.natives = Natives(self, doors)
        self.entries.reject = self.natives.reject
        self._exchange.request, self._exchange.lost = self.natives.request, self.natives.lost

    # -- what natives ask for

    def log(self, level: str, text: str) -> None:
        self.node.log(level, text, self.entries.limits)

    def respond(self, ticket: int, answer: str) -> None:
        self._exchange.respond(ticket, answer)

    # -- outcomes, as in docs/runtime.md

    def _attempt(self, what: str, function: Callable[..., object], *arguments: object, wall: int) -> None:
        """One entry that nobody waits for: a limit is logged and named; in boot and start it ends the run."""
        outcome = self.entries.run(function, *arguments, wall=wall, booting=bool(self._phase))
        if outcome.reason:
            self.log("error", f"{what}: {outcome.text}")
            if self._phase and self._phase != "shutdown":
                self._end(outcome.reason, f"{what}: {outcome.text}")
        self._check(outcome.reason)

    def _check(self, reason: str) -> None:
        """End the attempt when the script cannot go on cleanly after an entry."""
        if self.entries.engine.was_nearly_full:
            self._exchange.fail_lost()
        if spoilt := self.entries.spoilt(reason):
            self._end(*spoilt)

    def _end(self, reason: str, message: str, stack: str = "") -> None:
        """Tell the node why this attempt is over, and leave. Always raises Ended."""
        final = self._phase in ("boot", "start")
        failure = {"reason": reason, "message": message, "stack": stack, "phase": self._phase, "final": final}
        self.node.send(Kind.FAILED, failure)
        raise Ended(reason)

    def refuse(self, message: str) -> None:
        """Tell the node that this process must not run a script."""
        failure = {"reason": "no_sandbox", "message": message, "stack": "", "phase": "", "final": True}
        self.node.send(Kind.FAILED, failure)

    # -- phases

    def _begin(self, phase: str, function: Callable[..., object]) -> None:
        limits = self.entries.limits
        seconds = limits.shutdown if phase == "shutdown" else limits.boot
        self._phase = phase
        self._phase_deadline = time.monotonic_ns() + int(seconds * 1e9)
        self._attempt(phase, function, wall=self._phase_deadline)

    def _after_entry(self) -> None:
        """Carry out what the script reported during the last entries: the end of a phase."""
        report = self.natives.take_report()
        if report is None:
            return
        phase, error = report
        if error is not None:
            self.log("error", f"{phase} failed: {error['text']}")
            if phase != "shutdown":
                self._fail_phase(error)
        self._phase, self._phase_deadline = "", NEVER
        self.node.send(PHASE_END[phase], self._routes() if phase == "start" else [])
        if phase == "shutdown":
            raise Ended("stopped")
        if phase == "start":
            self._exchange.open()
        else:
            self._booted = True
            self._start_if_due()

    def _routes(self) -> Any:  # noqa: ANN401  (decoded JSON)
        """What the script has registered."""
        outcome = self.entries.run(self.natives.routes, wall=self.entries.wall())
        if outcome.reason:
            self._end(outcome.reason, f"start: {outcome.text}")
        return json.loads(str(outcome.result))

    def _fail_phase(self, error: dict[str, str]) -> None:
        if error.get("code") == "limit_memory":
            self._end("limit_memory", self.entries.describe("limit_memory"), error["stack"])
        self._end("script_error", f"{error['name']}: {error['message']}", error["stack"])

    def _start_if_due(self) -> None:
        if self._go and self._booted and not self._phase:
            self._go = False
            self._begin("start", self.natives.begin)
            self._after_entry()

    # -- frames of the node

    def _on_node(self) -> None:
        for kind, _frame_id, payload in self.node.receive():
            data = json.loads(payload) if payload else {}
            if kind == Kind.BOOT:
                self._boot(data)
            elif kind == Kind.START:
                self._go = True
                self._start_if_due()
            elif kind == Kind.ENV:
                self._attempt("env", self.natives.set_env, json.dumps(data), wall=self.entries.wall())
            elif kind == Kind.STOP:
                self._stop(data)
            self._after_entry()
        if self.node.closed:
            raise Ended("node_lost")

    def _boot(self, data: dict[str, Any]) -> None:
        entries = self.entries
        entries.limits = Limits.of(data["limits"])
        entries.engine.limit_heap(entries.limits.heap)
        entries.engine.sources = data["files"]
        self._exchange.epoch = data["epoch"]
        self._go = data.get("go", False)
        self._phase = "boot"
        values = {
            "env": data["env"],
            "seed": os.urandom(16).hex(),
            "timers": entries.limits.timers,
            "line": entries.limits.log_line,
        }
        self._attempt("setup", self.natives.setup, json.dumps(values), wall=NEVER)
        self._begin("boot", self.natives.boot)

    def _stop(self, data: dict[str, Any]) -> None:
        """Take nothing new, answer what is under way for half the time, then run the shutdown callbacks."""
        if self._phase == "shutdown" or self._drained_by < NEVER:
            return
        self._exchange.close()
        seconds = float(data["deadline"])
        self.entries.limits = self.entries.limits._replace(shutdown=seconds / 2)
        if self._phase in ("boot", "start"):
            raise Ended("stopped")  # it never came up; there is nothing to shut down
        self._drained_by = time.monotonic_ns() + int(seconds / 2 * 1e9)
        self._shut_down_when_drained()

    def _shut_down_when_drained(self) -> None:
        if self._drained_by < NEVER and (self._exchange.idle or time.monotonic_ns() >= self._drained_by):
            self._drained_by = NEVER
            self._begin("shutdown", self.natives.shutdown)

    # -- the loop

    def run(self) -> str:
        """Serve until told to stop; returns the reason of the end."""
        self._epoll.register(self.node.fileno, select.EPOLLIN)
        try:
            while True:
                self._turn(self._epoll.poll(self._timeout()))
        except Ended as end:
            self._exchange.flush_all()
            return str(end)
        except (OutOfMemory, MemoryError):
            return self._last_words("limit_memory", self.entries.describe("limit_memory"))
        except (FrameError, GuestFault, OSError, SystemError) as error:
            return self._last_words("engine_crash", f"{type(error).__name__}: {error}")

    def _last_words(self, reason: str, message: str) -> str:
        with suppress(Ended):
            self._end(reason, message)
        return reason

    def _turn(self, events: list[tuple[int, int]]) -> None:
        exchange = self._exchange
        for fileno, _mask in events:
            if fileno == self.node.fileno:
                self._on_node()
            elif link := exchange.links.get(fileno):
                exchange.serve(link)
            else:
                exchange.accept()
        if self.node.queued:
            self._on_node()
        self._fire_timers()
        self._after_entry()
        self._expire()
        exchange.flush_touched()
        if self._drained_by < NEVER:
            self._shut_down_when_drained()
            self._after_entry()

    def _fire_timers(self) -> None:
        natives = self.natives
        if natives.next_due() != 0:
            return
        now = natives.now()
        for _ in range(self.entries.limits.timers):
            timer = natives.take_timer(now)
            if not timer:
                break
            self._attempt("timer", natives.fire, timer, wall=self.entries.wall())

    def _expire(self) -> None:
        """End what is past its deadline: requests that wait, a phase that does not come to its end."""
        now = time.monotonic_ns()
        self._exchange.expire(now)
        if not self._phase or now < self._phase_deadline:
            return
        if self._phase == "shutdown":
            self.log("warn", f"shutdown took longer than {self.entries.limits.shutdown:g} s")
            raise Ended("stopped")
        text = f"{self._phase}: {self.entries.describe('limit_wall', booting=True)}"
        self.log("error", text)
        self._end("limit_wall", text)

    def _timeout(self) -> float:
        """Seconds until something is due; -1 for never."""
        due = min(self._phase_deadline, self._drained_by, self._exchange.next_deadline or NEVER)
        wait = max(0.0, (due - time.monotonic_ns()) / 1e9) if due < NEVER else -1.0
        timer = self.natives.next_due()
        return timer if timer >= 0 and (wait < 0 or timer < wait) else wait
