"""The client's side: uvicorn's HTTP protocol with limits of its own and a short way to services.

Requests below /r/ become an `Exchange`; all others go through uvicorn's ASGI cycle to the gateway application.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from runtime.gateway.answers import BAD_REQUEST, CLOSE_LINE, HEAD_TOO_LARGE, TOO_LARGE, Failure
from runtime.gateway.door import Door
from runtime.gateway.exchange import Exchange
from runtime.gateway.replies import assemble_failure
from runtime.gateway.requests import ALIAS, ROUTES, BadTarget, split_target, visible_headers

# A client that is still sending gets its answer and this long to notice it.
_LINGER = 2.0
_METHODS_WITHOUT = frozenset({"CONNECT", "TRACE"})


class ClientProtocol(HttpToolsProtocol):
    """One connection of a client. `deadline` is when the sweep acts on it; 0 means that nothing is due."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.door: Door = cast("Any", config.app).door
        self.deadline = 0.0
        self._in_head = False
        self._head_size = 0
        self._head_count = 0
        self._progress = 0
        self._idle_bytes = 0
        self._lingering = False
        self._unread = 0
        self._unread_since = 0.0
        self._done_while_paused = False

    # ------------------------------------------------------------------ life of the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self.door.clients.add(self)
        self.deadline = self.loop.time() + self.door.settings.head_wait
        if self.door.is_full:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.door.clients.discard(self)
        self.deadline = 0.0
        for cycle, _ in self.pipeline:
            cycle.disconnected = True
            cycle.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def sweep(self, now: float) -> None:
        """Act on a deadline that has passed, and drop a client that does not take what it is sent."""
        if self.deadline and now > self.deadline:
            self.deadline = 0.0
            self._expire()
        unread = self.transport.get_write_buffer_size()
        if unread != self._unread or not unread:
            self._unread, self._unread_since = unread, now
        elif now - self._unread_since > self.door.settings.write_wait:
            self.transport.abort()

    def _expire(self) -> None:
        cycle: Any = self.cycle
        if isinstance(cycle, Exchange) and not cycle.response_complete:
            cycle.expire()
        elif self._lingering:
            self.transport.abort()
        else:
            self.transport.close()

    # ------------------------------------------------------------------ reading

    def data_received(self, data: bytes) -> None:
        progress = self._progress
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.door.clients.discard(self)
                self.deadline = 0.0
                self.handle_websocket_upgrade()
        except httptools.HttpParserError:
            self._refuse_outright(BAD_REQUEST)
        if self._progress != progress:
            self._idle_bytes = 0
            return
        # Nothing but a head or trailers, of which the parser may hold an endless header.
        self._idle_bytes += len(data)
        if self._idle_bytes > self.door.settings.max_head:
            self._refuse_outright(HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._in_head = True
        self._progress += 1
        self._head_size = self._head_count = 0
        self.deadline = self.loop.time() + self.door.settings.head_wait

    def on_url(self, url: bytes) -> None:
        self.url += url
        self._head_size += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        # What comes after a chunked body are trailers: nobody is told of them.
        if self._in_head:
            self._head_size += len(name) + len(value)
            self._head_count += 1
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        settings = self.door.settings
        if self._head_size > settings.max_head or self._head_count > settings.max_headers:
            self._open_exchange(b"", HEAD_TOO_LARGE)
            return
        if not self.url.startswith(b"/"):
            self.url = _origin_form(self.url)
        url = self.url
        prefix = ROUTES if url.startswith(ROUTES) else ALIAS if url.startswith(ALIAS) else b""
        if prefix and not (self.parser.should_upgrade() and self._should_upgrade()):
            self._open_exchange(prefix, None)
        else:
            self._open_cycle()

    def _open_cycle(self) -> None:
        """Let uvicorn run the ASGI application; its scope is only made here, for routes need none."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url, self.headers = url, headers
        self.scope["headers"] = headers
        self.expect_100_continue = any(n == b"expect" and v.lower() == b"100-continue" for n, v in headers)
        self.deadline = 0.0
        super().on_headers_complete()
        if self.parser.should_upgrade() and not self._should_upgrade():
            # The parser takes whatever follows for the other protocol.
            self.cycle.keep_alive = False

    def _open_exchange(self, prefix: bytes, failure: Failure | None) -> None:
        parser, door = self.parser, self.door
        headers = self.headers
        method = parser.get_method().decode("ascii")
        upgrade = parser.should_upgrade()
        keep_alive = parser.should_keep_alive() and parser.get_http_version() == "1.1" and not upgrade
        proposed = length = None
        expects = False
        for name, value in headers:
            if name == b"x-request-id":
                proposed = value
            elif name == b"content-length":
                length = int(value)
            elif name == b"expect":
                expects = value.lower() == b"100-continue"
        exchange = Exchange(self, door, method, keep_alive, door.request_id(proposed))
        exchange.expects_continue = expects
        if failure is None:
            failure = self._fill(exchange, prefix)
        if length is not None and length > door.settings.max_body and failure is None:
            failure = TOO_LARGE
        if failure is not None:
            exchange.refuse(failure)
        self.deadline = self.loop.time() + door.settings.body_wait
        existing: Any = self.cycle
        self.cycle = cast("RequestResponseCycle", exchange)
        if self.transport.is_closing():
            # Sent after a request that asked to close: not to be carried out.
            exchange.response_complete = True
        elif existing is None or existing.response_complete:
            exchange.start()
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _fill(self, exchange: Exchange, prefix: bytes) -> Failure | None:
        """Put what the service will see into the exchange; returns what stands against it."""
        if exchange.method in _METHODS_WITHOUT:
            return BAD_REQUEST
        try:
            exchange.slug, exchange.path, exchange.query = split_target(self.url, prefix)
        except BadTarget as bad:
            return bad.failure
        door = self.door
        exchange.target = self.url
        exchange.cookie_path = f"{prefix.decode()}{exchange.slug}/"
        exchange.headers = visible_headers(self.headers, door.scrubber)
        peer = self.client[0] if self.client else ""
        if door.forwarded.trusts_nobody:
            exchange.ip = peer
        else:
            exchange.ip, scheme = door.forwarded.client(peer, self.scheme or "http", self.headers)
            if scheme == "https":
                exchange.headers["x-forwarded-proto"] = scheme
        return None

    def on_body(self, body: bytes) -> None:
        self._progress += 1
        cycle: Any = self.cycle
        if isinstance(cycle, Exchange):
            cycle.feed(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        cycle: Any = self.cycle
        if not isinstance(cycle, Exchange):
            super().on_message_complete()
            return
        self.deadline = 0.0
        cycle.end()
        if self._lingering:
            self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        exchange: Any = cycle
        if isinstance(exchange, Exchange):
            exchange.start()
        else:
            super()._start_asgi_task(cycle, app)

    # ------------------------------------------------------------------ writing

    def date_line(self) -> bytes:
        """The Date header as uvicorn keeps it, renewed once a second."""
        return b"".join([name + b": " + value + b"\r\n" for name, value in self.server_state.default_headers])

    def exchange_done(self, exchange: Exchange, data: bytes) -> None:
        """Write the answer of an exchange and go on with the connection."""
        transport = self.transport
        if transport.is_closing():
            return
        transport.write(data)
        if exchange.keep_alive:
            self.on_response_complete()
        elif exchange.more_body:
            # Closing now would reset the connection and could destroy the answer on its way.
            self._lingering = True
            self.deadline = self.loop.time() + _LINGER
            transport.write_eof()
        else:
            transport.close()

    def on_response_complete(self) -> None:
        """Go on with the next request; not before the client has taken the last answer."""
        if self.flow.write_paused:
            self._done_while_paused = True
            return
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            # Not here: each refused request would be answered inside the one before it.
            self.loop.call_soon(self._start_next)
        else:
            self.deadline = self.loop.time() + self.door.settings.idle_wait

    def _start_next(self) -> None:
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._done_while_paused:
            self._done_while_paused = False
            self.on_response_complete()

    def _refuse_outright(self, failure: Failure) -> None:
        """Answer something that is not a request; the connection cannot be used any more."""
        request_id = self.door.request_id()
        ends = self.date_line() + b"x-request-id: " + request_id.encode() + b"\r\n" + CLOSE_LINE
        if not self.transport.is_closing():
            self.transport.write(assemble_failure(failure, "GET", request_id, ends))
            self.transport.close()


def _origin_form(url: bytes) -> bytes:
    """The path and query of a target in absolute form (`GET http://host/path`); anything else as it is."""
    try:
        parsed = httptools.parse_url(url)
    except httptools.HttpParserInvalidURLError:
        return url
    path = parsed.path or b"/"
    return path + b"?" + parsed.query if parsed.query else path
