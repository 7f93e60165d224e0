"""The front process: routes of running services by frames, everything else forwarded to web."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import resource
import signal
import socket
from collections.abc import Iterator

import uvicorn
from uvicorn._types import (
    ASGIReceiveCallable,
    ASGISendCallable,
    LifespanScope,
    Scope,
)

from runtime.gateway.door import Door
from runtime.gateway.protocol import ClientProtocol
from runtime.gateway.proxy import Forward
from runtime.gateway.settings import GatewaySettings
from runtime.gateway.sockets import SocketForward
from runtime.gateway.web import Verdicts, Web

logger = logging.getLogger(__name__)

_SWEEP = 0.25
_SWEEPS_PER_SECOND = 4
_GRACE = 4
_MAX_FILES = 65536


class Gateway:
    """The ASGI application behind `ClientProtocol`, which answers routes of services before they get here."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.settings = settings
        self.web = Web(settings)
        self.door = Door(settings, Verdicts(self.web, settings))

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http":
            await Forward(self.door, self.web, scope, receive, send).run()
        elif scope["type"] == "websocket":
            await SocketForward(self.door, self.web, scope, receive, send).run()
        else:
            await self._live(scope, receive, send)

    async def _live(self, scope: LifespanScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await receive()
        await self.web.open()
        clock = asyncio.create_task(self._sweep())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        clock.cancel()
        self.door.services.close()
        await self.web.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _sweep(self) -> None:
        """One clock for all deadlines: a timer for each request would cost more than the request."""
        loop = asyncio.get_running_loop()
        door = self.door
        count = 0
        while True:
            await asyncio.sleep(_SWEEP)
            count += 1
            try:
                door.services.sweep(loop.time())
                if count % _SWEEPS_PER_SECOND == 0:
                    door.services.check_paths()
                    door.sweep_clients(loop.time())
            except Exception:
                # Without the clock nothing would ever time out.
                logger.exception("A sweep of deadlines failed")


class _Server(uvicorn.Server):
    """Returns after SIGTERM or SIGINT instead of dying of it once more."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(settings: GatewaySettings, sock: socket.socket, *, log_level: str = "info") -> None:
    """Serve on a listening socket until SIGTERM or SIGINT; in the main thread. Returns within 5 s of the signal.

    Raises the soft limit of open files, and freezes what is loaded so far out of the garbage collector's sight.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, _MAX_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    server = _Server(configure(settings, log_level=log_level))
    gc.collect()
    gc.freeze()
    server.run(sockets=[sock])


def configure(settings: GatewaySettings, *, log_level: str = "info") -> uvicorn.Config:
    """uvicorn's configuration of a front process."""
    return uvicorn.Config(
        Gateway(settings),
        interface="asgi3",
        loop="uvloop",
        http=ClientProtocol,
        ws="websockets-sansio",
        ws_max_size=1024 * 1024,
        lifespan="on",
        log_config=None,
        log_level=log_level,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
    )
