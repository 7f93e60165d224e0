"""The way of a request to a service and back."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from runtime.gateway.tests.harness import FakeService, FakeWeb, Front, always, drain, echo, web_answer

CSP = "sandbox allow-scripts allow-forms allow-modals allow-popups allow-downloads"


class CallServiceTest:
    async def test_it_passes_the_whole_request(self, front: Front) -> None:
        async with FakeService(front.runtime_dir, "demo", echo):
            status, seen = await front.get(
                "/r/demo/users/1?a=1&b=%20",
                method="POST",
                data=b'{"x": 1}',
                headers={"X-Custom": "yes", "X-Request-ID": "given-by-the-caller"},
            )
        assert status == 200
        assert (seen["m"], seen["p"], seen["q"], seen["b"]) == ("POST", "/users/1", "a=1&b=%20", '{"x": 1}')
        assert seen["ip"] == "127.0.0.1"
        assert seen["id"] == "given-by-the-caller"
        assert seen["h"]["x-custom"] == "yes"
        assert seen["h"]["content-length"] == "8"
        assert seen["h"]["host"] == f"127.0.0.1:{front.port}"
        assert "x-request-id" not in seen["h"]

    async def test_it_answers_under_the_alias(self, front: Front) -> None:
        async with FakeService(front.runtime_dir, "demo", echo):
            status, seen = await front.get("/api/r/demo/x")
        assert (status, seen["p"]) == (200, "/x")

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("/r/demo", "/"),
            ("/r/demo/", "/"),
            ("/r/demo//a//", "//a//"),
            ("/r/demo/a%2Fb/%D0%AF%20z", "/a%2Fb/Я z"),
            ("/r/demo/a%2fb", "/a%2Fb"),
            ("/r/demo/../x/./y", "/../x/./y"),
            ("/r/demo/%2e%2e/x", "/../x"),
            ("/r/demo/100%", "/100%"),
            ("/r/demo/%25", "/%"),
            ("/r/demo/a;b=c", "/a;b=c"),
        ],
    )
    async def test_it_decodes_the_path_once(self, front: Front, path: str, expected: str) -> None:
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            answer = await front.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert b" 200 " in answer.partition(b"\r\n")[0]
        assert service.requests[0]["p"] == expected

    @pytest.mark.parametrize("path", ["/r/demo/%00", "/r/demo/a%00b", "/r/demo/%ff", "/r/demo/%c3%28"])
    async def test_it_refuses_a_path_that_is_no_text(self, front: Front, path: str) -> None:
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            status, body = await front.get(path)
        assert (status, body["error"]["code"]) == (400, "bad_path")
        assert service.requests == []

    @pytest.mark.parametrize(
        "body", [b"", b"text", "Я".encode(), b"\xff\xfe\x00", b"\x00" * 10, b"x" * 300_000]
    )
    async def test_it_carries_any_body_both_ways(self, front: Front, body: bytes) -> None:
        async def handler(_service: FakeService, request: dict[str, Any], _id: int) -> object:
            return {"s": 200, **{key: value for key, value in request.items() if key in ("b", "b64")}}

        async with (
            FakeService(front.runtime_dir, "demo", handler) as service,
            front.ask("/r/demo/", method="PUT", data=body) as response,
        ):
            assert await response.read() == body
        seen = service.requests[0]
        assert ("b64" in seen) == (b"\xff" in body)
        if "b64" in seen:
            assert base64.b64decode(seen["b64"]) == body

    async def test_it_takes_a_chunked_body(self, front: Front) -> None:
        request = (
            b"POST /r/demo/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            await front.raw(request + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        assert service.requests[0]["b"] == "abcde"
        assert "transfer-encoding" not in service.requests[0]["h"]

    async def test_it_says_continue_when_asked(self, front: Front) -> None:
        async with FakeService(front.runtime_dir, "demo", echo):
            reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
            writer.write(
                b"POST /r/demo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
            )
            assert (
                await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2) == b"HTTP/1.1 100 Continue\r\n\r\n"
            )
            writer.write(b"ok")
            assert b" 200 " in await asyncio.wait_for(reader.readline(), 2)
            writer.close()

    async def test_it_answers_pipelined_requests_in_order(self, front: Front) -> None:
        async def handler(_service: FakeService, request: dict[str, Any], _id: int) -> object:
            await asyncio.sleep(0.1 if request["p"] == "/0" else 0)
            return {"s": 200, "b": f"answer {request['p']};"}

        requests = b"".join(b"GET /r/demo/%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(5))
        missing = b"GET /r/Bad/ HTTP/1.1\r\nHost: x\r\n\r\n"
        async with FakeService(front.runtime_dir, "demo", handler):
            answer = await front.raw(requests + missing)
        positions = [answer.index(b"answer /%d;" % number) for number in range(5)]
        assert positions == sorted(positions)
        assert answer.index(b"HTTP/1.1 404") > positions[-1]

    async def test_it_answers_thousands_of_pipelined_refusals(self, front: Front) -> None:
        bad = b"GET /r/Bad/ HTTP/1.1\r\nHost: x\r\n\r\n"
        post = b"POST /r/Bad/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
        good = b"GET /r/demo/ HTTP/1.1\r\nHost: x\r\n\r\n"
        async with FakeService(front.runtime_dir, "demo", always({"s": 200, "b": "x"})):
            answer = await front.raw(bad * 3000 + good + bad * 3000 + post * 10 + good)
        assert answer.count(b"HTTP/1.1 404") == 6010
        assert answer.count(b"HTTP/1.1 200") == 2

    async def test_it_carries_out_nothing_after_the_last_request(self, front: Front) -> None:
        last = b"GET /r/demo/last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        more = b"GET /r/demo/more HTTP/1.1\r\nHost: x\r\n\r\n"
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            await front.raw(last + more * 3)
        assert [request["p"] for request in service.requests] == ["/last"]

    async def test_it_joins_repeated_headers(self, front: Front) -> None:
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            await front.raw(
                b"GET /r/demo/ HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a: 2\r\nCookie: a=1\r\nCookie: b=2\r\n"
                b"Connection: close, x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"
            )
        assert service.requests[0]["h"] == {"host": "x", "x-a": "1, 2", "cookie": "a=1; b=2"}

    async def test_it_secures_every_answer(self, front: Front) -> None:
        reply = {"s": 200, "h": {"content-type": "image/svg+xml", "content-security-policy": "default-src *"}}
        async with (
            FakeService(front.runtime_dir, "demo", always(reply)),
            FakeWeb(front.runtime_dir, web_answer(404)),
        ):
            for path in ("/r/demo/", "/api/r/demo/", "/r/none/", "/r/", "/r/demo/%00"):
                async with front.ask(path) as response:
                    assert CSP in response.headers.getall("Content-Security-Policy")
                    assert response.headers.getall("X-Content-Type-Options") == ["nosniff"]
                    assert len(response.headers["X-Request-ID"]) >= 8

    @pytest.mark.parametrize("status", [204, 205, 304])
    async def test_it_sends_no_body_where_there_is_none(self, front: Front, status: int) -> None:
        request = b"GET /r/demo/ HTTP/1.1\r\nHost: x\r\n\r\n"
        async with FakeService(front.runtime_dir, "demo", always({"s": status, "b": "surplus"})):
            answer = await front.raw(request + request)
        assert answer.count(b"HTTP/1.1 %d" % status) == 2
        assert b"surplus" not in answer

    async def test_it_answers_head_with_the_length_alone(self, front: Front) -> None:
        async with FakeService(front.runtime_dir, "demo", always({"s": 200, "b": "12345"})):
            answer = await front.raw(b"HEAD /r/demo/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"content-length: 5\r\n" in answer
        assert answer.endswith(b"\r\n\r\n")

    async def test_it_closes_for_http_1_0(self, front: Front) -> None:
        async with FakeService(front.runtime_dir, "demo", always({"s": 200, "b": "x"})):
            reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
            writer.write(b"GET /r/demo/ HTTP/1.0\r\n\r\n")
            answer = await asyncio.wait_for(reader.read(), 2)
            writer.close()
        assert answer.endswith(b"\r\n\r\nx")

    async def test_it_uses_one_connection_for_many_callers(self, front: Front) -> None:
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            await asyncio.gather(*(front.get(f"/r/demo/{number}") for number in range(50)))
            assert service.connections == 1
        assert {request["p"] for request in service.requests} == {f"/{number}" for number in range(50)}

    async def test_it_gives_an_id_when_the_callers_is_unfit(self, front: Front) -> None:
        async with FakeService(front.runtime_dir, "demo", echo):
            for unfit in ("short", "x" * 65, "with space in it", "<script>alert(1)"):
                async with front.ask("/r/demo/", headers={"X-Request-ID": unfit}) as response:
                    assert response.headers["X-Request-ID"] != unfit
                    assert (await response.json())["id"] == response.headers["X-Request-ID"]

    async def test_it_forgets_a_caller_who_left(self, front: Front) -> None:
        async def handler(_service: FakeService, request: dict[str, Any], _id: int) -> object:
            if request["p"] == "/slow":
                await asyncio.sleep(0.3)
            return {"s": 200, "b": request["p"]}

        async with FakeService(front.runtime_dir, "demo", handler) as service:
            for _ in range(20):
                _, writer = await asyncio.open_connection("127.0.0.1", front.port)
                writer.write(b"GET /r/demo/slow HTTP/1.1\r\nHost: x\r\n\r\n")
                await writer.drain()
                writer.transport.abort()
            await asyncio.sleep(0.5)
            async with front.ask("/r/demo/next") as response:
                assert await response.text() == "/next"
            assert service.connections == 1

    async def test_it_believes_trusted_proxies_only(self, start_front: Callable[..., Front]) -> None:
        front = start_front(trusted_proxies=["127.0.0.1", "10.0.0.0/8"])
        headers = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.1.2.3", "X-Forwarded-Proto": "https"}
        async with FakeService(front.runtime_dir, "demo", echo):
            _, seen = await front.get("/r/demo/", headers=headers)
        assert seen["ip"] == "203.0.113.9"
        assert seen["h"]["x-forwarded-proto"] == "https"
        assert "x-forwarded-for" not in seen["h"]

    async def test_it_reads_absolute_targets(self, front: Front) -> None:
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            answer = await front.raw(
                b"GET http://x/r/demo/a?b=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
        assert b" 200 " in answer.partition(b"\r\n")[0]
        assert (service.requests[0]["p"], service.requests[0]["q"]) == ("/a", "b=1")

    async def test_it_keeps_order_between_a_service_and_web(self, front: Front) -> None:
        one = b"GET /r/demo/ HTTP/1.1\r\nHost: x\r\n\r\n"
        two = b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n"
        async with (
            FakeService(front.runtime_dir, "demo", always({"s": 200, "b": "of the service"})),
            FakeWeb(front.runtime_dir, web_answer(200)),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
            writer.write(two + one + two + one)
            answer = await drain(reader)
            writer.close()
        bodies = [b"a page of web", b"of the service"] * 2
        position = 0
        for body in bodies:
            position = answer.index(body, position) + 1

    async def test_it_passes_half_a_surrogate_pair_as_a_replacement(self, front: Front) -> None:
        async def handler(_service: FakeService, _request: dict[str, Any], frame_id: int) -> object:
            payload = json.dumps({"s": 200, "b": "a\ud800b\udc00😀", "h": {"x-bad": "\ud800", "x-good": "1"}})
            return (
                len(payload).to_bytes(4, "big") + bytes([34]) + frame_id.to_bytes(4, "big") + payload.encode()
            )

        async with FakeService(front.runtime_dir, "demo", handler), front.ask("/r/demo/") as response:
            assert (await response.read()).decode() == "a\ufffdb\ufffd😀"
            assert response.headers["X-Good"] == "1"
            assert "X-Bad" not in response.headers
