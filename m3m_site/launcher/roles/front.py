"""front: the gateway to running services, and the way to web for everything else. No Django here."""

from __future__ import annotations

import socket

from m3m_site.conf import load_config, runtime_dir
from runtime.gateway.app import serve
from runtime.gateway.settings import GatewaySettings

__all__ = ["preload", "run"]

PLATFORM_COOKIES = frozenset({"m3m_session", "m3m_csrf", "messages", "django_language"})


def preload() -> None:
    """Nothing beyond the imports."""


def gateway_settings() -> GatewaySettings:
    config = load_config()
    folder = runtime_dir()
    return GatewaySettings(
        runtime_dir=folder,
        web_socket=folder / "web.sock",
        jwt_secret=config.jwt.secret,
        platform_cookies=PLATFORM_COOKIES,
        trusted_proxies=tuple(config.server.trusted_proxies),
    )


def run(listener: socket.socket) -> int:
    """Serve until SIGTERM."""
    serve(gateway_settings(), listener, log_level="warning")
    return 0
