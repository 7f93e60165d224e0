"""Everything that is not a service's goes to web and back, streamed."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from aiohttp import web

from runtime.gateway.tests.harness import FakeService, FakeWeb, Front, drain, echo, web_answer


async def describe(request: web.Request) -> web.StreamResponse:
    body = await request.read()
    text = json.dumps(
        {"method": request.method, "path": request.raw_path, "size": len(body), "sum": zlib.crc32(body)}
    )
    return web.Response(text=text, content_type="application/json")


class ForwardRequestTest:
    async def test_it_passes_the_request_unchanged(self, front: Front) -> None:
        async with FakeWeb(front.runtime_dir, describe) as fake:
            path = "/a/../b//c/%D0%AF%2f%20?x=%20+&y=%zz"
            _, seen = await front.get(
                path,
                method="PUT",
                data=b"12345",
                headers={"Cookie": "sessionid=1", "Accept": "a/b", "X-A": "1"},
            )
        assert (seen["method"], seen["path"], seen["size"]) == ("PUT", path, 5)
        headers = fake.headers[0]
        assert headers["cookie"] == "sessionid=1"
        assert headers["accept"] == "a/b"
        assert headers["host"] == f"127.0.0.1:{front.port}"
        assert headers["content-length"] == "5"

    async def test_it_makes_the_claims_about_the_client_itself(self, front: Front) -> None:
        forged = {
            "X-Forwarded-For": "6.6.6.6",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "evil.example",
            "Forwarded": "for=6.6.6.6",
            "X-Real-IP": "6.6.6.6",
            "Connection": "x-hop, keep-alive",
            "X-Hop": "1",
            "TE": "trailers",
        }
        async with FakeWeb(front.runtime_dir, describe) as fake, front.ask("/x", headers=forged) as response:
            seen = fake.headers[0]
            assert response.headers["X-Request-ID"] == seen["x-request-id"]
        assert seen["x-forwarded-for"] == "127.0.0.1"
        assert seen["x-forwarded-proto"] == "http"
        assert not {"forwarded", "x-forwarded-host", "x-real-ip", "x-hop", "te"} & set(seen)

    async def test_it_keeps_what_a_trusted_proxy_says(self, start_front: Callable[..., Front]) -> None:
        front = start_front(trusted_proxies=["127.0.0.0/8"])
        said = {"X-Forwarded-For": "1.1.1.1, 203.0.113.9", "X-Forwarded-Proto": "https"}
        async with FakeWeb(front.runtime_dir, describe) as fake:
            await front.get("/x", headers=said)
        assert fake.headers[0]["x-forwarded-for"] == "203.0.113.9"
        assert fake.headers[0]["x-forwarded-proto"] == "https"

    async def test_it_passes_the_answer_unchanged(self, front: Front) -> None:
        async def handler(_request: web.Request) -> web.StreamResponse:
            response = web.Response(status=418, reason="Teapot", body=zlib.compress(b"tea"))
            response.headers["Content-Encoding"] = "deflate"
            response.headers.add("Set-Cookie", "a=1; Path=/")
            response.headers.add("Set-Cookie", "sessionid=2; HttpOnly")
            response.headers["X-Request-ID"] = "of-web-itself"
            return response

        async with (
            FakeWeb(front.runtime_dir, handler),
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.get(front.url("/x")) as response,
        ):
            assert response.status == 418
            assert response.headers["Content-Encoding"] == "deflate"
            assert zlib.decompress(await response.read()) == b"tea"
            assert response.headers.getall("Set-Cookie") == ["a=1; Path=/", "sessionid=2; HttpOnly"]
            assert len(response.headers.getall("X-Request-ID")) == 1
            assert len(response.headers.getall("Date")) == 1
            assert "Server" not in response.headers
            assert "Content-Security-Policy" not in response.headers

    @pytest.mark.parametrize("size", [0, 1, 100_000, 5_000_000])
    @pytest.mark.parametrize("chunked", [False, True])
    async def test_it_carries_bodies_to_web(self, front: Front, size: int, chunked: bool) -> None:
        body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

        async def pieces() -> AsyncIterator[bytes]:
            for position in range(0, len(body), 60_000):
                yield body[position : position + 60_000]

        async with FakeWeb(front.runtime_dir, describe) as fake:
            _, seen = await front.get("/upload", method="POST", data=pieces() if chunked else body)
        assert (seen["size"], seen["sum"]) == (size, zlib.crc32(body))
        # A body that was taken whole goes on with its length.
        assert ("transfer-encoding" in fake.headers[0]) == (chunked and size > 1024 * 1024)

    async def test_it_streams_the_answer(self, front: Front) -> None:
        gate = asyncio.Event()

        async def handler(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"first")
            await gate.wait()
            await response.write(b"second")
            return response

        async with (
            FakeWeb(front.runtime_dir, handler),
            aiohttp.ClientSession() as session,
            session.get(front.url("/stream")) as response,
        ):
            assert await asyncio.wait_for(response.content.readany(), 2) == b"first"
            gate.set()
            assert await response.content.read() == b"second"

    async def test_it_answers_head(self, front: Front) -> None:
        async with FakeWeb(front.runtime_dir, web_answer(200)):
            answer = await front.raw(b"HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"\r\n\r\n")

    async def test_it_answers_503_while_web_is_away(self, front: Front) -> None:
        async with front.ask("/page") as response:
            assert response.status == 503
            assert response.headers["Retry-After"]
            assert (await response.json())["error"]["code"] == "unavailable"
        async with FakeWeb(front.runtime_dir, web_answer(200)), front.ask("/page") as response:
            assert response.status == 200

    async def test_it_ends_the_answer_when_web_dies_in_it(self, front: Front) -> None:
        async def handler(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Length": "100"})
            await response.prepare(request)
            await response.write(b"first")
            assert request.transport is not None
            request.transport.abort()
            return response

        async with FakeWeb(front.runtime_dir, handler):
            answer = await front.raw(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer.endswith(b"first")

    async def test_it_cancels_what_nobody_waits_for(self, front: Front) -> None:
        async def handler(_request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(30)
            return web.Response()

        async with FakeWeb(front.runtime_dir, handler) as fake:
            _, writer = await asyncio.open_connection("127.0.0.1", front.port)
            writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            while not fake.paths:
                await asyncio.sleep(0.01)
            writer.transport.abort()
            await asyncio.wait_for(fake.cancelled.wait(), 2)

    async def test_it_keeps_slow_bodies_from_web(self, front: Front) -> None:
        async with FakeWeb(front.runtime_dir, describe) as fake:
            reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
            writer.write(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx")
            answer = await drain(reader, 3)
            writer.close()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert fake.paths == []

    @pytest.mark.parametrize(
        "path", ["/r", "/rx/demo", "/%72/demo/", "//r/demo/", "/./r/demo/", "/api/r", "/R/demo/"]
    )
    async def test_it_takes_nothing_else_for_a_route(self, front: Front, path: str) -> None:
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        async with (
            FakeService(front.runtime_dir, "demo", echo) as service,
            FakeWeb(front.runtime_dir, describe) as fake,
        ):
            await front.raw(request)
        assert service.requests == []
        assert fake.paths == [path]
