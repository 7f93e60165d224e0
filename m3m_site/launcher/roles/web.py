"""web: Django behind uvicorn, HTTP in a pool of threads, WebSockets through Channels."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Iterator

import uvicorn
import uvicorn.lifespan.off
import uvicorn.protocols.http.httptools_impl
import uvicorn.protocols.websockets.websockets_sansio_impl
import uvloop
from django.conf import settings
from django.test import Client
from django.urls import get_resolver

from m3m_site.asgi import application
from m3m_site.launcher.scheduling import step_aside

__all__ = ["preload", "run"]

# Where cores are few, routes of services go before lists and pages.
NICE, TURN = 10, 0.1


class Server(uvicorn.Server):
    """Returns after SIGTERM; uvicorn's own raises the signal once more when it has stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        signal.signal(signal.SIGTERM, self.handle_exit)
        yield


def preload() -> None:
    """Import every view and pattern, so that children share them."""
    get_resolver().url_patterns  # noqa: B018  (loads them)
    assert uvloop is not None  # noqa: S101


def warm_up() -> None:
    """Answer one page, which compiles the templates that all pages share."""
    host = next((host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"), "localhost")
    Client(SERVER_NAME=host).get("/admin/login/")


def run(listeners: list[socket.socket]) -> int:
    """Serve until SIGTERM. Only front and the reverse proxy can connect, so what they forward is believed."""
    step_aside(NICE, TURN)
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips="*",
        timeout_graceful_shutdown=2,
    )
    Server(config).run(sockets=listeners)
    return 0
