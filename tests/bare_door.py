"""The platform without its headers, and a server that is no service: the controls of tests on isolation."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Spelled to the same length, so that nothing else of the stream changes.
STRIPPED = {
    b"content-security-policy: sandbox": b"x-nothing-security-says: sandbox",
    b"x-content-type-options: nosniff": b"x-nothing-said-options: nosniff",
    b"cross-origin-opener-policy: same-origin": b"x-nothing-here-on-openers: same-origin ",
}


def _pump(source: socket.socket, target: socket.socket, replaced: dict[bytes, bytes]) -> None:
    try:
        while data := source.recv(1 << 20):
            for old, new in replaced.items():
                data = data.replace(old, new)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()


@contextmanager
def bare_door(port: int, replaced: dict[bytes, bytes]) -> Iterator[str]:
    """An origin that leads to the platform at `port` with `replaced` in all that it answers."""
    assert all(len(old) == len(new) for old, new in replaced.items())

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as platform:
                answers = threading.Thread(target=_pump, args=[platform, self.request, replaced], daemon=True)
                answers.start()
                _pump(self.request, platform, {})
                answers.join()

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with _serving(Server(("127.0.0.1", 0), Handler)) as origin:
        yield origin


@contextmanager
def plain_server(answer: dict[str, list[str]]) -> Iterator[str]:
    """A server on the platform's host that shows the headers it was sent, and answers with these."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
            self.send_response(200)
            for name, values in answer.items():
                for value in values:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as origin:
        yield origin


@contextmanager
def _serving(server: socketserver.ThreadingTCPServer | ThreadingHTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
