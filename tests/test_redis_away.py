from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from m3m_site.launcher.embedded import require_redis
from tests.crowd import create_service, make_services, serves, slugs
from tests.platform import Platform, wait_for

PATIENCE = 10.0


class Redis:
    """A Redis of the test's own, so that nobody starts it again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.uri = f"unix://{folder}/redis.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        socket = self._folder / "redis.sock"
        options = (
            "--port",
            "0",
            "--unixsocket",
            str(socket),
            "--dir",
            str(self._folder),
            "--appendonly",
            "yes",
        )
        self._process = subprocess.Popen([require_redis(), *options], stdout=subprocess.DEVNULL)  # noqa: S603
        wait_for(socket.exists, PATIENCE, "Redis listens")

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            (self._folder / "redis.sock").unlink(missing_ok=True)


@pytest.fixture
def redis() -> Iterator[Redis]:
    with tempfile.TemporaryDirectory(prefix="m3mr-") as folder:
        server = Redis(Path(folder))
        server.start()
        yield server
        server.kill()


@pytest.mark.slow
class RedisAwayTest:
    def test_routes_answer_and_a_start_happens(self, redis: Redis, report: Callable[[str], None]) -> None:
        runs, asked, later = slugs(3)
        with Platform(M3M_REDIS_URI=redis.uri) as platform:
            make_services(platform, [runs])
            create_service(platform, asked)
            create_service(platform, later)
            redis.kill()
            assert all(serves(platform, runs) for _ in range(50))
            assert platform.api("GET", "/projects").status == 200
            assert platform.request("GET", "/health").status == 503
            assert platform.api("POST", f"/projects/{asked}/start", {}).status == 202
            lasted = wait_for(lambda: serves(platform, asked), PATIENCE, "the start happens without Redis")
            report(f"Redis away: a start is accepted and serves after {lasted:.2f} s")
            assert platform.api("POST", f"/projects/{asked}/stop?wait=5", {}).json["status"] == "stopped"
            redis.start()
            lasted = wait_for(platform.is_well, PATIENCE, "/health says 200")
            report(f"Redis back: /health says 200 after {lasted:.2f} s")
            assert platform.api("POST", f"/projects/{later}/start", {}).status == 202
            wait_for(lambda: serves(platform, later), PATIENCE, "starts go on")
            assert all(serves(platform, runs) for _ in range(50))
