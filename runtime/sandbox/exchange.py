"""Requests of front and the answers to them, over any number of connections."""

from __future__ import annotations

import errno
import json
import mmap
import select
import socket
import struct
import time
from collections.abc import Callable

from runtime.sandbox.entries import Entries, Outcome
from runtime.sandbox.frames import Kind
from runtime.sandbox.nodelink import NodeLink
from runtime.sandbox.routelink import RouteLink

LEASE = struct.Struct("<Q")  # monotonic ns until which the node holds its lease
LOOKS = 20  # looks for lost answers take a twentieth of the time at most: each collects garbage


class Exchange:
    """`spoilt` is called with the reason of an entry after which the script may be unable to go on."""

    def __init__(
        self,
        entries: Entries,
        node: NodeLink,
        listener: socket.socket,
        lease: mmap.mmap,
        epoll: select.epoll,
        spoilt: Callable[[str], None],
    ) -> None:
        self._entries, self._node, self._listener, self._lease = entries, node, listener, lease
        self._epoll, self._spoilt = epoll, spoilt
        # Entries of the prelude; set with the natives.
        self.request: Callable[..., object] = lambda *_: ""
        self.lost: Callable[..., object] = lambda: "[]"
        self.epoch = 0
        self.links: dict[int, RouteLink] = {}
        # ticket -> link, frame id, wall deadline, request
        self._pending: dict[int, tuple[RouteLink, int, int, str]] = {}
        self._early: dict[int, str] = {}  # answered inside their own entry
        self._touched: set[RouteLink] = set()
        self._tickets = 0
        self._next_look = 0
        self._open = False

    def open(self) -> None:
        """Begin to accept connections."""
        self._listener.setblocking(False)
        self._epoll.register(self._listener.fileno(), select.EPOLLIN)
        self._open = True

    def close(self) -> None:
        """Accept and answer nothing new; what is under way goes on."""
        if self._open:
            self._epoll.unregister(self._listener.fileno())
            self._open = False

    def accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EMFILE):
                return
            raise
        link = RouteLink(connection)
        self.links[link.fileno] = link
        self._epoll.register(link.fileno, select.EPOLLIN)
        limits = self._entries.limits
        hello = {"epoch": self.epoch, "body": limits.body, "wall": limits.wall, "response": limits.response}
        link.add(Kind.HELLO, json.dumps(hello).encode())
        self._flush(link)

    def serve(self, link: RouteLink) -> None:
        """Read what a connection has and answer it."""
        for _kind, frame_id, payload in link.receive():
            if not self._open or time.monotonic_ns() >= LEASE.unpack_from(self._lease)[0]:
                link.add(Kind.REFUSED, b"{}", frame_id)
            else:
                self._request(link, frame_id, payload.decode("utf-8", "replace"))
                if link.due():
                    self._flush(link)
        self._flush(link)

    def _request(self, link: RouteLink, frame_id: int, text: str) -> None:
        entries = self._entries
        wall = entries.wall()
        self._tickets = ticket = self._tickets + 1
        self._early.clear()
        outcome = entries.run(self.request, ticket, text, wall=wall)
        answer = outcome.result or self._early.get(ticket)
        if answer:
            self._answer(link, frame_id, str(answer))
            if outcome.reason:
                self._log_outcome(_parsed(text), outcome)
        elif outcome.reason:
            self._fail(link, frame_id, text, outcome)
        else:
            self._pending[ticket] = (link, frame_id, wall, text)
        if outcome.reason or entries.memory_suspect or entries.engine.was_nearly_full:
            link.flush()
            self._spoilt(outcome.reason)

    def respond(self, ticket: int, answer: str) -> None:
        """An asynchronous handler came to its end (called from the script)."""
        waiting = self._pending.pop(ticket, None)
        if waiting is not None:
            self._answer(waiting[0], waiting[1], answer)
            self._touched.add(waiting[0])
        elif ticket == self._tickets:
            self._early[ticket] = answer

    def _answer(self, link: RouteLink, frame_id: int, answer: str) -> None:
        payload = answer.encode("utf-8", "surrogatepass")
        limit = self._entries.limits.response
        if len(payload) > limit * 2:  # JSON may double a text; front counts exactly
            self._node.log("error", f"response above the limit of {limit} bytes", self._entries.limits)
            payload = _error(500, "internal", "Internal error", "")
        link.add(Kind.RESPONSE, payload, frame_id)

    def _fail(self, link: RouteLink, frame_id: int, text: str, outcome: Outcome) -> None:
        request = _parsed(text)
        self._log_outcome(request, outcome)
        timeout = outcome.reason in ("limit_cpu", "limit_wall")
        words = (
            (504, "timeout", "The service took too long") if timeout else (500, "internal", "Internal error")
        )
        link.add(Kind.RESPONSE, _error(*words, str(request.get("id", ""))), frame_id)

    def _log_outcome(self, request: dict[str, object], outcome: Outcome) -> None:
        title = f"{request.get('m')} {request.get('p')}"
        self._node.log("error", f"{title}: {outcome.text}", self._entries.limits)

    def expire(self, now: int) -> None:
        """Answer 504 to what waits past its wall deadline."""
        while self._pending:
            ticket, (link, frame_id, deadline, text) = next(iter(self._pending.items()))
            if deadline > now:
                return
            del self._pending[ticket]
            self._fail(
                link, frame_id, text, Outcome(reason="limit_wall", text=self._entries.describe("limit_wall"))
            )
            self._touched.add(link)

    def fail_lost(self) -> None:
        """Answer 500 to requests whose handler ran out of memory so thoroughly that not even its promise could say so."""
        begun = time.monotonic_ns()
        if not self._pending or begun < self._next_look:
            return
        entries = self._entries
        entries.engine.collect()
        found = entries.run(self.lost, wall=entries.wall())
        for ticket in json.loads(str(found.result or "[]")):
            if waiting := self._pending.pop(ticket, None):
                link, frame_id, _deadline, text = waiting
                reason = "limit_memory"
                self._fail(link, frame_id, text, Outcome(reason=reason, text=entries.describe(reason)))
                self._touched.add(link)
        now = time.monotonic_ns()
        self._next_look = now + (now - begun) * LOOKS

    @property
    def next_deadline(self) -> int | None:
        """Monotonic ns at which `expire` has work; requests of one limit expire in the order they came."""
        return next(iter(self._pending.values()))[2] if self._pending else None

    @property
    def idle(self) -> bool:
        return not self._pending and not any(link.waits for link in self.links.values())

    def flush_touched(self) -> None:
        while self._touched:
            self._flush(self._touched.pop())

    def flush_all(self) -> None:
        """A last try to send everything, before the process leaves."""
        for link in self.links.values():
            link.flush()

    def _flush(self, link: RouteLink) -> None:
        """Send what a connection holds; ask to be woken when it cannot take all of it."""
        waits = link.flush()
        if link.closed:
            # Its number may belong to another connection by now.
            if self.links.get(link.fileno) is link:
                del self.links[link.fileno]
                self._epoll.unregister(link.fileno)
                link.close()
            self._pending = {ticket: entry for ticket, entry in self._pending.items() if entry[0] is not link}
        elif waits != link.waits:
            link.waits = waits
            self._epoll.modify(link.fileno, select.EPOLLIN | select.EPOLLOUT if waits else select.EPOLLIN)


def _parsed(text: str) -> dict[str, object]:
    """A request of front, as far as it can be understood."""
    try:
        request: object = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return request if isinstance(request, dict) else {}


def _error(status: int, code: str, message: str, request_id: str) -> bytes:
    body = json.dumps({"error": {"code": code, "message": message, "requestId": request_id}})
    return json.dumps(
        {"s": status, "h": {"content-type": "application/json; charset=utf-8"}, "b": body}
    ).encode()
