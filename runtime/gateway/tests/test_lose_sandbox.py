"""Sandboxes that die, hang, break the format, or have lost their lease."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from runtime.gateway.tests.harness import PROJECT, FakeService, Front, always, echo, silent
from runtime.sandbox.frames import HEADER, Kind, pack


async def until(condition: Callable[[], object], limit: float = 3.0) -> None:
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        await asyncio.sleep(0.01)


def has_connections(service: FakeService, count: int) -> bool:
    return service.connections >= count


async def code_of(front: Front, path: str) -> tuple[int, str]:
    status, body = await front.get(path)
    return status, body["error"]["code"] if status >= 400 else ""


class LoseSandboxTest:
    async def test_it_answers_502_for_what_was_in_flight(self, front: Front) -> None:
        async with FakeService(front.runtime_dir, "demo", silent) as service:
            asked = [asyncio.create_task(code_of(front, f"/r/demo/{number}")) for number in range(10)]
            await until(lambda: len(service.requests) == 10)
            service.drop()
            assert await asyncio.gather(*asked) == [(502, "service_died")] * 10
            service.handler = echo
            assert await code_of(front, "/r/demo/") == (200, "")

    async def test_it_answers_502_when_the_process_is_killed(self, front: Front) -> None:
        path = front.runtime_dir / "r" / "victim"
        command = [sys.executable, "-m", "runtime.gateway.tests.echo_sandbox", str(path)]
        process = subprocess.Popen(command, cwd=PROJECT)  # noqa: ASYNC220, S603
        try:
            await until(path.exists, 10)
            # The file is there from bind on, the listener a moment later.
            async with asyncio.timeout(10):
                while await code_of(front, "/r/victim/") != (200, ""):
                    await asyncio.sleep(0.02)
            process.send_signal(signal.SIGSTOP)
            asked = asyncio.create_task(code_of(front, "/r/victim/"))
            await asyncio.sleep(0.2)
            process.kill()
            assert await asyncio.wait_for(asked, 5) == (502, "service_died")
            assert await code_of(front, "/r/victim/") == (503, "unavailable")
        finally:
            process.kill()
            process.wait()
            path.unlink()

    async def test_it_answers_504_and_goes_on(self, front: Front) -> None:
        async def handler(service: FakeService, request: dict[str, Any], _id: int) -> object:
            if request["p"] == "/slow":
                await asyncio.sleep(3)
            return {"s": 200, "b": "{}"}

        begun = time.monotonic()
        async with FakeService(front.runtime_dir, "demo", handler, {"wall": 0.3}) as service:
            assert await code_of(front, "/r/demo/slow") == (504, "timeout")
            assert 0.7 < time.monotonic() - begun < 7
            # The late answer disturbs nobody.
            await asyncio.sleep(2.5)
            assert await code_of(front, "/r/demo/") == (200, "")
            assert service.connections == 1

    async def test_it_waits_while_the_service_boots(self, front: Front) -> None:
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            service.greets = False
            asked = [asyncio.create_task(code_of(front, "/r/demo/")) for _ in range(5)]
            await until(lambda: service.writers)
            assert not service.requests
            service.greet(service.writers[0])
            assert await asyncio.gather(*asked) == [(200, "")] * 5
            assert service.connections == 1

    async def test_it_outlives_sandboxes_that_die_before_they_serve(self, front: Front) -> None:
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            service.greets = False
            asked = asyncio.create_task(code_of(front, "/r/demo/"))
            for attempt in range(3):
                await until(partial(has_connections, service, attempt + 1))
                service.drop()
            service.greets = True
            assert await asked == (200, "")

    async def test_it_sends_a_refused_request_to_the_new_holder(self, front: Front) -> None:
        async def refuse(_service: FakeService, _request: dict[str, Any], frame_id: int) -> object:
            return pack(Kind.REFUSED, b"{}", frame_id)

        async with FakeService(front.runtime_dir, "demo", echo) as old:
            assert await code_of(front, "/r/demo/") == (200, "")
            old.handler = refuse
            async with FakeService(front.runtime_dir, "demo", echo, {"epoch": 2}) as new:
                outcomes = await asyncio.gather(
                    *(code_of(front, f"/r/demo/{number}") for number in range(10))
                )
                assert outcomes == [(200, "")] * 10
                assert len(new.requests) == 10
                await asyncio.sleep(0.3)
                assert new.connections == 1

    async def test_it_sends_a_refused_request_again_only_once(self, front: Front) -> None:
        async def refuse(_service: FakeService, _request: dict[str, Any], frame_id: int) -> object:
            return pack(Kind.REFUSED, b"{}", frame_id)

        async with FakeService(front.runtime_dir, "demo", refuse) as service:
            assert await code_of(front, "/r/demo/") == (503, "unavailable")
            assert len(service.requests) == 2

    async def test_it_leaves_a_connection_whose_socket_was_replaced(self, front: Front) -> None:
        async with FakeService(front.runtime_dir, "demo", always({"s": 200, "b": '"old"'})) as old:
            assert await front.get("/r/demo/") == (200, "old")
            old.handler = silent
            asked = asyncio.create_task(front.get("/r/demo/"))
            await until(lambda: len(old.requests) == 2)
            async with FakeService(front.runtime_dir, "demo", always({"s": 200, "b": '"new"'})):
                await asyncio.sleep(1.3)
                assert await front.get("/r/demo/") == (200, "new")
                # What was in flight on the old one may still be answered there.
                old.writers[0].write(pack(Kind.RESPONSE, b'{"s":200,"b":"\\"late\\""}', 2))
                assert await asked == (200, "late")
        assert len(old.requests) == 2

    @pytest.mark.parametrize(
        "garbage",
        [
            pack(Kind.RESPONSE, b"not json", 1),
            pack(Kind.RESPONSE, b"[]", 1),
            pack(Kind.RESPONSE, b'{"s":200,"h":[]}', 1),
            pack(Kind.RESPONSE, b'{"s":200,"c":"a=b"}', 1),
            pack(Kind.RESPONSE, b'{"s":200,"b":5}', 1),
            pack(Kind.RESPONSE, b'{"s":200,"b64":"*"}', 1),
            pack(Kind.RESPONSE, b"[" * 100_000, 1),
            pack(Kind.CALL, b"{}", 1),
            pack(200, b"{}", 1),
            pack(Kind.HELLO, b"{}", 1),
            HEADER.pack(0xFFFFFFFF, Kind.RESPONSE, 1),
            b"HTTP/1.1 200 OK\r\n\r\n",
        ],
    )
    async def test_it_ends_a_connection_that_breaks_the_format(self, front: Front, garbage: bytes) -> None:
        async with FakeService(front.runtime_dir, "demo", always(garbage)) as service:
            status, code = await code_of(front, "/r/demo/")
            assert (status, code in ("bad_answer", "service_died")) == (502, True)
            service.handler = echo
            assert await code_of(front, "/r/demo/") == (200, "")
            assert service.connections == 2

    @pytest.mark.parametrize("hello", [b"", b"{}", b"[]", b'{"epoch":1,"body":"x","wall":1,"response":1}'])
    async def test_it_serves_nothing_after_a_broken_hello(self, front: Front, hello: bytes) -> None:
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            service.greet = lambda writer: writer.write(pack(Kind.HELLO, hello))  # type: ignore[method-assign]
            assert await code_of(front, "/r/demo/") == (503, "starting")
        assert service.requests == []

    async def test_it_refuses_one_answer_that_is_too_large(self, front: Front) -> None:
        async def handler(_service: FakeService, request: dict[str, Any], _id: int) -> object:
            return {"s": 200, "b": "x" * (2000 if request["p"] == "/large" else 1000)}

        async with FakeService(front.runtime_dir, "demo", handler, {"response": 1000}) as service:
            assert await code_of(front, "/r/demo/large") == (502, "response_too_large")
            async with front.ask("/r/demo/") as response:
                assert (response.status, len(await response.read())) == (200, 1000)
            assert service.connections == 1

    @pytest.mark.parametrize("status", [0, 100, 101, 199, 600, -1, True, "200", None, 200.0])
    async def test_it_answers_500_for_a_status_that_is_none(self, front: Front, status: object) -> None:
        async with FakeService(front.runtime_dir, "demo", always({"s": status, "b": "secret stack"})):
            assert await code_of(front, "/r/demo/") == (500, "bad_status")

    async def test_it_reads_answers_cut_anywhere(self, front: Front) -> None:
        async def handler(service: FakeService, request: dict[str, Any], frame_id: int) -> object:
            frame = pack(Kind.RESPONSE, b'{"s":200,"b":"' + b"x" * 50 + b'"}', frame_id)
            for position in range(0, len(frame), 7):
                service.writers[0].write(frame[position : position + 7])
                await asyncio.sleep(0.002)
            return None

        async with FakeService(front.runtime_dir, "demo", handler), front.ask("/r/demo/") as response:
            assert await response.text() == "x" * 50

    async def test_it_carries_large_answers(self, front: Front) -> None:
        body = "Я" * 2_000_000
        async with (
            FakeService(front.runtime_dir, "demo", always({"s": 200, "b": body})),
            front.ask("/r/demo/") as response,
        ):
            assert (await response.read()).decode() == body
