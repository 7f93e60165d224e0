"""What front has to be told; it reads no configuration itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class GatewaySettings:
    """Times in seconds, sizes in bytes."""

    runtime_dir: Path
    web_socket: Path
    jwt_secret: str
    platform_cookies: frozenset[str]
    api_key_prefix: str = "m3m_"
    # Addresses or networks whose X-Forwarded-For and -Proto are believed; "*" believes everyone.
    trusted_proxies: tuple[str, ...] = ()

    max_in_flight: int = 1024  # requests of one service
    max_waiting: int = 256  # requests of one service that wait until it serves
    connect_wait: float = 10.0  # how long they wait
    wall_margin: float = 1.0  # added to a service's own limit, so that it can answer first
    verdict_life: float = 1.0

    max_head: int = 32 * 1024
    max_headers: int = 128
    max_body: int = 10 * 1024 * 1024  # until a service has named its own limit
    max_held: int = 256 * 1024 * 1024  # request bodies in memory, of all clients together
    max_connections: int = 10_000
    head_wait: float = 15.0
    body_wait: float = 30.0
    idle_wait: float = 75.0  # longer than reverse proxies keep theirs
    write_wait: float = 30.0  # a client that takes nothing for so long is dropped

    web_wait: float = 5.0  # for a connection to web, or for its verdict
    web_silence: float = 300.0  # between two pieces of an answer of web

    @property
    def route_dir(self) -> Path:
        """Where the sockets of running services stand, each named by its slug."""
        return self.runtime_dir / "r"
