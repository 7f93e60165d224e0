"""How long services take to start, to come back when killed, and how long the platform takes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from celery import Celery

from benchmarks.figures import Figure, median, quantile
from benchmarks.stage import get_request
from m3m_site.conf import BASE_DIR
from tests.platform import Platform, wait_for

POLL = 0.001


class Poller:
    """Asks one address every millisecond over one kept connection."""

    def __init__(self, port: int, slug: str) -> None:
        self._address = ("127.0.0.1", port)
        self._request = get_request(f"/r/{slug}/")
        self._socket = socket.create_connection(self._address)

    def ask(self) -> bytes:
        """One answer; small enough to come in one piece, save when the connection was closed."""
        try:
            self._socket.sendall(self._request)
            answer = self._socket.recv(65536)
        except OSError:
            answer = b""
        if not answer:
            self._socket.close()
            self._socket = socket.create_connection(self._address)
        return answer

    def until(self, good: object = None, seconds: float = 20.0) -> float:
        """Poll until an answer is a 200 (and does not hold `good`); the moment it came."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            answer = self.ask()
            if answer.startswith(b"HTTP/1.1 200") and (good is None or body(answer) != good):
                return time.monotonic()
            time.sleep(POLL)
        raise RuntimeError("the service does not answer")

    def close(self) -> None:
        self._socket.close()


def body(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def start_once(platform: Platform, slug: str) -> float:
    """Milliseconds from the start request to the first 200; stops the service again."""
    poller = Poller(platform.processes.port, slug)
    moments: list[float] = []
    thread = threading.Thread(target=lambda: moments.append(poller.until()))
    thread.start()
    time.sleep(0.01)
    begun = time.monotonic()
    platform.api("POST", f"/projects/{slug}/start", {})
    thread.join()
    poller.close()
    platform.api("POST", f"/projects/{slug}/stop?wait=10")
    return (moments[0] - begun) * 1000


def starts(
    platform: Platform, slug: str, *, count: int, what: str, target: float | None, aim: float | None = None
) -> list[Figure]:
    platform.api("POST", f"/projects/{slug}/stop?wait=10")
    times = [start_once(platform, slug) for _ in range(count)]
    return [
        Figure(f"start → first 200, {what}: median", median(times), "ms", target=target, aim=aim),
        Figure(f"start → first 200, {what}: p95", quantile(times, 0.95), "ms"),
    ]


def keep_busy(platform: Platform, tasks: int) -> None:
    """Give the worker tasks that compute all the time, until `end_busy`."""
    folder = Path(platform.processes.environment["M3M_RUN"])
    flag = folder / "burning"
    flag.touch()
    with Celery(broker=f"redis+socket://{folder}/redis.sock") as client:
        for _ in range(tasks):
            client.send_task("benchmarks.burn", [str(flag)])
    time.sleep(0.3)


def end_busy(platform: Platform) -> None:
    (Path(platform.processes.environment["M3M_RUN"]) / "burning").unlink()


def kills(platform: Platform, slug: str, *, count: int) -> list[Figure]:
    """SIGKILL of a sandbox until its service answers from another one."""
    poller = Poller(platform.processes.port, slug)
    times = []
    for _ in range(count):
        before, pid = body(poller.ask()), sandbox_of(platform, slug)
        begun = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        times.append((poller.until(before) - begun) * 1000)
        time.sleep(0.03)
    poller.close()
    return [
        Figure("sandbox killed → serving again: median", median(times), "ms"),
        Figure("sandbox killed → serving again: p99", quantile(times, 0.99), "ms", target=50),
    ]


def sandbox_of(platform: Platform, slug: str) -> int:
    """Process id of a service's sandbox, which is named after it."""
    return next(pid for pid, name in platform.pids().items() if name == f"m3m/{slug}"[:15])


def platform_start(platform: Platform) -> list[Figure]:
    """Stop the platform and start it again; from the command to /health 200."""
    launched = platform.processes
    launched.stop()
    begun = time.monotonic()
    launched.process = subprocess.Popen(  # noqa: S603  (our own module)
        [sys.executable, "-m", "m3m_site.cli", "up"],
        cwd=BASE_DIR,
        env=launched.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(platform.is_well, 60, "/health says 200")
    return [Figure("platform start → /health 200 (second start)", time.monotonic() - begun, "s")]
