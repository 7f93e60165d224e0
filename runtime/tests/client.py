"""Front's side of a sandbox's route connection, for tests."""

from __future__ import annotations

import itertools
import json
import socket
import time
from typing import Any

from runtime.sandbox.frames import Kind, Reader, pack

EVERY_KIND = frozenset(int(kind) for kind in Kind)
PATIENCE = 10.0  # for what should take milliseconds; slow machines get an order of magnitude
Data = Any  # a decoded JSON payload


class Answer:
    """A RESPONSE, decoded."""

    def __init__(self, kind: int, payload: bytes, seconds: float) -> None:
        self.kind, self.seconds = kind, seconds
        self.reply: dict[str, Data] = json.loads(payload)
        self.status: int = self.reply.get("s", 0)

    @property
    def text(self) -> str:
        return str(self.reply.get("b", ""))

    @property
    def json(self) -> Data:
        return json.loads(self.text)


class Client:
    """Front's side of one route connection; requests may be answered in any order."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self._reader = Reader(EVERY_KIND)
        self._frames: dict[int, tuple[int, bytes]] = {}
        self._ids = itertools.count(1)
        self.hello: dict[str, Data] = json.loads(self._take(0)[1])

    def send(self, path: str, method: str = "GET", **more: Data) -> int:
        frame_id = next(self._ids)
        request = {
            "m": method,
            "p": path,
            "q": "",
            "h": {},
            "ip": "192.0.2.1",
            "id": f"rq-{frame_id}",
            **more,
        }
        self.socket.sendall(pack(Kind.REQUEST, json.dumps(request).encode(), frame_id))
        return frame_id

    def _take(self, frame_id: int) -> tuple[int, bytes]:
        """One frame by its id. Raises EOFError when the sandbox has gone."""
        while frame_id not in self._frames:
            data = self.socket.recv(1 << 20)
            if not data:
                raise EOFError("the sandbox closed the route connection")
            for kind, got, payload in self._reader.feed(data):
                self._frames[got] = (kind, payload)
        return self._frames.pop(frame_id)

    def receive(self, frame_id: int) -> Answer:
        started = time.monotonic()
        kind, payload = self._take(frame_id)
        return Answer(kind, payload, time.monotonic() - started)

    def request(self, path: str, method: str = "GET", **more: Data) -> Answer:
        return self.receive(self.send(path, method, **more))

    def close(self) -> None:
        self.socket.close()
