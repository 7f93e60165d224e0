"""Forwards everything that is not a service's to web, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
from multidict import CIMultiDict
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope, WebSocketScope
from yarl import URL

from runtime.gateway.answers import BAD_REQUEST, BODY_TOO_SLOW, WEB_AWAY, Failure
from runtime.gateway.door import Door
from runtime.gateway.web import Web

HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer trailers"
    b" transfer-encoding upgrade http2-settings".split()
)
# Claims about the client: front makes them itself.
_CLAIMS = frozenset(
    b"forwarded x-real-ip x-forwarded-for x-forwarded-proto x-forwarded-host x-forwarded-port"
    b" x-forwarded-prefix x-forwarded-server x-request-id".split()
)
_FROM_CLIENT = HOP_BY_HOP | _CLAIMS | {b"expect"}
_FROM_WEB = HOP_BY_HOP | {b"date", b"server", b"x-request-id"}
# A body up to this size is taken whole before web hears of it, so that slow clients hold no thread of Django.
_GATHERED = 1024 * 1024


class Disconnected(Exception):
    """The client went away."""


class TooSlow(Exception):
    """The client did not go on with its body."""


def forwarded_headers(door: Door, scope: HTTPScope | WebSocketScope, request_id: str) -> CIMultiDict[str]:
    """The client's headers for web: no hop-by-hop ones, claims about the client replaced by ours."""
    raw: list[tuple[bytes, bytes]] = list(scope["headers"])
    dropped = _FROM_CLIENT | _nominated(raw)
    headers = CIMultiDict((n.decode("latin-1"), v.decode("latin-1")) for n, v in raw if n not in dropped)
    peer = (scope.get("client") or ("", 0))[0]
    scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
    headers["X-Forwarded-For"], headers["X-Forwarded-Proto"] = door.forwarded.client(peer, scheme, raw)
    headers["X-Request-ID"] = request_id
    return headers


def _nominated(headers: list[tuple[bytes, bytes]]) -> set[bytes]:
    """Names that a Connection header makes hop-by-hop."""
    return {
        token.strip().lower()
        for name, value in headers
        if name == b"connection"
        for token in value.split(b",")
    }


def proposed_id(scope: HTTPScope | WebSocketScope) -> bytes | None:
    return next((value for name, value in scope["headers"] if name == b"x-request-id"), None)


class Forward:
    """One request to web and its answer, streamed both ways."""

    def __init__(
        self, door: Door, web: Web, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        self._door = door
        self._web = web
        self._scope = scope
        self._receive = receive
        self._send = send
        self._request_id = door.request_id(proposed_id(scope))
        self._started = False
        self._held = 0

    async def run(self) -> None:
        """Answer the client; a failure of web after the first byte ends the connection."""
        try:
            await self._forward()
        except Disconnected:
            pass
        except TooSlow:
            await self._fail(BODY_TOO_SLOW)
        except ValueError:
            await self._fail(BAD_REQUEST)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._web.complain(f"answer request {self._request_id}", error)
            await self._fail(WEB_AWAY)
        finally:
            self._door.held -= self._held

    async def _forward(self) -> None:
        first, more = await self._gather()
        headers = forwarded_headers(self._door, self._scope, self._request_id)
        url = self._web.url(target_of(self._scope))
        if more:
            await self._exchange(url, headers, self._stream(first))
            return
        exchange = asyncio.create_task(self._exchange(url, headers, first or None))
        watch = asyncio.create_task(self._watch())
        try:
            await asyncio.wait((exchange, watch), return_when=asyncio.FIRST_COMPLETED)
        finally:
            watch.cancel()
            if not exchange.done():
                exchange.cancel()
            await asyncio.wait((exchange, watch))
        if not exchange.cancelled():
            exchange.result()

    async def _watch(self) -> None:
        """Return when the client goes away."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _exchange(
        self, url: URL, headers: CIMultiDict[str], data: bytes | AsyncIterator[bytes] | None
    ) -> None:
        async with self._web.session.request(
            self._scope["method"], url, headers=headers, data=data, allow_redirects=False
        ) as response:
            await self._begin(response)
            async for chunk in response.content.iter_any():
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _begin(self, response: aiohttp.ClientResponse) -> None:
        raw = [(name.lower(), value) for name, value in response.raw_headers]
        dropped = _FROM_WEB | _nominated(raw)
        headers = [(name, value) for name, value in raw if name not in dropped]
        headers.append((b"x-request-id", self._request_id.encode()))
        self._started = True
        await self._send({"type": "http.response.start", "status": response.status, "headers": headers})

    # ------------------------------------------------------------------ the client's body

    async def _next(self) -> tuple[bytes, bool]:
        try:
            async with asyncio.timeout(self._door.settings.body_wait):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow from None
        if message["type"] != "http.request":
            raise Disconnected
        return message.get("body", b""), message.get("more_body", False)

    async def _gather(self) -> tuple[bytes, bool]:
        """(body so far, whether more follows): whole unless it is large."""
        chunks, size, more = [], 0, True
        while more and size < _GATHERED and self._door.held < self._door.settings.max_held:
            chunk, more = await self._next()
            chunks.append(chunk)
            size += len(chunk)
            self._door.held += len(chunk)
            self._held += len(chunk)
        return b"".join(chunks), more

    async def _stream(self, first: bytes) -> AsyncIterator[bytes]:
        yield first
        more = True
        while more:
            chunk, more = await self._next()
            if chunk:
                yield chunk

    async def _fail(self, failure: Failure) -> None:
        if self._started:
            return
        headers = [
            (b"content-type", b"application/json"),
            (b"x-request-id", self._request_id.encode()),
        ]
        body = failure.body(self._request_id)
        headers.append((b"content-length", b"%d" % len(body)))
        if failure.retry_after is not None:
            headers.append((b"retry-after", b"%d" % failure.retry_after))
        if failure is BODY_TOO_SLOW:
            headers.append((b"connection", b"close"))
        await self._send({"type": "http.response.start", "status": failure.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


def target_of(scope: HTTPScope | WebSocketScope) -> bytes:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return path + b"?" + query if query else path
