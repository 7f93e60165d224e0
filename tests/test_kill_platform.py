from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.crowd import Guard, all_serve, make_services, sandboxes, serves, slugs
from tests.platform import Platform, wait_for

SERVICES = 50
SLOWEST = 20.0  # ten times the aim


@pytest.fixture(scope="module")
def names() -> list[str]:
    return slugs(SERVICES)


@pytest.fixture(scope="module")
def fifty(names: list[str]) -> Iterator[Platform]:
    with Platform() as platform:
        make_services(platform, names)
        yield platform


@pytest.mark.slow
class KillPlatformTest:
    def test_all_come_back_when_the_zygote_is_killed(
        self, fifty: Platform, names: list[str], report: Callable[[str], None]
    ) -> None:
        assert back_after_kill(fifty, "zygote", names, report) <= SLOWEST

    def test_all_come_back_when_the_worker_is_killed(
        self, fifty: Platform, names: list[str], report: Callable[[str], None]
    ) -> None:
        time.sleep(5)  # the parent starts again at once what has lived so long
        assert back_after_kill(fifty, "worker", names, report) <= SLOWEST

    def test_a_graceful_stop_takes_ten_seconds_at_most_and_leaves_nothing(
        self, fifty: Platform, names: list[str], report: Callable[[str], None]
    ) -> None:
        all_serve(fifty, names, SLOWEST)
        lasted = fifty.processes.stop()
        report(f"graceful stop with {SERVICES} services: {lasted:.1f} s")
        assert lasted <= 10
        assert not fifty.pids()
        assert not any(sandboxes(names).values())

    def test_all_serve_after_a_start_of_everything(
        self, fifty: Platform, names: list[str], report: Callable[[str], None]
    ) -> None:
        fifty.processes.start()
        lasted = all_serve(fifty, names, SLOWEST)
        report(
            f"everything started again: {SERVICES} services serve {lasted:.1f} s after the platform said ready"
        )


def back_after_kill(platform: Platform, role: str, names: list[str], report: Callable[[str], None]) -> float:
    """Kill a process by its role; seconds until all services answer again, none of them by what lived before."""
    before = {pid for alive in sandboxes(names).values() for pid in alive}
    assert len(before) == len(names)
    with Guard(names) as guard:
        begun = time.monotonic()
        platform.kill(platform.processes.pid_of(role), signal.SIGKILL)
        wait_for(lambda: not any(set(alive) & before for alive in sandboxes(names).values()), 5, "all died")
        for slug in names:
            wait_for(partial(serves, platform, slug), SLOWEST * 2, f"{slug} serves again")
        lasted = time.monotonic() - begun
    report(f"{role} killed: all {len(names)} services serve again after {lasted:.2f} s (aim 2)")
    assert not guard.twice
    return lasted
