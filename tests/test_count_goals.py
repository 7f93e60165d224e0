"""Increments that were answered are there, whoever is killed, and a repeated one counts once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from m3m_site.conf import BASE_DIR, Config
from tests.platform import Answer, Platform, wait_for
from tests.stores import KINDS, missing, store

CLIENTS = 4
# 2500 for the whole truth.
EACH = int(os.environ.get("M3M_TEST_INCREMENTS", "150"))
PATIENCE = 60 + EACH / 2
GOAL = "/projects/shop/goals/orders"

Clients = dict[str, subprocess.Popen[bytes]]


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, require: Callable[[object, str], None]) -> Iterator[Platform]:
    """A platform on either database, with a goal to count and no limit of requests."""
    why = missing(request.param)
    require(not why, why)
    with store(request.param) as environment:
        environment.pop("M3M_REDIS_URI", None)
        if "rate_limit" in getattr(Config.model_fields["server"].annotation, "model_fields", {}):
            environment["M3M_SERVER_RATE_LIMIT"] = ""
        with Platform(**environment) as platform:
            platform.api("POST", "/projects", {"name": "Shop", "slug": "shop"})
            made = platform.api("POST", "/projects/shop/goals", {"name": "Orders", "type": "daily_counter"})
            assert made.status == 201, made
            yield platform


def increment(platform: Platform, key: str) -> Answer:
    headers = {"Authorization": f"Bearer {platform.login()}", "Idempotency-Key": key}
    return platform.request("POST", f"/api{GOAL}/increment", headers=headers)


def total(platform: Platform) -> int:
    """The goal's sum, yesterday's too: midnight may pass."""
    (goal,) = platform.api("GET", "/projects/shop/goals/stats?days=2").json["goals"]
    return int(goal["total"])


@contextmanager
def counting(platform: Platform, folder: Path) -> Iterator[Clients]:
    """Four processes that count; what they were told stands in files of their names."""
    with ExitStack() as stack:
        clients: Clients = {}
        for name in (f"c{number}" for number in range(CLIENTS)):
            path = f"/api{GOAL}/increment"
            command = [
                sys.executable,
                "-m",
                "tests.counting",
                str(platform.processes.port),
                path,
                name,
                str(EACH),
            ]
            told = stack.enter_context((folder / name).open("wb"))
            clients[name] = subprocess.Popen(command, cwd=BASE_DIR, stdin=subprocess.PIPE, stdout=told)  # noqa: S603
            stack.callback(clients[name].wait)
            stack.callback(clients[name].kill)
            sent = clients[name].stdin
            assert sent
            sent.write(platform.login().encode())
            sent.close()
        yield clients


def answered(folder: Path, *names: str) -> int:
    return sum((folder / name).read_bytes().count(b"\n") for name in names)


@pytest.mark.slow
class CountGoalsTest:
    def test_it_counts_what_it_answered_and_once(
        self, shop: Platform, tmp_path: Path, report: Callable[[str], None]
    ) -> None:
        begun = time.monotonic()
        with counting(shop, tmp_path) as clients:
            wait_for(lambda: answered(tmp_path, "c0") > EACH / 4, PATIENCE, "a quarter is counted")
            clients["c0"].kill()
            web = shop.processes.pid_of("web")
            wait_for(lambda: answered(tmp_path, "c1") > EACH / 3, PATIENCE, "a third is counted")
            shop.kill(web)
            for name in ("c1", "c2", "c3"):
                assert clients[name].wait(PATIENCE) == 0, name
        seconds = time.monotonic() - begun
        acknowledged = answered(tmp_path, *clients)
        killed = answered(tmp_path, "c0")
        assert acknowledged == 3 * EACH + killed
        assert acknowledged <= total(shop) <= acknowledged + 1
        report(f"increments by REST with a key each, web killed once: {acknowledged / seconds:.0f}/s")

        assert killed < EACH
        assert increment(shop, f"c0-{killed + 1}").status == 200, "what was in flight"
        assert total(shop) == acknowledged + 1
        for number in range(1, EACH + 1, max(1, EACH // 20)):
            for name in ("c1", "c2"):
                assert increment(shop, f"{name}-{number}").status == 200, "answered again"
        assert total(shop) == acknowledged + 1
