"""One request of a client to a service and its answer.

It stands where uvicorn keeps its request cycle, so that pipelining, keep-alive and shutdown work as uvicorn does them;
but it is called back instead of being a task with events, which is what makes the way through front cheap.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from runtime.gateway.answers import (
    BAD_STATUS,
    BODY_TOO_SLOW,
    CLOSE_LINE,
    FRONT_BUSY,
    HEAD_TOO_LARGE,
    RESPONSE_TOO_LARGE,
    TOO_LARGE,
    Failure,
)
from runtime.gateway.door import Door
from runtime.gateway.replies import assemble, assemble_failure, parse_reply, reply_body, reply_lines
from runtime.gateway.requests import encode_request

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_SMALL = 64 * 1024
# Refusals that do not wait for the rest of the body.
_AT_ONCE = (TOO_LARGE, HEAD_TOO_LARGE)


class Client(Protocol):
    """The client's connection, as an exchange uses it."""

    transport: asyncio.Transport

    def date_line(self) -> bytes: ...

    def exchange_done(self, exchange: Exchange, data: bytes) -> None:
        """Write the answer and go on with the connection."""


class Exchange:
    """A `Call` of the table of services and a request cycle of uvicorn's protocol in one."""

    __slots__ = (
        "_body",
        "_chunks",
        "_client",
        "_door",
        "_failure",
        "_held",
        "_started",
        "cookie_path",
        "deadline",
        "disconnected",
        "expects_continue",
        "headers",
        "ip",
        "keep_alive",
        "message_event",
        "method",
        "more_body",
        "path",
        "payload",
        "query",
        "request_id",
        "response_complete",
        "retried",
        "size",
        "slug",
        "target",
    )

    def __init__(self, client: Client, door: Door, method: str, keep_alive: bool, request_id: str) -> None:
        self._client = client
        self._door = door
        self._failure: Failure | None = None
        self._started = False
        self._body = b""
        self._chunks: list[bytes] | None = None
        self._held = 0
        self.method = method
        self.keep_alive = keep_alive
        self.request_id = request_id
        self.target = b""
        self.slug = self.path = self.query = self.ip = self.cookie_path = ""
        self.headers: dict[str, str] = {}
        self.expects_continue = False
        self.payload = b""
        self.size = 0
        self.deadline = 0.0
        self.more_body = True
        self.retried = False
        self.disconnected = False
        self.response_complete = False
        self.message_event = self

    # ------------------------------------------------------------------ driven by the client's side

    def start(self) -> None:
        """Go on when the requests before this one on its connection are answered."""
        self._started = True
        if not self.more_body:
            self._go()
        elif self._failure is not None:
            if self._failure in _AT_ONCE:
                self.fail(self._failure)
        elif self.expects_continue:
            self._client.transport.write(_CONTINUE)

    def set(self) -> None:
        """Called by uvicorn when the connection was lost."""
        self.disconnected = True
        self.payload = b""
        self._release()

    def refuse(self, failure: Failure) -> None:
        """Fail when it is this request's turn: at once, or after a body that is not looked at."""
        if self._started:
            self.fail(failure)
        elif self._failure is None:
            self._failure = failure
            self._release()

    def feed(self, data: bytes) -> None:
        """Take a piece of the body."""
        if self._failure is not None or self.response_complete:
            return
        self.size += len(data)
        if self._chunks is not None:
            self._chunks.append(data)
        elif self._body:
            self._chunks = [self._body, data]
        else:
            self._body = data
        if self.size > self._door.settings.max_body:
            self.refuse(TOO_LARGE)
        elif self.size > _SMALL:
            self._hold()

    def end(self) -> None:
        """The body is complete."""
        self.more_body = False
        if self._started and not self.response_complete:
            self._go()

    def _go(self) -> None:
        if self._failure is not None:
            self.fail(self._failure)
        else:
            self._submit()

    def expire(self) -> None:
        """The body took too long."""
        self.refuse(BODY_TOO_SLOW)

    def _hold(self) -> None:
        self._door.held += self.size - self._held
        self._held = self.size
        if self._door.held > self._door.settings.max_held:
            self.refuse(FRONT_BUSY)

    def _release(self) -> None:
        self._door.held -= self._held
        self._held = 0
        self._body = b""
        self._chunks = None

    def _submit(self) -> None:
        body = self._body if self._chunks is None else b"".join(self._chunks)
        self._body = b""
        self._chunks = None
        self.payload = encode_request(
            self.method, self.path, self.query, self.headers, self.ip, self.request_id, body
        )
        self._door.services.submit(self.slug, self)

    # ------------------------------------------------------------------ driven by the service's side

    def answer(self, payload: bytes, limit: int) -> None:
        """Send a service's answer. Raises FrameError, with nothing sent, for one that breaks the format."""
        reply = parse_reply(payload)
        status = reply.get("s")
        if type(status) is not int or not 200 <= status <= 599:
            self.fail(BAD_STATUS)
            return
        body = reply_body(reply)
        if len(body) > limit:
            self.fail(RESPONSE_TOO_LARGE)
            return
        lines = reply_lines(reply, self._door.scrubber, self.cookie_path)
        self._send(assemble(status, self.method, lines, body, self._ends()))

    def fail(self, failure: Failure) -> None:
        """Answer with an error of front's own."""
        if self.more_body:
            self.keep_alive = False
        self._send(assemble_failure(failure, self.method, self.request_id, self._ends()))

    def _ends(self) -> bytes:
        ends = self._client.date_line() + b"x-request-id: " + self.request_id.encode() + b"\r\n"
        return ends if self.keep_alive else ends + CLOSE_LINE

    def _send(self, data: bytes) -> None:
        self._release()
        self.payload = b""
        if self.disconnected or self.response_complete:
            return
        self.response_complete = True
        self._client.exchange_done(self, data)
