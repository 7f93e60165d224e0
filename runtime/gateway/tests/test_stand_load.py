"""Slow clients, clients that do not read, and a process that is told to stop."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from typing import Any

from runtime.gateway.tests.harness import FakeService, FakeWeb, Front, always, drain, echo, web_answer


class StandSlowClientsTest:
    async def test_a_thousand_slow_clients_slow_nobody(self, start_front: Callable[..., Front]) -> None:
        front = start_front()
        beginnings = [
            b"",
            b"GET /r/de",
            b"POST /r/demo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx",
            b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx",
        ]
        async with FakeService(front.runtime_dir, "demo", echo), FakeWeb(front.runtime_dir, web_answer(200)):
            slow = []
            for number in range(1000):
                _, writer = await asyncio.open_connection("127.0.0.1", front.port)
                writer.write(beginnings[number % len(beginnings)])
                slow.append(writer)
            times = []
            for number in range(100):
                begun = time.perf_counter()
                async with front.ask("/health" if number % 2 else "/r/demo/") as response:
                    assert response.status == 200
                times.append(time.perf_counter() - begun)
            for writer in slow:
                writer.transport.abort()
        # Ten times what is asked for, since the machine may be busy.
        assert sorted(times)[98] < 1.0

    async def test_it_drops_a_client_that_does_not_read(self, start_front: Callable[..., Front]) -> None:
        front = start_front(write_wait=1.0)
        reply = {"s": 200, "b": "x" * 7_000_000}
        async with FakeService(front.runtime_dir, "demo", always(reply)) as service:
            reader, writer = await asyncio.open_connection("127.0.0.1", front.port, limit=1024)
            writer.write(b"GET /r/demo/ HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
            await asyncio.sleep(4)
            # Not one answer more is asked for than the client takes.
            assert len(service.requests) == 1
            received = await drain(reader)
            writer.close()
        assert len(received) < 7_000_000

    async def test_it_takes_no_more_clients_than_set(self, start_front: Callable[..., Front]) -> None:
        front = start_front(max_connections=5)
        async with FakeService(front.runtime_dir, "demo", echo):
            open_ones = [await asyncio.open_connection("127.0.0.1", front.port) for _ in range(5)]
            await asyncio.sleep(0.1)
            assert await front.raw(b"GET /r/demo/ HTTP/1.1\r\nHost: x\r\n\r\n") == b""
            for _, writer in open_ones:
                writer.close()
            await asyncio.sleep(0.1)
            assert (await front.get("/r/demo/"))[0] == 200

    async def test_it_closes_idle_connections(self, start_front: Callable[..., Front]) -> None:
        front = start_front(head_wait=0.5, idle_wait=0.5)
        async with FakeService(front.runtime_dir, "demo", echo):
            for beginning in (b"", b"GET /r/", b"GET /r/demo/ HTTP/1.1\r\nHost: x\r\n\r\n"):
                reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
                writer.write(beginning)
                await asyncio.wait_for(reader.read(), 4)
                writer.close()


class StopFrontTest:
    async def test_it_stops_within_five_seconds(self, start_front: Callable[..., Front]) -> None:
        front = start_front()
        async with FakeService(front.runtime_dir, "demo", echo):
            idle = [await asyncio.open_connection("127.0.0.1", front.port) for _ in range(5)]
            idle[0][1].write(b"POST /r/demo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
            await front.get("/r/demo/")
            begun = time.monotonic()
            front.process.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(front.process.wait, 10)
            assert time.monotonic() - begun < 10
            for _, writer in idle:
                writer.close()
        assert code == 0

    async def test_it_finishes_what_is_in_flight(self, start_front: Callable[..., Front]) -> None:
        async def handler(_service: FakeService, _request: dict[str, Any], _id: int) -> object:
            await asyncio.sleep(1)
            return {"s": 200, "b": '"done"'}

        front = start_front()
        async with FakeService(front.runtime_dir, "demo", handler) as service:
            asked = asyncio.create_task(front.get("/r/demo/"))
            while not service.requests:
                await asyncio.sleep(0.01)
            front.process.send_signal(signal.SIGTERM)
            assert await asked == (200, "done")
            assert await asyncio.to_thread(front.process.wait, 10) == 0
