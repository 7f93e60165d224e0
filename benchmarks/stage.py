"""What the benchmarks run on: a platform, the yardstick beside it, and load generators in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection

from m3m_site.conf import BASE_DIR
from m3m_site.tests.platform import free_port
from tests.platform import Platform

# The route that the yardstick answers as well; nothing() for what only has to live, info for host calls.
CODE = """
let count = 0;
const born = Math.random();
router.post('/count', (ctx) => {
  count += Number(ctx.query.step);
  return ctx.json({ count, name: ctx.body.name, tag: ctx.headers['x-tag'] });
});
router.get('/', () => ({ born }));
router.get('/calls', (ctx) => {
  const begun = Date.now();
  let made = 0;
  let refused = 0;
  for (; Date.now() - begun < Number(ctx.query.ms); made += 1) {
    try { service.info(); } catch { refused += 1; }
  }
  return { made, refused, ms: Date.now() - begun };
});
"""
BODY = json.dumps({"name": "benchmark", "items": list(range(100, 140)), "text": "x" * 265})


@dataclass(frozen=True)
class Traffic:
    """What one load generator saw; times in ms, rate in requests/s."""

    rate: float
    p50: float
    p99: float
    errors: int
    sent: int


def post_request(path: str) -> bytes:
    """The request of the main figures: about 500 bytes of JSON, a header and a query value to read."""
    return (
        f"POST {path}/count?step=1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"X-Tag: some-tag\r\nUser-Agent: m3m-bench\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}"
    ).encode()


def get_request(path: str, token: str = "") -> bytes:
    login = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{login}\r\n".encode()


@contextmanager
def load(port: int, connections: int, seconds: float, request: bytes) -> Iterator[subprocess.Popen[bytes]]:
    """A load generator at work; `result` waits for it."""
    command = [sys.executable, "-m", "benchmarks.load", str(port), str(connections), str(seconds)]
    with subprocess.Popen(  # noqa: S603  (our own module)
        command, cwd=BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin  # noqa: S101
        process.stdin.write(request)
        process.stdin.close()
        yield process


def result(process: subprocess.Popen[bytes]) -> Traffic:
    assert process.stdout  # noqa: S101
    answer = Traffic(**json.loads(process.stdout.read()))
    process.wait()
    return answer


def measure(port: int, connections: int, seconds: float, request: bytes) -> Traffic:
    """One load from begin to end. Raises RuntimeError when a request failed: a figure of errors is none."""
    with load(port, connections, seconds, request) as process:
        answer = result(process)
    if answer.errors:
        raise RuntimeError(f"{answer.errors} of {answer.sent} requests failed")
    return answer


@contextmanager
def yardstick() -> Iterator[int]:
    """Port of a bare uvicorn application that does the same work."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.bare", str(port)]
    with subprocess.Popen(command, cwd=BASE_DIR) as process:  # noqa: S603  (our own module)
        try:
            _wait_for_port(port)
            yield port
        finally:
            process.terminate()


def _wait_for_port(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            probe = HTTPConnection("127.0.0.1", port, timeout=1)
            probe.connect()
            probe.close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("the yardstick does not start")


def make_services(platform: Platform, slugs: Sequence[str]) -> None:
    """Create, release and start services, and wait until all of them serve."""
    code = {"code": CODE}
    for slug in slugs:
        platform.api("POST", "/projects", {"name": slug, "slug": slug})
        platform.api("PUT", f"/projects/{slug}/pipeline/branches/develop", code)
        platform.api("POST", f"/projects/{slug}/pipeline/releases", {"branch": "develop"})
        platform.api("POST", f"/projects/{slug}/start", {})
    until = time.monotonic() + 30
    for slug in slugs:
        while platform.request("GET", f"/r/{slug}/").status != 200:
            if time.monotonic() > until:
                raise RuntimeError(f"service {slug} does not start")
            time.sleep(0.01)
