from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.crowd import Caller, make_services, sandbox_of, slugs
from tests.platform import Platform, wait_for

SERVICES = 50
KILLS = 100
SLOWEST = 0.5  # ten times the aim: the machine may be busy
CALLERS = 2  # of the service that is killed; each has one request in flight


@pytest.mark.slow
class KillServiceTest:
    def test_one_of_fifty_is_killed_a_hundred_times_under_load(self, report: Callable[[str], None]) -> None:
        names = slugs(SERVICES)
        with Platform(M3M_RUNTIME_HEALTHY_AFTER="1ms") as platform:
            make_services(platform, names)
            port = platform.processes.port
            with ExitStack() as stack:
                others = stack.enter_context(Caller(port, names[1:]))
                callers = [stack.enter_context(Caller(port, names[:1])) for _ in range(CALLERS)]
                times = sorted(kill(names[0], callers[0]) for _ in range(KILLS))
        report(
            f"one of {SERVICES} killed {KILLS} times: serving again after {times[KILLS // 2] * 1000:.0f} ms (median), "
            f"{times[KILLS * 99 // 100 - 1] * 1000:.0f} ms (p99, aim 50); {others.calls} calls elsewhere"
        )
        assert not others.failures
        assert others.calls > KILLS
        for caller in callers:
            failed = caller.statuses[names[0]]
            assert set(failed) <= {200, 502}, failed
            assert failed[502] <= KILLS
        assert times[KILLS * 99 // 100 - 1] <= SLOWEST


def kill(slug: str, caller: Caller) -> float:
    """Kill the sandbox of a service; seconds until somebody was answered by another one."""
    wait_for(lambda: caller.answers[slug] and sandbox_of(slug), 10, "it serves")
    seen = len(caller.answers[slug])
    os.kill(sandbox_of(slug), signal.SIGKILL)
    begun = time.monotonic()
    while len(caller.answers[slug]) == seen:
        assert time.monotonic() - begun < 10, "it does not come back"
        time.sleep(0.001)
    return time.monotonic() - begun
