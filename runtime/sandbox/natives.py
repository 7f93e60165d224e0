"""What Python offers to the prelude and the prelude to Python: the whole border between the two.

Natives take and return strings, numbers and bool, and never raise: the binding would turn that into SystemError.
"""

from __future__ import annotations

import json
import os
import re
import time
from typing import Any, Protocol

from runtime.sandbox.engine import Engine
from runtime.sandbox.entries import Entries
from runtime.sandbox.nodelink import NodeLink, failure
from runtime.sandbox.prelude import source


class Script(Protocol):
    """What natives need of the guest whose script calls them."""

    entries: Entries
    node: NodeLink
    natives: Natives

    def respond(self, ticket: int, answer: str) -> None: ...


LONGEST_CALL_NS = 60_000_000_000
MODULE_SYNTAX = re.compile(r"^[ \t]*(?:import\b(?!\s*\()|export\b)", re.MULTILINE)

_guest: Script | None = None


def _current() -> Script:
    assert _guest is not None, "natives are called by a running guest only"  # noqa: S101
    return _guest


class Doors:
    """The prelude's functions that the guest loop calls."""

    def __init__(self, engine: Engine) -> None:
        take = engine.take
        self.setup, self.set_env, self.routes = take("setup"), take("setEnv"), take("routes")
        self.boot, self.begin, self.shutdown = take("boot"), take("begin"), take("shutdown")
        self.request, self.lost = take("request"), take("lost")
        self.fire, self.reject = take("fire"), take("reject")
        self.next_timer, self.take_timer = take("timers.next"), take("timers.take")


def prepare(engine: Engine) -> Doors:
    """Evaluate the prelude, take its doors and hide the rest from guest code.

    Done once in the zygote, before any fork: what a fork does by itself costs it memory and time of its own.
    """
    for name, function in NATIVES.items():
        engine.add_native(name, function)
    for name, text in source():
        engine.run_prelude(name, text)
    doors = Doors(engine)
    engine.seal()
    return doors


def _log(payload: str) -> str:
    level, text = json.loads(payload)
    guest = _current()
    guest.node.log(level, text, guest.entries.limits, own=False)
    return ""


def _phase(payload: str) -> str:
    phase, error = json.loads(payload)
    _current().natives.report = (phase, error)
    return ""


def _call(payload: str) -> str:
    guest = _current()
    engine = guest.entries.engine
    # The engine polls its deadline every 10 000 operations: a loop around host calls would outlive it.
    if engine.overdue():
        return failure("a limit was exceeded", engine.tripped)
    return guest.node.call(payload, min(engine.wall_deadline, time.monotonic_ns() + LONGEST_CALL_NS))


def _respond(ticket: float, answer: str) -> str:
    _current().respond(int(ticket), answer)
    return ""


def _find(payload: str) -> str:
    sources = _current().entries.engine.sources
    name: str = json.loads(payload).removeprefix("./")
    return next((found for found in (name, f"{name}.js", name.removesuffix(".js")) if found in sources), "")


def _is_module(payload: str) -> bool:
    """Whether a file that is no script looks like an ES module; else it has a syntax error."""
    engine = _current().entries.engine
    name: str = json.loads(payload)
    return not engine.is_script(name) and MODULE_SYNTAX.search(engine.sources[name]) is not None


def _sleep(milliseconds: float) -> str:
    guest = _current()
    wall = guest.entries.engine.wall_deadline
    guest.node.wait(min(time.monotonic_ns() + int(max(0.0, milliseconds) * 1e6), wall))
    return ""


def _memory(payload: str) -> str:
    """[message, whether it was the limit for certain] of a memory error, or of null.

    With no memory left for an error the engine throws null, as a script may do, too.
    """
    entries = _current().entries
    limit = f"memory limit of {entries.limits.heap // 1048576} MB"
    if json.loads(payload) != "out of memory" and not entries.engine.may_have_been_full:
        return json.dumps([f"null was thrown, by the script or at the {limit}", False])
    entries.memory_suspect = True
    return json.dumps([f"out of memory ({limit})", True])


def _own_frames(payload: str) -> str:
    """A stack without the frames of the prelude and the engine."""
    own: list[str] = []
    for line in str(json.loads(payload)).splitlines():
        if "(m3m:" not in line and "at m3m:" not in line:
            own.append(line)
        elif own and own[-1].endswith("at apply (native)"):
            own.pop()  # how the prelude called the author's function
    # As JSON, for a function's name may be half of a surrogate pair.
    return json.dumps("\n".join(line for line in own if line.strip()))


NATIVES: dict[str, Any] = {
    "log": _log,
    "phase": _phase,
    "call": _call,
    "respond": _respond,
    "find": _find,
    "isScript": lambda payload: _current().entries.engine.is_script(json.loads(payload)),
    "isModule": _is_module,
    "compile": lambda payload: _current().entries.engine.compile_script(
        json.loads(payload), "module, exports"
    ),
    "random": lambda count: os.urandom(max(0, min(int(count), 65536))).hex(),
    "now": lambda: time.monotonic_ns() / 1e6,
    "sleep": _sleep,
    "memory": _memory,
    "ownFrames": _own_frames,
}


class Natives:
    """The prelude's entries as callables, and what the script reported during the last one."""

    def __init__(self, guest: Script, doors: Doors) -> None:
        global _guest  # noqa: PLW0603  (one guest a process; the natives were made in the zygote, before it)
        _guest = guest
        self._engine = guest.entries.engine
        self.setup, self.set_env, self.routes = doors.setup, doors.set_env, doors.routes
        self.boot, self.begin, self.shutdown = doors.boot, doors.begin, doors.shutdown
        self.request, self.lost = doors.request, doors.lost
        self.fire, self.reject = doors.fire, doors.reject
        self._next_timer, self._take_timer = doors.next_timer, doors.take_timer
        self.report: tuple[str, dict[str, str] | None] | None = None

    def take_report(self) -> tuple[str, dict[str, str] | None] | None:
        """A phase that has come to its end, with the error that ended it, once."""
        report, self.report = self.report, None
        return report

    def now(self) -> float:
        """Milliseconds of the clock that timers use."""
        return time.monotonic_ns() / 1e6

    def take_timer(self, now: float) -> int:
        """The id of one timer that is due, or 0."""
        return int(float(str(self._engine.call(self._take_timer, now))))

    def next_due(self) -> float:
        """Seconds until the earliest timer; 0 when one is due, -1 when there is none."""
        due = float(str(self._engine.call(self._next_timer)))
        return -1.0 if due < 0 else max(0.0, (due - self.now()) / 1000)
