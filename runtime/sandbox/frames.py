"""The wire format between node, sandbox and front.

A frame is a 4-byte big-endian payload length, a 1-byte kind, a 4-byte id and the payload: JSON in UTF-8, or nothing.
The id pairs a reply with its request; 0 where there is no pair. docs/design/frames.md tells who sends what.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from enum import IntEnum

HEADER = struct.Struct(">IBI")
MAX_PAYLOAD = 64 * 1024 * 1024
MAX_CALL = 32 * 1024 * 1024  # of a host call


class Kind(IntEnum):
    # node -> sandbox
    BOOT = 1  # files, environment, limits: evaluate and run boot callbacks
    START = 2  # the barrier is open: run start callbacks, then serve
    ENV = 3  # changed environment values
    STOP = 4  # run shutdown callbacks and leave
    RESULT = 5  # answer to a CALL: {"v": …} or {"e": …}
    # sandbox -> node
    BOOTED = 16
    STARTED = 17
    FAILED = 18  # final: {"reason", "message", "stack"}
    LOG = 19  # [level, text, dropped before it]
    CALL = 20  # a host call: {"f": "module.function", "a": [arguments]}
    ROUTES = 21  # what the script registered so far
    STOPPED = 22
    # front <-> sandbox
    HELLO = 32
    REQUEST = 33
    RESPONSE = 34
    REFUSED = 35  # not processed: the lease of this sandbox has ended


class FrameError(Exception):
    """The peer broke the format; its connection has to be closed."""


def pack(kind: int, payload: bytes = b"", frame_id: int = 0) -> bytes:
    """One frame as bytes. Raises FrameError for a payload above MAX_PAYLOAD."""
    if len(payload) > MAX_PAYLOAD:
        raise FrameError(f"payload of {len(payload)} bytes exceeds {MAX_PAYLOAD}")
    return HEADER.pack(len(payload), kind, frame_id) + payload


class Reader:
    """Cuts a byte stream into frames; `kinds` are the ones this side accepts, `largest` bounds payloads by kind."""

    def __init__(self, kinds: frozenset[int], largest: Mapping[int, int] | None = None) -> None:
        self._kinds = kinds
        self._largest = largest or {}
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yield (kind, id, payload) of each frame completed by `data`.

        Raises FrameError for a kind that is not accepted or a payload above its bound.
        """
        buffer = self._buffer
        buffer += data
        position = 0
        try:
            while len(buffer) - position >= HEADER.size:
                length, kind, frame_id = HEADER.unpack_from(buffer, position)
                if kind not in self._kinds:
                    raise FrameError(f"unexpected kind {kind}")
                largest = self._largest.get(kind, MAX_PAYLOAD)
                if length > largest:
                    raise FrameError(f"payload of {length} bytes exceeds {largest}")
                end = position + HEADER.size + length
                if len(buffer) < end:
                    break
                payload = bytes(buffer[position + HEADER.size : end])
                position = end
                yield kind, frame_id, payload
        finally:
            del buffer[:position]
