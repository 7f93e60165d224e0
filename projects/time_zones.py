"""Time zones by their IANA names."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

UTC = "UTC"
NAME_LENGTH = 64


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """All zones, in order. From the package's own list: zoneinfo would open six hundred files to find them."""
    return tuple(sorted((resources.files("tzdata") / "zones").read_text().split()))
