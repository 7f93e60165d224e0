"""What all connections of clients share in a front process."""

from __future__ import annotations

import itertools
import re
import secrets
from typing import Protocol

from runtime.gateway.forwarded import Forwarded
from runtime.gateway.scrub import Scrubber
from runtime.gateway.services import Judge, Services
from runtime.gateway.settings import GatewaySettings

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")


class Swept(Protocol):
    """A client's connection."""

    def sweep(self, now: float) -> None: ...


class Door:
    """The table of services, the credentials to hide, and the sums that are bounded."""

    def __init__(self, settings: GatewaySettings, judge: Judge) -> None:
        self.settings = settings
        self.services = Services(settings, judge)
        self.scrubber = Scrubber(settings.platform_cookies, settings.jwt_secret, settings.api_key_prefix)
        self.forwarded = Forwarded(settings.trusted_proxies)
        self.clients: set[Swept] = set()
        self.sockets = 0  # WebSockets, which are no longer among the clients
        self.held = 0  # bytes of request bodies in memory
        self._counter = itertools.count(1)
        self._prefix = secrets.token_hex(6)

    def request_id(self, proposed: bytes | None = None) -> str:
        """The caller's id when it has our form, else a new one that no other process gives."""
        if proposed is not None and _REQUEST_ID.fullmatch(proposed) is not None:
            return proposed.decode()
        return f"{self._prefix}-{next(self._counter):06x}"

    def sweep_clients(self, now: float) -> None:
        for client in list(self.clients):
            client.sweep(now)

    @property
    def is_full(self) -> bool:
        """Whether there are more connections than may be."""
        return len(self.clients) + self.sockets > self.settings.max_connections
