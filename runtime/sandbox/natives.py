"""What Python offers to the prelude and the prelude to Python: the whole border between the two.

Natives take and return strings, numbers and bool, and never raise: the binding would turn that into SystemError.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from runtime.sandbox.engine import Engine
from runtime.sandbox.prelude import source

if TYPE_CHECKING:
    from runtime.sandbox.guest import Guest
    from runtime.sandbox.routelink import RouteLink

_guest: Guest | None = None


def _current() -> Guest:
    assert _guest is not None, "natives are called by a running guest only"  # noqa: S101
    return _guest


def prepare(engine: Engine) -> None:
    """Evaluate the prelude; done once in the zygote, before any fork."""
    for name, function in NATIVES.items():
        engine.add_native(name, function)
    for name, text in source():
        engine.run_prelude(name, text)


def _log(payload: str) -> str:
    guest = _current()
    level, text = json.loads(payload)
    guest.node.log(level, text, guest.limits)
    return ""


def _phase(payload: str) -> str:
    phase, error = json.loads(payload)
    _current().end_phase(phase, error)
    return ""


def _call(payload: str) -> str:
    guest = _current()
    if guest.engine.overdue():
        return json.dumps(
            {"e": {"name": "Error", "message": "a limit was exceeded", "code": guest.engine.tripped}}
        )
    deadline = min(guest.engine.wall_deadline, time.monotonic_ns() + 60_000_000_000)
    return guest.node.call(payload, deadline)


def _respond(ticket: float, answer: str) -> str:
    _current().respond(int(ticket), answer)
    return ""


def _find(payload: str) -> str:
    sources = _current().engine.sources
    name: str = json.loads(payload).removeprefix("./")
    return next((found for found in (name, f"{name}.js", name.removesuffix(".js")) if found in sources), "")


def _sleep(milliseconds: float) -> str:
    guest = _current()
    end = min(time.monotonic_ns() + int(max(0.0, milliseconds) * 1e6), guest.engine.wall_deadline)
    guest.node.wait(end)
    return ""


def _memory() -> str:
    _current().memory_suspect = True
    return ""


NATIVES: dict[str, Any] = {
    "log": _log,
    "phase": _phase,
    "call": _call,
    "respond": _respond,
    "find": _find,
    "isScript": lambda payload: _current().engine.is_script(json.loads(payload)),
    "compile": lambda payload: _current().engine.compile_script(json.loads(payload), "module, exports"),
    "random": lambda count: os.urandom(max(0, min(int(count), 65536))).hex(),
    "now": lambda: time.monotonic_ns() / 1e6,
    "sleep": _sleep,
    "memory": _memory,
}


class Natives:
    """The prelude's entries as callables, and what the script reported during the last one."""

    def __init__(self, guest: Guest) -> None:
        global _guest  # noqa: PLW0603  (one guest a process; the natives were made in the zygote, before it)
        _guest = guest
        take = guest.engine.take
        self.setup, self.set_env = take("setup"), take("setEnv")
        self.boot, self.begin, self.shutdown = take("boot"), take("begin"), take("shutdown")
        self.request, self.fire, self.reject, self.routes = (
            take("request"),
            take("fire"),
            take("reject"),
            take("routes"),
        )
        self._next_timer, self._take_timer = take("timers.next"), take("timers.take")
        guest.engine.seal()
        self.go = False
        self.phase_done = ""
        self.phase_error: dict[str, str] | None = None
        self.early: dict[int, str] = {}
        self.touched: set[RouteLink] = set()

    def now(self) -> float:
        """Milliseconds of the clock that timers use."""
        return time.monotonic_ns() / 1e6

    @property
    def next_timer(self) -> float:
        """When the earliest timer is due, in ms of `now`; -1 when there is none."""
        return float(str(self._next_timer()))

    def take_timer(self, now: float) -> int:
        """The id of one timer that is due, or 0."""
        return int(float(str(self._take_timer(now))))

    def next_due(self) -> float:
        """Seconds until the earliest timer; -1 when there is none."""
        due = self.next_timer
        return -1.0 if due < 0 else max(0.0, (due - self.now()) / 1000)
