"""Ids of records: UUIDs of version 7 (RFC 9562), whose order is that of their making."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def new_record_id() -> uuid.UUID:
    """A new id, above every one that this process made before: milliseconds, 12 bits of count, 62 random bits."""
    global _last  # noqa: PLW0603  (one clock per process)
    with _lock:
        _last = max(time.time_ns() // 1_000_000 << 12, _last + 1)
        ticks = _last
    random = int.from_bytes(os.urandom(8), "big") >> 2
    milliseconds, count = ticks >> 12, ticks & 0xFFF
    return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (count << 64) | (0b10 << 62) | random)
