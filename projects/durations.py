"""Durations as configuration writes them: `30s`, `15m`, `1h30m`, `168h`, `7d`."""

from __future__ import annotations

import re
from datetime import timedelta

PATTERN = r"^(?:\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h|d))+$"
_WHOLE = re.compile(PATTERN, re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_duration(text: str) -> timedelta:
    """Raises ValueError for another form and for what is longer than time is here."""
    if len(text) > 64 or _WHOLE.fullmatch(text) is None:
        raise ValueError
    try:
        return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text)))
    except OverflowError:
        raise ValueError from None
