"""What follows the end of an attempt: the table of outcomes in docs/runtime.md as one pure function."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.choices import EndReason

FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0
BOOT_FAILURES = 5
QUICK_KILLS = 5


@dataclass(frozen=True)
class Ending:
    """How an attempt ended. `serving`: it had come through boot and start. `final`: it said so itself."""

    reason: EndReason
    serving: bool
    final: bool
    lived: float  # seconds it served
    outside: bool = False  # killed by somebody else


@dataclass
class History:
    """What a run has been through, as far as it decides what comes next."""

    boot_failures: int = 0
    quick_ends: int = 0


@dataclass(frozen=True)
class Verdict:
    """Restart after `delay` seconds, or the run is over."""

    over: bool
    delay: float = 0.0


def judge(ending: Ending, history: History, healthy_after: float) -> Verdict:
    """The outcome of one ended attempt; updates `history`."""
    if ending.final or (not ending.serving and ending.reason in _LIMITS):
        return Verdict(over=True)
    if not ending.serving:
        history.boot_failures += 1
        return Verdict(over=history.boot_failures >= BOOT_FAILURES)
    history.boot_failures = 0
    if ending.lived >= healthy_after:
        history.quick_ends = 0
        return Verdict(over=False)
    history.quick_ends += 1
    if ending.outside and history.quick_ends <= QUICK_KILLS:
        return Verdict(over=False)
    return Verdict(over=False, delay=min(LONGEST_DELAY, FIRST_DELAY * 2 ** (history.quick_ends - 1)))


_LIMITS = frozenset({EndReason.LIMIT_CPU, EndReason.LIMIT_MEMORY, EndReason.LIMIT_WALL})
