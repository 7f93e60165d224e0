"""Who the client is, when trusted proxies stand before front."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Headers = list[tuple[bytes, bytes]]


class Forwarded:
    """Believes X-Forwarded-For and X-Forwarded-Proto of the proxies it was given, and of nobody else."""

    def __init__(self, trusted: Iterable[str]) -> None:
        """Raises ValueError for something that is neither an address nor a network."""
        values = list(trusted)
        self._everyone = "*" in values
        self._networks = [ipaddress.ip_network(value, strict=False) for value in values if value != "*"]
        self.trusts_nobody = not values

    def client(self, peer: str, scheme: str, headers: Headers) -> tuple[str, str]:
        """(address, scheme) of the client that `peer` speaks for."""
        if self.trusts_nobody or not self._trusts(peer):
            return peer, scheme
        hops: list[str] = []
        for name, value in headers:
            if name == b"x-forwarded-for":
                hops += value.decode("latin-1").split(",")
            elif name == b"x-forwarded-proto" and value.strip() in (b"http", b"https"):
                scheme = value.strip().decode()
        return self._first_stranger(peer, hops), scheme

    def _first_stranger(self, peer: str, hops: list[str]) -> str:
        address = peer
        for hop in reversed(hops):
            try:
                address = str(ipaddress.ip_address(_without_port(hop.strip())))
            except ValueError:
                break
            if not self._trusts(address):
                break
        return address

    def _trusts(self, address: str) -> bool:
        if self._everyone:
            return True
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host
