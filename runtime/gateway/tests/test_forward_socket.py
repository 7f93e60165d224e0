"""WebSockets to web: messages, subprotocols, refusals and close codes both ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from runtime.gateway.tests.harness import FakeService, FakeWeb, Front, echo, web_answer


@asynccontextmanager
async def connected(
    front: Front, path: str = "/ws/x", **options: Any
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with aiohttp.ClientSession() as session, session.ws_connect(front.url(path), **options) as socket:
        yield socket


class Peer:
    """A page of web that echoes, or closes when told to."""

    def __init__(self) -> None:
        self.close_code: int | None = None
        self.ended = asyncio.Event()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=["chat.v2", "chat.v1"])
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT and message.data.startswith("close "):
                await socket.close(code=int(message.data[6:]), message=b"as asked")
            elif message.type is WSMsgType.TEXT:
                await socket.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await socket.send_bytes(message.data)
        self.close_code = socket.close_code
        self.ended.set()
        return socket


class ForwardSocketTest:
    async def test_it_carries_messages_both_ways(self, front: Front) -> None:
        async with (
            FakeWeb(front.runtime_dir, Peer()) as fake,
            connected(front, "/ws/projects/1/?a=%20b") as socket,
        ):
            for text in ("hello", "Я" * 1000, ""):
                await socket.send_str(text)
                assert await socket.receive_str(timeout=2) == text
            await socket.send_bytes(b"\x00\xff" * 30_000)
            assert await socket.receive_bytes(timeout=2) == b"\x00\xff" * 30_000
        assert fake.paths == ["/ws/projects/1/?a=%20b"]

    async def test_it_passes_origin_cookies_and_subprotocol(self, front: Front) -> None:
        headers = {"Origin": "https://evil.example", "Cookie": "sessionid=1", "X-Forwarded-For": "6.6.6.6"}
        options: dict[str, Any] = {"headers": headers, "protocols": ["chat.v1", "other"]}
        async with FakeWeb(front.runtime_dir, Peer()) as fake, connected(front, **options) as socket:
            assert socket.protocol == "chat.v1"
        seen = fake.headers[0]
        assert seen["origin"] == "https://evil.example"
        assert seen["cookie"] == "sessionid=1"
        assert seen["x-forwarded-for"] == "127.0.0.1"
        assert seen["host"] == f"127.0.0.1:{front.port}"
        assert seen["sec-websocket-protocol"].replace(" ", "") == "chat.v1,other"

    @pytest.mark.parametrize("code", [1000, 1008, 4001])
    async def test_it_passes_webs_close_code(self, front: Front, code: int) -> None:
        async with FakeWeb(front.runtime_dir, Peer()), connected(front) as socket:
            await socket.send_str(f"close {code}")
            message = await socket.receive(timeout=2)
            assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, code, "as asked")

    @pytest.mark.parametrize("code", [1000, 1001, 4005])
    async def test_it_passes_the_clients_close_code(self, front: Front, code: int) -> None:
        peer = Peer()
        async with FakeWeb(front.runtime_dir, peer):
            async with connected(front) as socket:
                await socket.close(code=code)
            await asyncio.wait_for(peer.ended.wait(), 2)
        assert peer.close_code == code

    async def test_it_tells_web_of_a_client_that_vanished(self, front: Front) -> None:
        peer = Peer()
        async with FakeWeb(front.runtime_dir, peer), connected(front) as socket:
            transport = socket.get_extra_info("socket")
            assert transport is not None
            transport.shutdown(2)
            await asyncio.wait_for(peer.ended.wait(), 3)

    async def test_it_closes_when_web_dies(self, front: Front) -> None:
        async def handler(request: web.Request) -> web.StreamResponse:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            assert request.transport is not None
            request.transport.abort()
            return socket

        async with FakeWeb(front.runtime_dir, handler), connected(front) as socket:
            message = await socket.receive(timeout=2)
            assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)

    @pytest.mark.parametrize("status", [401, 403, 404, 503])
    async def test_it_passes_a_refusal(self, front: Front, status: int) -> None:
        async with FakeWeb(front.runtime_dir, web_answer(status)):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with connected(front):
                    pass
        assert refused.value.status == status

    async def test_it_answers_503_while_web_is_away(self, front: Front) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with connected(front):
                pass
        assert refused.value.status == 503

    @pytest.mark.parametrize("path", ["/r/demo/", "/api/r/demo/x"])
    async def test_it_opens_none_to_services(self, front: Front, path: str) -> None:
        async with (
            FakeService(front.runtime_dir, "demo", echo) as service,
            FakeWeb(front.runtime_dir, Peer()) as fake,
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with connected(front, path):
                    pass
        assert refused.value.status == 501
        assert (service.requests, fake.paths) == ([], [])
