"""Requests that front answers itself: verdicts of web and limits."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from runtime.gateway.tests.harness import FakeService, FakeWeb, Front, drain, echo, silent, web_answer

REQUEST = b"GET /r/orphan/ HTTP/1.1\r\nHost: x\r\n\r\n"


async def outcome(front: Front, path: str, **options: Any) -> tuple[int, str, str | None]:
    """(status, code, Retry-After) of a request that front refuses."""
    async with front.ask(path, **options) as response:
        body = await response.json()
        assert body["error"]["requestId"] == response.headers["X-Request-ID"]
        assert set(body) == {"error"}
        return response.status, body["error"]["code"], response.headers.get("Retry-After")


class AskWebForVerdictTest:
    async def test_it_answers_404_for_an_unknown_service(self, front: Front) -> None:
        async with FakeWeb(front.runtime_dir, web_answer(404)) as fake:
            assert await outcome(front, "/r/unknown-a/x?y=1") == (404, "not_found", None)
            assert await outcome(front, "/api/r/unknown-b/x") == (404, "not_found", None)
        assert fake.paths == ["/r/unknown-a/x?y=1", "/api/r/unknown-b/x"]

    async def test_it_answers_503_for_one_that_is_not_running(self, front: Front) -> None:
        async with FakeWeb(front.runtime_dir, web_answer(503, Retry_After="7")):
            assert await outcome(front, "/r/resting/") == (503, "not_running", "7")

    async def test_it_passes_a_redirect_on(self, front: Front) -> None:
        async def moved(request: web.Request) -> web.StreamResponse:
            return web.Response(status=302, headers={"Location": request.path.replace("old", "new")})

        async with FakeWeb(front.runtime_dir, moved):
            for path in ("/r/old/a", "/r/old/b"):
                async with front.ask(path) as response:
                    assert response.status == 302
                    assert response.headers["Location"] == path.replace("old", "new")

    async def test_it_redirects_each_caller_to_his_own_address(self, front: Front) -> None:
        async def moved(request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(0.05)
            return web.Response(status=308, headers={"Location": request.path.replace("elder", "younger")})

        async def location(path: str) -> str:
            async with front.ask(path) as response:
                return response.headers["Location"]

        async with FakeWeb(front.runtime_dir, moved):
            paths = [f"/r/elder/{number}" for number in range(5)]
            found = await asyncio.gather(*(location(path) for path in paths))
        assert found == [path.replace("elder", "younger") for path in paths]

    async def test_it_leads_from_a_former_slug_to_the_present_one(self, front: Front) -> None:
        async def renamed(request: web.Request) -> web.StreamResponse:
            return web.Response(status=308, headers={"Location": "/r/present", "X-M3M-Moved-To": "present"})

        targets = ("/r/former", "/r/former/", "/r/former/a%2Fb/%D1%8F?x=%20&y=/r/former", "/api/r/former/c")
        async with FakeWeb(front.runtime_dir, renamed) as fake:
            for target in targets:
                for method in ("GET", "POST"):
                    async with front.ask(target, method=method) as response:
                        assert (response.status, (await response.json())["error"]["code"]) == (308, "moved")
                        wanted = target.replace("former", "present", 1)
                        assert response.headers["Location"] == wanted
                        assert response.headers["Cache-Control"] == "no-store"
        assert len(fake.paths) == 1, "the verdict holds for all addresses of the service for a moment"

    async def test_it_believes_no_slug_that_is_none(self, front: Front) -> None:
        async def renamed(request: web.Request) -> web.StreamResponse:
            return web.Response(status=308, headers={"Location": "/r/fair", "X-M3M-Moved-To": "//evil/"})

        async with FakeWeb(front.runtime_dir, renamed), front.ask("/r/bent/") as response:
            assert response.headers["Location"] == "/r/fair"

    async def test_it_hands_web_no_credentials(self, front: Front) -> None:
        headers = {"Cookie": "sessionid=1", "Authorization": "Bearer x.y.z", "X-Forwarded-For": "6.6.6.6"}
        async with FakeWeb(front.runtime_dir, web_answer(404)) as fake:
            await outcome(front, "/r/unknown-c/", headers=headers)
        seen = fake.headers[0]
        assert "cookie" not in seen
        assert "authorization" not in seen
        assert seen["x-forwarded-for"] == "127.0.0.1"

    async def test_it_remembers_a_verdict_for_a_moment(self, front: Front) -> None:
        async with FakeWeb(front.runtime_dir, web_answer(404)) as fake:
            for _ in range(5):
                await outcome(front, "/r/unknown-d/")
            assert len(fake.paths) == 1
            await asyncio.sleep(0.6)
            await outcome(front, "/r/unknown-d/")
            assert len(fake.paths) == 2

    async def test_it_asks_once_for_many_callers(self, front: Front) -> None:
        async def slow(_request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(0.2)
            return web.Response(status=404)

        async with FakeWeb(front.runtime_dir, slow) as fake:
            outcomes = await asyncio.gather(*(outcome(front, "/r/unknown-e/") for _ in range(20)))
        assert set(outcomes) == {(404, "not_found", None)}
        assert len(fake.paths) == 1

    async def test_it_answers_503_without_web(self, front: Front) -> None:
        assert await outcome(front, "/r/unknown-f/") == (503, "unavailable", "2")

    @pytest.mark.parametrize("status", [200, 400, 401, 500])
    async def test_it_takes_no_other_answer_of_web(self, front: Front, status: int) -> None:
        async with FakeWeb(front.runtime_dir, web_answer(status)):
            assert await outcome(front, f"/r/odd-{status}/") == (503, "unavailable", "2")

    async def test_it_serves_as_soon_as_the_socket_stands(self, front: Front) -> None:
        async with FakeWeb(front.runtime_dir, web_answer(503)):
            assert (await outcome(front, "/r/late/"))[1] == "not_running"
            async with FakeService(front.runtime_dir, "late", echo):
                assert (await front.get("/r/late/"))[0] == 200
            assert (await outcome(front, "/r/late/"))[1] == "not_running"

    @pytest.mark.parametrize("slug", ["", "-a", "a-", "A", "a_b", "a" * 51, "%61", "..", ".", "a%2fb"])
    async def test_it_asks_nobody_about_an_impossible_slug(self, front: Front, slug: str) -> None:
        async with FakeWeb(front.runtime_dir, web_answer(200)) as fake:
            assert await outcome(front, f"/r/{slug}/x") == (404, "not_found", None)
        assert fake.paths == []


class LimitRequestTest:
    async def test_it_refuses_a_large_body_by_its_length(self, front: Front) -> None:
        head = b"POST /r/demo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n"
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            answer = await front.raw(head)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in answer
        assert service.requests == []

    async def test_it_refuses_a_large_body_while_it_arrives(self, start_front: Callable[..., Front]) -> None:
        front = start_front(max_body=100_000)
        head = b"POST /r/demo/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            answer = await front.raw(head + chunk * 3)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert service.requests == []

    async def test_a_client_that_goes_on_sending_sees_the_refusal(self, front: Front) -> None:
        head = b"POST /r/demo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n"
        async with FakeService(front.runtime_dir, "demo", echo):
            reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
            writer.write(head)
            await asyncio.sleep(0.1)
            # A connection closed with unread bytes is reset, and a reset discards what was not read yet.
            for _ in range(20):
                writer.write(b"x" * 100_000)
                await writer.drain()
                await asyncio.sleep(0.01)
            answer = await asyncio.wait_for(reader.read(), 4)
            writer.close()
        assert answer.startswith(b"HTTP/1.1 413 ")

    async def test_it_refuses_what_the_service_does_not_take(self, front: Front) -> None:
        async with FakeService(front.runtime_dir, "demo", echo, {"body": 10}) as service:
            assert await outcome(front, "/r/demo/", method="POST", data=b"x" * 11) == (
                413,
                "body_too_large",
                None,
            )
            assert (await front.get("/r/demo/", method="POST", data=b"x" * 10))[0] == 200
        assert len(service.requests) == 1

    async def test_it_gives_up_on_a_slow_body(self, front: Front) -> None:
        begun = time.monotonic()
        async with FakeService(front.runtime_dir, "demo", echo):
            reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
            writer.write(b"POST /r/demo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx")
            answer = await drain(reader, 5)
            writer.close()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - begun < 5

    @pytest.mark.parametrize("path", ["/r/demo/", "/page"])
    @pytest.mark.parametrize(
        "headers",
        [
            b"X-Long: " + b"x" * 40_000 + b"\r\n",
            b"X-A: 1\r\n" * 200,
            b"X-A: 1\r\n" * 100_000,
            b"X-Endless: " + b"x" * 600_000,
        ],
        ids=["long", "many", "very many", "endless"],
    )
    async def test_it_refuses_large_headers(self, front: Front, path: str, headers: bytes) -> None:
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\n".encode() + headers + b"\r\n"
        async with FakeService(front.runtime_dir, "demo", echo), FakeWeb(front.runtime_dir, web_answer(200)):
            answer = await front.raw(request)
        assert answer.startswith(b"HTTP/1.1 431 ")

    @pytest.mark.parametrize("trailers", [b"X-A: 1\r\n" * 200_000, b"X-Endless: " + b"x" * 900_000])
    @pytest.mark.parametrize("path", ["/r/demo/", "/page"])
    async def test_it_refuses_endless_trailers(self, front: Front, path: str, trailers: bytes) -> None:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        async with FakeService(front.runtime_dir, "demo", echo), FakeWeb(front.runtime_dir, web_answer(200)):
            answer = await front.raw(head + b"1\r\nx\r\n0\r\n" + trailers)
            assert answer.startswith(b"HTTP/1.1 431 ")
            short = await front.raw(head + b"1\r\nx\r\n0\r\nX-Trailer: 1\r\n\r\n")
            assert short.startswith(b"HTTP/1.1 200 ")
            assert b"trailer" not in short

    async def test_it_refuses_a_long_target(self, front: Front) -> None:
        answer = await front.raw(b"GET /r/demo/" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 431 ")

    @pytest.mark.parametrize(
        "request_bytes",
        [
            b"nonsense\r\n\r\n",
            b"GET /r/demo/ HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
            b"GET /r/demo/ HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
            b"POST /r/demo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"POST /r/demo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
            b"POST /r/demo/ HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"TRACE /r/demo/ HTTP/1.1\r\nHost: x\r\n\r\n",
            b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        ],
    )
    async def test_it_refuses_what_is_no_request(self, front: Front, request_bytes: bytes) -> None:
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            answer = await front.raw(request_bytes)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b'{"error":{"code":"bad_request"' in answer
        assert service.requests == []

    async def test_it_bounds_the_requests_in_flight(self, start_front: Callable[..., Front]) -> None:
        front = start_front(max_in_flight=3, wall_margin=0.0)
        async with FakeService(front.runtime_dir, "demo", silent, {"wall": 1.0}):
            outcomes = await asyncio.gather(*(outcome(front, "/r/demo/") for _ in range(5)))
        assert sorted(outcomes, key=str) == [(503, "busy", "1")] * 2 + [(504, "timeout", None)] * 3

    async def test_it_bounds_the_requests_that_wait(self, start_front: Callable[..., Front]) -> None:
        front = start_front(max_waiting=3, connect_wait=0.7)
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            service.greets = False
            outcomes = await asyncio.gather(*(outcome(front, "/r/demo/") for _ in range(5)))
        assert sorted(outcomes) == [(503, "busy", "1")] * 2 + [(503, "starting", "1")] * 3

    async def test_it_bounds_the_bodies_in_memory(self, start_front: Callable[..., Front]) -> None:
        front = start_front(max_held=1_000_000)
        body = b"x" * 300_000
        head = b"POST /r/demo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 300001\r\n\r\n"
        async with FakeService(front.runtime_dir, "demo", echo):
            held = [await asyncio.open_connection("127.0.0.1", front.port) for _ in range(3)]
            for _, writer in held:
                writer.write(head + body)
                await writer.drain()
            await asyncio.sleep(0.2)
            assert (await front.raw(head + body)).startswith(b"HTTP/1.1 503 ")
            for reader, writer in held:
                writer.write(b"x")
                assert (await asyncio.wait_for(reader.readline(), 2)).startswith(b"HTTP/1.1 200 ")
                writer.close()
            assert (await front.raw(head + body + b"x")).startswith(b"HTTP/1.1 200 ")

    async def test_it_answers_503_when_the_node_has_died(self, front: Front) -> None:
        path = front.runtime_dir / "r" / "orphan"
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        try:
            assert await outcome(front, "/r/orphan/") == (503, "unavailable", "1")
            # However close they come to the end of an attempt to connect.
            answers = await asyncio.gather(*(front.raw(REQUEST * 100) for _ in range(10)))
            assert [answer.count(b"HTTP/1.1 503 ") for answer in answers] == [100] * 10
            assert not any(b"starting" in answer for answer in answers)
        finally:
            path.unlink()
