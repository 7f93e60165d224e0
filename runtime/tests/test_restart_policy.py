from __future__ import annotations

import pytest

from runtime.choices import EndReason
from runtime.supervisor.policy import Ending, History, Verdict, judge

CRASH = EndReason.ENGINE_CRASH


def ending(reason: EndReason = CRASH, *, serving: bool = True, **more: object) -> Ending:
    values = {"final": False, "lived": 0.0, "outside": False} | more
    return Ending(reason, serving=serving, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("reason", [EndReason.SCRIPT_ERROR, EndReason.LIMIT_CPU])
def test_what_fails_in_boot_by_its_own_word_is_over(reason: EndReason) -> None:
    assert judge(ending(reason, serving=False, final=True), History(), 10) == Verdict(over=True)


def test_a_limit_before_serving_is_over_even_when_the_watchdog_said_it() -> None:
    assert judge(ending(EndReason.LIMIT_CPU, serving=False), History(), 10).over


def test_five_crashes_in_boot_are_over() -> None:
    history = History()
    verdicts = [judge(ending(serving=False), history, 10).over for _ in range(5)]
    assert verdicts == [False, False, False, False, True]


def test_serving_in_between_starts_the_count_anew() -> None:
    history = History()
    for _ in range(4):
        judge(ending(serving=False), history, 10)
    judge(ending(lived=20), history, 10)
    assert not judge(ending(serving=False), history, 10).over


def test_who_lived_long_enough_is_restarted_at_once() -> None:
    assert judge(ending(EndReason.LIMIT_CPU, lived=11), History(), 10) == Verdict(over=False, delay=0)


def test_bad_requests_slow_restarts_but_never_end_a_run() -> None:
    history = History()
    delays = [judge(ending(EndReason.LIMIT_MEMORY), history, 10).delay for _ in range(8)]
    assert delays == [1, 2, 4, 8, 16, 30, 30, 30]
    assert judge(ending(lived=11), history, 10).delay == 0
    assert judge(ending(), history, 10).delay == 1


def test_killed_from_outside_is_restarted_at_once_until_it_becomes_a_habit() -> None:
    history = History()
    delays = [judge(ending(outside=True), history, 10).delay for _ in range(6)]
    assert delays[:5] == [0] * 5
    assert delays[5] > 0
