"""The sandbox's end of the socket to its node: frames, host calls, and a log that is bounded at its source."""

from __future__ import annotations

import json
import select
import socket
import time
from collections import deque
from collections.abc import Iterator

from runtime.sandbox.frames import MAX_CALL, Kind, Reader, pack
from runtime.sandbox.limits import Limits, shorten

FROM_NODE = frozenset({Kind.BOOT, Kind.START, Kind.ENV, Kind.STOP, Kind.RESULT})


class Allowance:
    """Lines that may be logged now: a burst, filled up at a rate."""

    def __init__(self, times: int = 1) -> None:
        self._times = times  # what the limits say
        self._left = 0.0
        self._filled = 0.0

    def take(self, limits: Limits) -> bool:
        now = time.monotonic()
        burst = limits.log_burst * self._times
        grown = (now - self._filled) * limits.log_rate * self._times if self._filled else burst
        self._left, self._filled = min(burst, self._left + grown), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class NodeLink:
    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.fileno = sock.fileno()
        self._reader = Reader(FROM_NODE)
        self._poll = select.epoll()
        self._poll.register(self.fileno, select.EPOLLIN)
        self._idle = select.epoll()
        self.queued: deque[tuple[int, int, bytes]] = deque()
        self.closed = False
        self._calls = 0
        # A script that floods the log must not hide what the platform says of it.
        self._script_lines, self._own_lines = Allowance(), Allowance()
        self._dropped = 0

    def send(self, kind: int, data: object) -> None:
        """Send one frame, waiting for room; a node that has gone is noticed at the next read."""
        self._send(pack(kind, json.dumps(data).encode()))

    def _send(self, frame: bytes) -> None:
        try:
            self._socket.sendall(frame)
        except OSError:
            self.closed = True

    def log(self, level: str, text: str, limits: Limits, *, own: bool = True) -> None:
        """One line, the platform's own or the script's; dropped and counted above the rate or when the node is slow."""
        if not (self._own_lines if own else self._script_lines).take(limits):
            self._dropped += 1
            return
        frame = pack(Kind.LOG, json.dumps([level, shorten(text, limits.log_line), self._dropped]).encode())
        try:
            sent = self._socket.send(frame, socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._dropped += 1
            return
        except OSError:
            self.closed = True
            return
        self._dropped = 0
        if sent < len(frame):
            self._send(frame[sent:])

    def wait(self, until: int) -> None:
        """Sleep until `until` (monotonic ns); frames stay queued in the socket."""
        while (remaining := until - time.monotonic_ns()) > 0:
            self._idle.poll(remaining / 1e9)

    def receive(self) -> Iterator[tuple[int, int, bytes]]:
        """Frames that queued during host calls, then those of one read. Raises FrameError."""
        while self.queued:
            yield self.queued.popleft()
        try:
            data = self._socket.recv(262144, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.closed = True
            return
        # All at once: a frame may lead to a host call, which feeds the same reader.
        yield from list(self._reader.feed(data))

    def call(self, payload: str, deadline: int) -> str:
        """A host call: send it, wait for its result and return that as JSON.

        Other frames queue meanwhile. Past `deadline` (monotonic ns) the result is an error of its own.
        """
        data = payload.encode("utf-8", "surrogatepass")
        if len(data) > MAX_CALL:
            return failure(f"the arguments are larger than {MAX_CALL >> 20} MB", "limit_arguments")
        self._calls += 1
        frame_id = self._calls & 0xFFFFFFFF
        self._send(pack(Kind.CALL, data, frame_id))
        while not self.closed:
            remaining = (deadline - time.monotonic_ns()) / 1e9
            if remaining <= 0 or not self._poll.poll(min(remaining, 3600.0)):
                if remaining <= 0:
                    return failure("the host call took too long", "limit_wall")
                continue
            data = self._receive()
            if not data:
                self.closed = True
                break
            found = ""
            for kind, got_id, body in self._reader.feed(data):
                if kind != Kind.RESULT:
                    self.queued.append((kind, got_id, body))
                elif got_id == frame_id:
                    found = body.decode()
            if found:
                return found
        return failure("the node has gone", "node_lost")

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(262144)
        except OSError:
            return b""


def failure(message: str, code: str) -> str:
    """The result of a host call that never reached its function, or came back too late."""
    return json.dumps({"e": {"name": "Error", "message": message, "code": code}})
