"""Forwards WebSockets to web: messages, subprotocol and close codes both ways."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, WebSocketScope

from runtime.gateway.answers import BAD_REQUEST, NO_SOCKETS, WEB_AWAY, Failure
from runtime.gateway.door import Door
from runtime.gateway.proxy import forwarded_headers, proposed_id, target_of
from runtime.gateway.web import Web

# The handshake with web is a new one; Origin and the cookies are passed on, web checks them.
_HANDSHAKE = (
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Protocol",
    "Content-Length",
)
_MAX_MESSAGE = 1024 * 1024
_GOING_AWAY = 1001
_INTERNAL_ERROR = 1011
# Codes that tell of a connection's end and may not be sent.
_UNSENDABLE = frozenset({1004, 1005, 1006, 1015})


def sendable(code: int | None) -> int:
    """A close code that may stand in a close frame."""
    if code is None or code in _UNSENDABLE or not 1000 <= code < 5000:
        return 1000 if code in (None, 1005) else _GOING_AWAY
    return code


class SocketForward:
    """One WebSocket of a client and its twin to web."""

    def __init__(
        self,
        door: Door,
        web: Web,
        scope: WebSocketScope,
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
    ) -> None:
        self._door = door
        self._web = web
        self._scope = scope
        self._receive = receive
        self._send = send
        self._request_id = door.request_id(proposed_id(scope))

    async def run(self) -> None:
        """Hold the two together until one of them ends."""
        if (await self._receive())["type"] != "websocket.connect":
            return
        if self._scope["path"].startswith(("/r/", "/api/r/")):
            await self._refuse(NO_SOCKETS)
            return
        try:
            upstream = await self._connect()
        except aiohttp.WSServerHandshakeError as error:
            await self._refuse(Failure(error.status, "refused", "The connection was refused."))
            return
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._web.complain(f"take socket {self._request_id}", error)
            await self._refuse(WEB_AWAY)
            return
        except ValueError:
            await self._refuse(BAD_REQUEST)
            return
        self._door.sockets += 1
        try:
            await self._hold(upstream)
        finally:
            self._door.sockets -= 1

    async def _hold(self, upstream: aiohttp.ClientWebSocketResponse[bool]) -> None:
        async with upstream:
            headers = [(b"x-request-id", self._request_id.encode())]
            await self._send(
                {"type": "websocket.accept", "subprotocol": upstream.protocol, "headers": headers}
            )
            await self._pump(upstream)

    async def _connect(self) -> aiohttp.ClientWebSocketResponse[bool]:
        headers = forwarded_headers(self._door, self._scope, self._request_id)
        for name in _HANDSHAKE:
            headers.popall(name, None)
        async with asyncio.timeout(self._door.settings.web_wait):
            return await self._web.session.ws_connect(
                self._web.url(target_of(self._scope)),
                protocols=self._scope["subprotocols"],
                headers=headers,
                max_msg_size=_MAX_MESSAGE,
                timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
            )

    async def _pump(self, upstream: aiohttp.ClientWebSocketResponse[bool]) -> None:
        down = asyncio.create_task(self._from_web(upstream))
        up = asyncio.create_task(self._from_client(upstream))
        try:
            await asyncio.wait((down, up), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (down, up):
                task.cancel()
            await asyncio.gather(down, up, return_exceptions=True)

    async def _from_client(self, upstream: aiohttp.ClientWebSocketResponse[bool]) -> None:
        while True:
            message: Any = await self._receive()
            if message["type"] == "websocket.disconnect":
                reason = message.get("reason") or ""
                await upstream.close(code=sendable(message.get("code")), message=reason.encode())
                return
            if message.get("bytes") is not None:
                await upstream.send_bytes(message["bytes"])
            else:
                await upstream.send_str(message["text"])

    async def _from_web(self, upstream: aiohttp.ClientWebSocketResponse[bool]) -> None:
        reason = ""
        while True:
            message = await upstream.receive()
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._send({"type": "websocket.send", "text": message.data})
            elif message.type is aiohttp.WSMsgType.BINARY:
                await self._send({"type": "websocket.send", "bytes": message.data})
            else:
                reason = message.extra or "" if message.type is aiohttp.WSMsgType.CLOSE else ""
                break
        failed = message.type is aiohttp.WSMsgType.ERROR
        code = _INTERNAL_ERROR if failed else sendable(upstream.close_code)
        await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def _refuse(self, failure: Failure) -> None:
        """Answer the handshake with an error."""
        body = failure.body(self._request_id)
        headers = [(b"content-type", b"application/json"), (b"x-request-id", self._request_id.encode())]
        if failure.retry_after is not None:
            headers.append((b"retry-after", b"%d" % failure.retry_after))
        await self._send(
            {"type": "websocket.http.response.start", "status": failure.status, "headers": headers}
        )
        await self._send({"type": "websocket.http.response.body", "body": body, "more_body": False})
