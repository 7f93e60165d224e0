"""Real parts around front: a front process, services on unix sockets, a web on its unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from runtime.gateway.tests.echo_sandbox import HELLO
from runtime.sandbox.frames import Kind, Reader, pack

SECRET = "a-secret-of-the-platform-that-is-long-enough"
COOKIES = ["sessionid", "csrftoken"]
PROJECT = Path(__file__).resolve().parents[3]

Handler = Callable[["FakeService", dict[str, Any], int], Awaitable[object]]


class Front:
    """A front process on a free port of 127.0.0.1."""

    def __init__(self, runtime_dir: Path, **settings: object) -> None:
        self.runtime_dir = runtime_dir
        (runtime_dir / "r").mkdir(exist_ok=True)
        values: dict[str, object] = {
            "runtime_dir": str(runtime_dir),
            "web_socket": str(runtime_dir / "web.sock"),
            "jwt_secret": SECRET,
            "platform_cookies": COOKIES,
            **settings,
        }
        with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
            self.port: int = listener.getsockname()[1]
            command = [sys.executable, "-m", "runtime.gateway.tests.front_process", str(listener.fileno())]
            self.process = subprocess.Popen(  # noqa: S603
                [*command, json.dumps(values)], pass_fds=[listener.fileno()], cwd=PROJECT
            )

        self._wait_until_it_serves()

    def _wait_until_it_serves(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            client.sendall(b"GET /r/-/ HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 404"

    def url(self, path: str) -> URL:
        return URL(f"http://127.0.0.1:{self.port}{path}", encoded=True)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        finally:
            # One that hangs fails its test, and must not outlive it.
            self.process.kill()
            self.process.wait()

    @contextlib.asynccontextmanager
    async def ask(
        self, path: str, method: str = "GET", **options: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        options.setdefault("allow_redirects", False)
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, self.url(path), **options) as response,
        ):
            await response.read()
            yield response

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        """(status, JSON body) of a request."""
        async with self.ask(path, **options) as response:
            return response.status, await response.json(content_type=None)

    async def raw(self, data: bytes, *, end: bool = False) -> bytes:
        """Everything that front answers to `data` until it closes or is silent for a while."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            if end:
                writer.write_eof()
            return await drain(reader)
        finally:
            writer.close()


async def drain(reader: asyncio.StreamReader, silence: float = 0.5) -> bytes:
    received = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while piece := await asyncio.wait_for(reader.read(65536), silence):
            received += piece
    return received


class FakeService:
    """A service behind `<runtime_dir>/r/<slug>`; `handler` answers with a RESPONSE payload, bytes to write, or None."""

    def __init__(
        self, runtime_dir: Path, slug: str, handler: Handler, hello: dict[str, Any] | None = None
    ) -> None:
        self.path = runtime_dir / "r" / slug
        self.handler = handler
        self.hello = {**HELLO, **(hello or {})}
        self.greets = True
        self.requests: list[dict[str, Any]] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> FakeService:
        # Bound aside and renamed, as a node does it.
        aside = f"{self.path}.new"
        self._server = await asyncio.start_unix_server(self._serve, aside)
        os.rename(aside, self.path)
        self._inode = self.path.stat().st_ino
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self.writers:
            writer.transport.abort()
        with contextlib.suppress(FileNotFoundError):
            if self.path.stat().st_ino == self._inode:
                self.path.unlink()
        await asyncio.sleep(0)

    def greet(self, writer: asyncio.StreamWriter) -> None:
        writer.write(pack(Kind.HELLO, json.dumps(self.hello).encode()))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        if self.greets:
            self.greet(writer)
        frames = Reader(frozenset({int(Kind.REQUEST)}))
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                for _, frame_id, payload in frames.feed(data):
                    request = json.loads(payload)
                    self.requests.append(request)
                    task = asyncio.create_task(self._reply(writer, request, frame_id))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
        writer.close()

    async def _reply(self, writer: asyncio.StreamWriter, request: dict[str, Any], frame_id: int) -> None:
        answer = await self.handler(self, request, frame_id)
        if isinstance(answer, bytes):
            writer.write(answer)
        elif answer is not None:
            writer.write(pack(Kind.RESPONSE, json.dumps(answer).encode(), frame_id))

    def drop(self) -> None:
        """End all connections at once, as a killed process does."""
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()


async def echo(_service: FakeService, request: dict[str, Any], _frame_id: int) -> object:
    """Answers with what the service saw."""
    return {"s": 200, "h": {"content-type": "application/json"}, "b": json.dumps(request)}


async def silent(_service: FakeService, _request: dict[str, Any], _frame_id: int) -> object:
    return None


def always(reply: object) -> Handler:
    async def handler(_service: FakeService, _request: dict[str, Any], _frame_id: int) -> object:
        return reply

    return handler


class FakeWeb:
    """Stands in for Django behind `web.sock`; counts what it is asked."""

    def __init__(
        self, runtime_dir: Path, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> None:
        self._path = runtime_dir / "web.sock"
        self._handler = handler
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.cancelled = asyncio.Event()

    async def __aenter__(self) -> FakeWeb:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._runner = web.AppRunner(
            app, handler_cancellation=True, auto_decompress=False, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self._path)).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        self._path.unlink(missing_ok=True)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.raw_path)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        try:
            return await self._handler(request)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


def web_answer(status: int, **headers: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers=named, text="a page of web")

    return handler
