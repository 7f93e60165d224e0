"""Runs JavaScript test files inside the engine, with the whole prelude and a host that answers from memory."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime.sandbox.engine import Engine
from runtime.sandbox.prelude import source

DIRECTORY = Path(__file__).parent / "js"
HARNESS = DIRECTORY / "harness.js"
MAX_TURNS = 2000


class JavaScript:
    """One engine with the prelude.

    `logs` holds [level, text] of each log line, `clock` is the guest's time in ms, `answers` what host calls return.
    """

    def __init__(self) -> None:
        self.logs: list[list[str]] = []
        self.results: list[dict[str, Any]] = []
        self.clock = 1000.0
        self.answers: dict[str, Any] = {}
        self.engine = Engine()
        self.engine.sources = {}
        natives: dict[str, Callable[..., object]] = {
            "log": self._log,
            "random": lambda count: os.urandom(int(count)).hex(),
            "now": lambda: self.clock,
            "sleep": self._sleep,
            "call": self._call,
            "find": lambda payload: "",
            "isScript": lambda payload: True,
            "compile": lambda payload: False,
            "phase": lambda payload: "",
            "respond": lambda ticket, answer: "",
            "memory": lambda payload: json.dumps([json.loads(payload), False]),
            "testResult": self._result,
            "testLogs": self._take_logs,
            "realNow": lambda: time.perf_counter() * 1000,
        }
        for name, function in natives.items():
            self.engine.add_native(name, function)
        for name, text in source():
            self.engine.run_prelude(name, text)
        self.engine.run_prelude("seed", f"m3m.seed('{os.urandom(16).hex()}');")

    def _log(self, payload: str) -> str:
        self.logs.append(json.loads(payload))
        return ""

    def _call(self, payload: str) -> str:
        name = json.loads(payload)["f"]
        if name in self.answers:
            return json.dumps({"v": self.answers[name]})
        return json.dumps(
            {"e": {"name": "Error", "message": f"{name} has no answer here", "code": "no_answer"}}
        )

    def _sleep(self, milliseconds: float) -> str:
        self.clock += milliseconds
        return ""

    def _result(self, payload: str) -> str:
        self.results.append(json.loads(payload))
        return ""

    def _take_logs(self) -> str:
        logs, self.logs = self.logs, []
        return json.dumps(logs)

    def run(self, text: str, name: str = "test.js") -> None:
        """Evaluate `text` as the body of a function of the prelude's internal object."""
        self.engine.run_prelude(name, text, strip=False)

    def turn(self) -> bool:
        """Run jobs and, when none is left, move the clock to the next timer and fire it; False when nothing is left."""
        self.engine.pump()
        due = float(str(self.engine.take("timers.next")()))
        if due < 0:
            return False
        self.clock = max(self.clock, due)
        timer = self.engine.take("timers.take")(self.clock)
        self.engine.call(self.engine.take("timers.fire"), timer)
        return True


def run_file(path: Path) -> list[dict[str, Any]]:
    """The results [{name, error}] of each test in a file; `error` is empty for a test that passed."""
    javascript = JavaScript()
    javascript.run(HARNESS.read_text(encoding="utf-8"), "harness.js")
    javascript.run(path.read_text(encoding="utf-8"), path.name)
    javascript.run("m3m.runTests();", "run.js")
    turns = 0
    while javascript.turn() and turns < MAX_TURNS:
        turns += 1
    return javascript.results
