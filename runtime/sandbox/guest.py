"""The loop inside a sandbox: frames in, JavaScript, frames out.

One thread, no files, no network: a socket to the node, the listener for front, and what `natives.py` offers to
the prelude. Every way into the script is an *entry* with a CPU and a wall deadline; the entry stands on the shared
page as well, for the zygote's watchdog to end what the engine cannot interrupt.
"""

from __future__ import annotations

import errno
import json
import mmap
import os
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from runtime.sandbox.engine import NEVER, Engine, GuestFault, Interrupted, OutOfMemory
from runtime.sandbox.frames import FrameError, Kind
from runtime.sandbox.limits import Limits
from runtime.sandbox.natives import Natives
from runtime.sandbox.nodelink import NodeLink
from runtime.sandbox.routelink import RouteLink

PAGE = struct.Struct("<QQ")  # CPU deadline, wall deadline of the current entry in ns; 0: no entry
IDLE = PAGE.pack(0, 0)
LEASE = struct.Struct("<Q")  # monotonic ns until which the node holds its lease
PHASE_END = {"boot": Kind.BOOTED, "start": Kind.STARTED, "shutdown": Kind.STOPPED}
READ = select.EPOLLIN
GONE = select.EPOLLHUP | select.EPOLLERR
LIMIT_NAMES = {"limit_cpu": "CPU", "limit_wall": "wall", "limit_memory": "memory"}


class Ended(Exception):
    """This attempt is over; the frame that says why is on its way."""


class Guest:
    """One service in one process."""

    def __init__(
        self, engine: Engine, host: socket.socket, listener: socket.socket, page: mmap.mmap, lease: mmap.mmap
    ):
        self.engine = engine
        self.page = page
        self.lease = lease
        self.limits = Limits()
        self.node = NodeLink(host)
        self.listener = listener
        self.epoll = select.epoll()
        self.routes: dict[int, RouteLink] = {}
        self.pending: dict[
            int, tuple[RouteLink, int, int, str]
        ] = {}  # ticket -> link, frame id, deadline, request
        self.tickets = 0
        self.phase = ""
        self.phase_deadline = NEVER
        self.epoch = 0
        self.booted = False
        self.memory_suspect = False
        self.natives = Natives(self)

    # -- entries

    def enter(self, function: Callable[..., object], *arguments: object, wall: int) -> object:
        """Run one entry into the script with its jobs; `wall` is its deadline in monotonic ns.

        Raises Interrupted, OutOfMemory or GuestFault, after which the script may go on.
        """
        engine = self.engine
        engine.tripped = ""
        engine.cpu_deadline = time.process_time_ns() + int(self.limits.cpu * 1e9)
        engine.wall_deadline = wall
        self.page[:16] = PAGE.pack(engine.cpu_deadline, wall if wall < NEVER else 0)
        try:
            result = engine.call(function, *arguments)
            engine.pump()
            return result
        finally:
            self._settle_rejections()
            engine.cpu_deadline = engine.wall_deadline = NEVER
            self.page[:16] = IDLE

    def _settle_rejections(self) -> None:
        while self.engine.take_rejection():
            try:
                self.engine.call(self.natives.reject)
            except (Interrupted, OutOfMemory, GuestFault):
                return

    def attempt(
        self, what: str, function: Callable[..., object], *arguments: object, wall: int
    ) -> str | None:
        """`enter`, with the outcome of RUNTIME.md section 3: a limit is logged and named, the run lives.

        Returns None when all went well, else the name of the limit or `engine_crash`. In boot and start a limit
        ends the run; a script that cannot be interrupted cleanly or has no memory left ends the attempt.
        """
        try:
            self.enter(function, *arguments, wall=wall)
            reason, text = None, ""
        except Interrupted as stop:
            reason, text = stop.reason, self._limit_text(stop.reason)
        except OutOfMemory:
            reason, text = "limit_memory", self._limit_text("limit_memory")
            self.memory_suspect = True
        except GuestFault as fault:
            reason, text = "engine_crash", str(fault)
        if reason:
            self.node.log("error", f"{what}: {text}", self.limits)
            if self.phase:
                self.end(reason, f"{what}: {text}")
        self._check_health(reason)
        return reason

    def _limit_text(self, reason: str) -> str:
        limits = self.limits
        value = {
            "limit_cpu": f"{limits.cpu:g} s",
            "limit_memory": f"{limits.heap // 1048576} MB",
            "limit_wall": f"{(limits.boot if self.phase else limits.wall):g} s",
        }[reason]
        return f"{LIMIT_NAMES[reason]} limit of {value} exceeded"

    def _check_health(self, reason: str | None) -> None:
        """End the attempt when the script cannot go on cleanly after a limit."""
        if reason in ("limit_cpu", "limit_wall") and not self._drain():
            self.end(str(reason), f"{self._limit_text(str(reason))} by promises without end")
        if self.memory_suspect:
            self.memory_suspect = False
            if self.engine.heap_used > self.engine.heap * 0.9:
                self.end("limit_memory", self._limit_text("limit_memory"))

    def _drain(self) -> bool:
        """Whether the jobs that an interrupted entry left come to an end within 20 ms."""
        engine = self.engine
        engine.tripped = ""
        engine.cpu_deadline = time.process_time_ns() + 20_000_000
        self.page[:16] = PAGE.pack(engine.cpu_deadline + 20_000_000, 0)
        try:
            engine.pump()
            return True
        except Interrupted:
            return False
        except (OutOfMemory, GuestFault):
            return True
        finally:
            engine.cpu_deadline = NEVER
            self.page[:16] = IDLE

    def end(self, reason: str, message: str, stack: str = "") -> None:
        """Tell the node why this attempt is over, and leave. Always raises Ended."""
        final = bool(self.phase) and self.phase != "shutdown"
        self.node.send(
            Kind.FAILED,
            {"reason": reason, "message": message, "stack": stack, "phase": self.phase, "final": final},
        )
        raise Ended(reason)

    # -- phases

    def begin_phase(self, phase: str, function: Callable[..., object]) -> None:
        self.phase = phase
        seconds = self.limits.shutdown if phase == "shutdown" else self.limits.boot
        self.phase_deadline = time.monotonic_ns() + int(seconds * 1e9)
        self.attempt(
            {"boot": "boot", "start": "start", "shutdown": "shutdown"}[phase],
            function,
            wall=self.phase_deadline,
        )

    def end_phase(self, phase: str, error: dict[str, str] | None) -> None:
        """Called from the script when a phase has run to its end."""
        if error is not None and phase == "shutdown":
            self.node.log("error", f"shutdown failed: {error['stack']}", self.limits)
        elif error is not None:
            self.natives.phase_error = error
            return
        self.natives.phase_done = phase

    def _after_entry(self) -> None:
        """Carry out what the script reported during the last entries."""
        natives = self.natives
        if error := natives.phase_error:
            natives.phase_error = None
            if self.memory_suspect:
                self.end("limit_memory", self._limit_text("limit_memory"), error["stack"])
            self.node.log("error", f"{self.phase} failed: {error['stack']}", self.limits)
            self.end("script_error", f"{error['name']}: {error['message']}", error["stack"])
        if done := natives.phase_done:
            natives.phase_done = ""
            self.phase, self.phase_deadline = "", NEVER
            payload = json.loads(str(self.natives.routes())) if done == "start" else []
            self.node.send(PHASE_END[done], payload)
            if done == "shutdown":
                raise Ended("stopped")
            self.booted = True
            if done == "boot" and natives.go:
                self.begin_phase("start", natives.begin)
                self._after_entry()
            elif done == "start":
                self._serve()

    def _serve(self) -> None:
        self.listener.setblocking(False)
        self.epoll.register(self.listener.fileno(), READ)

    # -- frames of the node

    def _on_node(self) -> None:
        for kind, _frame_id, payload in self.node.receive():
            data = json.loads(payload) if payload else {}
            if kind == Kind.BOOT:
                self._boot(data)
            elif kind == Kind.START:
                self.natives.go = True
                if self.booted and not self.phase:
                    self.begin_phase("start", self.natives.begin)
            elif kind == Kind.ENV:
                self.attempt("env", self.natives.set_env, json.dumps(data), wall=self._wall())
            elif kind == Kind.STOP:
                self.limits = Limits.of(
                    {**vars(self.limits), "shutdown": data.get("deadline", self.limits.shutdown)}
                )
                self.begin_phase("shutdown", self.natives.shutdown)
            self._after_entry()
        if self.node.closed:
            raise Ended("node_lost")

    def _boot(self, data: dict[str, Any]) -> None:
        self.epoch = data["epoch"]
        self.limits = Limits.of(data["limits"])
        self.engine.limit_heap(self.limits.heap)
        self.engine.sources = data["files"]
        self.natives.go = data.get("go", False)
        self.phase = "boot"
        self.attempt(
            "setup",
            self.natives.setup,
            json.dumps({"env": data["env"], "seed": os.urandom(16).hex()}),
            wall=NEVER,
        )
        self.begin_phase("boot", self.natives.boot)

    def _wall(self) -> int:
        return time.monotonic_ns() + int(self.limits.wall * 1e9)

    # -- frames of front

    def _accept(self) -> None:
        try:
            connection, _ = self.listener.accept()
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EMFILE):
                return
            raise
        link = RouteLink(connection)
        self.routes[connection.fileno()] = link
        self.epoll.register(connection.fileno(), READ)
        limits = self.limits
        link.add(
            Kind.HELLO,
            json.dumps(
                {"epoch": self.epoch, "body": limits.body, "wall": limits.wall, "response": limits.response}
            ).encode(),
        )
        self._flush(link)

    def _on_route(self, link: RouteLink) -> None:
        for _kind, frame_id, payload in link.receive():
            self._request(link, frame_id, payload)
        self._flush(link)

    def _request(self, link: RouteLink, frame_id: int, payload: bytes) -> None:
        if time.monotonic_ns() >= LEASE.unpack_from(self.lease)[0]:
            link.add(Kind.REFUSED, b"{}", frame_id)
            return
        wall = self._wall()
        self.tickets += 1
        ticket = self.tickets
        self.natives.early.clear()
        text = payload.decode("utf-8", "replace")
        answer: object = ""
        try:
            answer = self.enter(self.natives.request, ticket, text, wall=wall)
            reason = None
        except Interrupted as stop:
            reason = stop.reason
        except OutOfMemory:
            reason = "limit_memory"
            self.memory_suspect = True
        except GuestFault as fault:
            reason = "engine_crash"
            self.node.log("error", f"{_title(text)}: {fault}", self.limits)
        if reason is None and answer:
            self._answer(link, frame_id, str(answer))
        elif early := self.natives.early.pop(ticket, None):
            self._answer(link, frame_id, early)
        elif reason is None:
            self.pending[ticket] = (link, frame_id, wall, text)
        else:
            if reason != "engine_crash":
                self.node.log("error", f"{_title(text)}: {self._limit_text(reason)}", self.limits)
            self._fail(link, frame_id, text, 500 if reason in ("limit_memory", "engine_crash") else 504)
        if reason or self.memory_suspect:
            link.flush()
            self._check_health(reason)
        elif link.due():
            self._flush(link)

    def _answer(self, link: RouteLink, frame_id: int, answer: str) -> None:
        payload = answer.encode("utf-8", "surrogatepass")
        if (
            len(payload) > self.limits.response * 2
        ):  # JSON may double what the limit allows; front counts exactly
            self.node.log("error", f"response above the limit of {self.limits.response} bytes", self.limits)
            payload = _error_answer(500, "internal", "Internal error", "")
        link.add(Kind.RESPONSE, payload, frame_id)

    def _fail(self, link: RouteLink, frame_id: int, text: str, status: int) -> None:
        code, message = (
            ("timeout", "The service took too long") if status == 504 else ("internal", "Internal error")
        )
        link.add(
            Kind.RESPONSE, _error_answer(status, code, message, json.loads(text).get("id", "")), frame_id
        )

    def respond(self, ticket: int, answer: str) -> None:
        """An asynchronous handler came to its end (called from the script)."""
        waiting = self.pending.pop(ticket, None)
        if waiting is None:
            # Either it is still inside its own entry, or it was given up at its deadline.
            if ticket == self.tickets:
                self.natives.early[ticket] = answer
            return
        link, frame_id, _deadline, _text = waiting
        self._answer(link, frame_id, answer)
        self.natives.touched.add(link)

    def _flush(self, link: RouteLink) -> None:
        """Send what a connection holds; ask to be woken when it cannot take all of it."""
        waits = link.flush()
        if link.closed:
            self.epoll.unregister(link.fileno)
            del self.routes[link.fileno]
            link.close()
            self.pending = {ticket: entry for ticket, entry in self.pending.items() if entry[0] is not link}
        elif waits != link.waits:
            link.waits = waits
            self.epoll.modify(link.fileno, READ | select.EPOLLOUT if waits else READ)

    # -- the loop

    def run(self) -> str:
        """Serve until told to stop; returns the reason of the end."""
        self.epoll.register(self.node.fileno, READ)
        try:
            while True:
                self._turn(self.epoll.poll(self._timeout()))
        except Ended as end:
            for link in self.routes.values():
                link.flush()
            return str(end)
        except FrameError:
            return "engine_crash"

    def _turn(self, events: list[tuple[int, int]]) -> None:
        node = self.node.fileno
        for fileno, _mask in events:
            if fileno == node:
                self._on_node()
            elif link := self.routes.get(fileno):
                self._on_route(link)
            else:
                self._accept()
        if self.node.queued:
            self._on_node()
        self._fire_timers()
        self._after_entry()
        self._expire()
        touched = self.natives.touched
        while touched:
            self._flush(touched.pop())

    def _fire_timers(self) -> None:
        natives = self.natives
        if natives.next_timer < 0:
            return
        now = natives.now()
        for _ in range(self.limits.timers):
            timer = natives.take_timer(now)
            if not timer:
                break
            self.attempt("timer", natives.fire, timer, wall=self._wall())

    def _expire(self) -> None:
        """Answer 504 to what waits past its wall deadline; end a phase that does not end."""
        now = time.monotonic_ns()
        if now >= self.phase_deadline and self.phase:
            if self.phase == "shutdown":
                self.node.log("warn", f"shutdown took longer than {self.limits.shutdown:g} s", self.limits)
                raise Ended("stopped")
            self.end("limit_wall", f"{self.phase}: {self._limit_text('limit_wall')}")
        while self.pending:
            ticket, (link, frame_id, deadline, text) = next(iter(self.pending.items()))
            if deadline > now:
                break
            del self.pending[ticket]
            self.node.log("error", f"{_title(text)}: {self._limit_text('limit_wall')}", self.limits)
            self._fail(link, frame_id, text, 504)
            self.natives.touched.add(link)

    def _timeout(self) -> float:
        """Seconds until something is due; -1 for never."""
        due = self.phase_deadline
        if self.pending:
            due = min(due, next(iter(self.pending.values()))[2])
        wait = (due - time.monotonic_ns()) / 1e9 if due < NEVER else -1.0
        timer = self.natives.next_due()
        if timer >= 0 and (wait < 0 or timer < wait):
            wait = timer
        return wait if wait < 0 else max(0.0, wait)


def _title(request: str) -> str:
    data = json.loads(request)
    return f"{data.get('m')} {data.get('p')}"


def _error_answer(status: int, code: str, message: str, request_id: str) -> bytes:
    body = json.dumps({"error": {"code": code, "message": message, "requestId": request_id}})
    return json.dumps(
        {"s": status, "h": {"content-type": "application/json; charset=utf-8"}, "b": body}
    ).encode()
