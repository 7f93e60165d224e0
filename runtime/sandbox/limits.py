"""Limits of one sandbox, sent with BOOT."""

from __future__ import annotations

# Not a dataclass: their module brings a dozen others into the memory of every sandbox.
from typing import NamedTuple


class Limits(NamedTuple):
    """Sizes in bytes, times in seconds."""

    heap: int = 64 * 1024 * 1024
    cpu: float = 2.0  # process CPU of one entry into the script
    wall: float = 30.0  # of one request or timer
    boot: float = 10.0  # wall time of top level and boot, and of start
    shutdown: float = 10.0
    body: int = 10 * 1024 * 1024
    response: int = 8 * 1024 * 1024
    timers: int = 200
    log_rate: int = 100  # lines a second
    log_burst: int = 1000
    log_line: int = 10_000  # characters

    @classmethod
    def of(cls, values: dict[str, float]) -> Limits:
        """Limits with some values replaced; unknown names are ignored (an older node may meet a newer one)."""
        return cls(**{name: value for name, value in values.items() if name in cls._fields})  # type: ignore[arg-type]


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters and the sign of a cut, before which the node masks the beginning of a secret."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
