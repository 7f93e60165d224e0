from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress

import pytest

from tests.crowd import Caller, Guard, SecondWorker, all_serve, make_services, sandboxes, slugs
from tests.platform import Platform, wait_for
from tests.stores import KINDS, missing, store

SERVICES = 5
LEASE = 2.0
PATIENCE = 20.0
# Asks its node all the time, and says when it was answered.
ASKING = """
const born = crypto.randomUUID();
setInterval(() => {
  let outcome = 'answered';
  try { service.info(); } catch (error) { outcome = error.code; }
  logger.info(born, outcome, Date.now());
}, 50);
router.get('/', () => born);
"""


def run_of(platform: Platform, slug: str) -> dict[str, object]:
    return dict(platform.api("GET", f"/projects/{slug}/status").json["run"])


def taken_over(platform: Platform, names: Sequence[str]) -> bool:
    """Whether all services run in their second attempt."""
    return all(
        found["epoch"] == 2 and found["status"] == "running"
        for found in (run_of(platform, slug) for slug in names)
    )


def lived(names: Sequence[str]) -> set[int]:
    return {pid for alive in sandboxes(names).values() for pid in alive}


def assert_no_way_back(callers: Sequence[Caller], names: Sequence[str], stopped: float) -> None:
    """The first attempt answers nothing after its lease, and never again once the second has answered."""
    for caller in callers:
        for slug in names:
            assert len(caller.answers[slug]) == 2, (slug, caller.answers[slug])
            assert set(caller.statuses[slug]) <= {200, 502, 503}, caller.statuses[slug]
            assert caller.last[caller.answers[slug][0]] < stopped + LEASE


def assert_calls_refused(platform: Platform, slug: str, born: str, lost: float) -> Counter[str]:
    """No host call of this sandbox was answered once the lease was `lost` (by the wall clock); all outcomes."""
    lines = platform.api("GET", f"/projects/{slug}/logs?limit=1000&search={born}").json["lines"]
    told = [str(line["message"]).split() for line in lines]
    assert all(float(moment) / 1000 < lost for _born, outcome, moment in told if outcome == "answered")
    outcomes = Counter(outcome for _born, outcome, _moment in told)
    assert "answered" in outcomes
    assert set(outcomes) <= {"answered", "lease_lost"}
    return outcomes


@pytest.mark.slow
class StoppedWorkerTest:
    @pytest.mark.parametrize("kind", KINDS)
    def test_its_sandboxes_end_with_its_lease(self, kind: str, report: Callable[[str], None]) -> None:
        if reason := missing(kind):
            pytest.skip(reason)
        names = slugs(SERVICES)
        with store(kind) as environment, Platform(M3M_RUNTIME_LEASE=f"{LEASE}s", **environment) as platform:
            make_services(platform, names)
            first = lived(names)
            worker = platform.processes.pid_of("worker")
            with SecondWorker(platform), Guard(names) as guard, ExitStack() as stack:
                callers = [
                    stack.enter_context(Caller(platform.processes.port, names, 0.002)) for _ in range(2)
                ]
                os.kill(worker, signal.SIGSTOP)
                stopped = time.monotonic()
                try:
                    ended = wait_for(lambda: not lived(names) & first, LEASE + 1, "they end with the lease")
                    over = wait_for(lambda: taken_over(platform, names), PATIENCE, "the second takes over")
                finally:
                    os.kill(worker, signal.SIGCONT)
                all_serve(platform, names, PATIENCE)
                # Long enough for the first to look around and to do harm, if it would.
                wait_for(lambda: platform.log.count("lost its lease"), PATIENCE, "the first notices")
                assert taken_over(platform, names)
            assert guard.twice == {}
            assert_no_way_back(callers, names, stopped)
        report(
            f"worker stopped on {kind}, lease {LEASE:g} s: sandboxes dead after {ended:.1f} s, "
            f"taken over after {ended + over:.1f} s; never two of one service in {guard.looks} looks"
        )

    def test_nothing_reaches_sandboxes_that_outlive_it(self, report: Callable[[str], None]) -> None:
        """The zygote is stopped as well, so that nobody ends them; they refuse by themselves."""
        *names, asking = slugs(SERVICES + 1)
        with Platform(M3M_RUNTIME_LEASE=f"{LEASE}s") as platform:
            make_services(platform, names)
            make_services(platform, [asking], ASKING)
            born = platform.request("GET", f"/r/{asking}/").text
            first = lived(names)
            frozen = [platform.processes.pid_of(role) for role in ("worker", "zygote")]
            with SecondWorker(platform), ExitStack() as stack:
                callers = [
                    stack.enter_context(Caller(platform.processes.port, names, 0.002)) for _ in range(2)
                ]
                for pid in frozen:
                    os.kill(pid, signal.SIGSTOP)
                stopped, lost = time.monotonic(), time.time() + LEASE
                try:
                    wait_for(lambda: taken_over(platform, names), PATIENCE, "the second takes over")
                    assert first <= lived(names)
                    all_serve(platform, names, PATIENCE)
                finally:
                    for pid in frozen:
                        # The worker, continued first, may have ended its zygote by now.
                        with suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGCONT)
                gone = wait_for(lambda: not lived(names) & first, 10, "the first's sandboxes die")
                all_serve(platform, names, PATIENCE)
                assert taken_over(platform, [*names, asking])
            assert_no_way_back(callers, names, stopped)
            outcomes = assert_calls_refused(platform, asking, born, lost)
        report(
            f"worker and zygote stopped and continued: the old sandboxes are dead after {gone:.2f} s (aim 1); "
            f"host calls of theirs: {dict(outcomes)}"
        )
        assert gone <= 1
