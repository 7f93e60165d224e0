"""The sandbox's end of one connection of front; answers are gathered and sent in few writes."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

from runtime.sandbox.frames import FrameError, Kind, Reader, pack

FROM_FRONT = frozenset({Kind.REQUEST})
HELD_BYTES = 65536
HELD_SECONDS = 0.002
MAX_BACKLOG = 128 * 1024 * 1024


class RouteLink:
    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket = sock
        self.fileno = sock.fileno()
        self._reader = Reader(FROM_FRONT)
        self._out = bytearray()
        self._since = 0.0
        self.waits = False
        self.closed = False

    def receive(self) -> Iterator[tuple[int, int, bytes]]:
        """Frames of one read; sets `closed` at the end of the stream or when front breaks the format."""
        try:
            data = self._socket.recv(262144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.closed = True
            return
        self._since = time.monotonic()
        try:
            yield from self._reader.feed(data)
        except FrameError:
            self.closed = True

    def add(self, kind: int, payload: bytes, frame_id: int = 0) -> None:
        self._out += pack(kind, payload, frame_id)

    def due(self) -> bool:
        """Whether answers should not wait for the rest of the batch."""
        return len(self._out) > HELD_BYTES or time.monotonic() - self._since > HELD_SECONDS

    def flush(self) -> bool:
        """Send what fits; returns whether something is left."""
        if not self._out or self.closed:
            return False
        try:
            sent = self._socket.send(self._out)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.closed = True
            return False
        del self._out[:sent]
        if len(self._out) > MAX_BACKLOG:
            self.closed = True
        return bool(self._out)

    def close(self) -> None:
        self._socket.close()
