"""The load generator, a process of its own: `python -m benchmarks.load PORT CONNECTIONS SECONDS < request`.

Sends the request read from standard input over and over on kept connections, one in flight on each, and prints
{"rate", "p50", "p99", "errors", "sent"} with times in ms. It does as little as can be: one epoll, no parsing beyond status and length,
so that what it measures is the other side.
"""

from __future__ import annotations

import gc
import json
import select
import socket
import sys
import time

OK = b"HTTP/1.1 2"
LENGTH = b"content-length: "
WARM_UP = 0.2  # of the time; not counted


class Connection:
    """One kept connection with one request in flight."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.begun = 0.0
        self.buffer = b""

    def take(self, data: bytes) -> bool | None:
        """Add what was received; None while the answer is incomplete, else whether it was a 2xx."""
        if self.buffer:
            data = self.buffer + data
        head = data.find(b"\r\n\r\n")
        start = data.find(LENGTH) + len(LENGTH)
        if head < 0 or len(data) < head + 4 + int(data[start : data.index(b"\r", start)]):
            self.buffer = data
            return None
        self.buffer = b""
        return data.startswith(OK)


class Load:
    """Connections that send the same request for some seconds."""

    def __init__(self, port: int, connections: int, request: bytes) -> None:
        self.port, self.request = port, request
        self.errors = self.sent = 0
        self.times: list[float] = []
        self.counting = False
        self._epoll = select.epoll()
        self._open: dict[int, Connection] = {}
        for _ in range(connections):
            self._connect()

    def _connect(self) -> None:
        connection = Connection(self.port)
        self._open[connection.socket.fileno()] = connection
        self._epoll.register(connection.socket.fileno(), select.EPOLLIN)
        self._send(connection)

    def _send(self, connection: Connection) -> None:
        self.sent += 1
        connection.begun = time.perf_counter()
        connection.socket.send(self.request)

    def _replace(self, connection: Connection) -> None:
        """The other side has closed: an error, and one connection anew."""
        self.errors += 1
        self._epoll.unregister(connection.socket.fileno())
        del self._open[connection.socket.fileno()]
        connection.socket.close()
        self._connect()

    def run(self, seconds: float) -> None:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            for fileno, _mask in self._epoll.poll(0.1):
                self._answer(self._open[fileno])

    def _answer(self, connection: Connection) -> None:
        try:
            data = connection.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._replace(connection)
            return
        good = connection.take(data)
        if good is None:
            return
        if self.counting:
            self.times.append(time.perf_counter() - connection.begun)
        if not good:
            self.errors += 1
        self._send(connection)


def main() -> None:
    port, connections, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    gc.disable()
    load = Load(port, connections, sys.stdin.buffer.read())
    load.run(seconds * WARM_UP)
    load.counting = True
    begun = time.perf_counter()
    load.run(seconds * (1 - WARM_UP))
    lasted = time.perf_counter() - begun
    times = sorted(load.times) or [0.0]
    answer = {
        "rate": len(load.times) / lasted,
        "p50": times[len(times) // 2] * 1000,
        "p99": times[len(times) * 99 // 100] * 1000,
        "errors": load.errors,
        "sent": load.sent,
    }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
