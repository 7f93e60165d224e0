"""Syntax errors are told with their place, and hostile code harms nobody but itself."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.syntax import Fault
from projects.testing import ProjectCase
from runtime.demo import FILES
from runtime.sandbox.syntax import SECONDS
from runtime.syntax import Checker, checker, is_code

SLACK = 8.0  # what a busy machine may add

BROKEN = [
    ("let a = ;", 1),
    ("\n\nfoo(((;", 3),
    ("const s = 'abc\nd';", 1),
    ("\nconst s = `abc\n", 2),
    ("1;\n/* never\nends", 2),
    ("function f() {\n  return 1;\n", 3),
    ("}\n", 1),
    ("if (true {\n}", 1),
    ("const a = 1;\nconst a = 2;", 2),
    ("\nlet module = 1;", 2),
    ("for (;;) {\n  break outer;\n}", 2),
    ("x = {\n  a: 1,\n  b:\n}", 4),
    ("class A {\n  constructor() {}\n  constructor() {}\n}", 3),
    ("\nconst x;", 2),
    ("a = 1\n\nb = 2 c", 3),
    ("\n\n\nvar 1a = 2;", 4),
    ("new.target", 1),
    ("'use strict';\nwith (a) {}", 2),
    ("async () => {\n  for await (x in y) {}\n}", 2),
    ("\nimport x from;", 2),
    ("export const a = 1;\nexport const a = 2;", 2),
    ("import a from 'b';\n\nlet c = (;", 3),
    ("return 1;", 1),
]
FINE = [
    "",
    "router.get('/', () => ({ a: 1 }));",
    "import { a } from './nothing.js';\nexport default a;",
    "await sleep(1);",
    "with (Math) { x = floor(2.5); }",
    "const a = 1n ** 2n; a.b ??= c?.d;",
    "$exports({ a: 1 });",
]
HOSTILE = {
    "parentheses": "(" * 900_000,
    "brackets": "[" * 900_000,
    "blocks": "{" * 900_000,
    "conditions": "a?" * 400_000,
    "templates": "`${" * 300_000,
    "arrows": "x=>" * 300_000,
    "regular expression": "/" + "(" * 500_000 + "/",
    "declarations": ";".join(f"let v{n}" for n in range(80_000)),
    "sum": "a=" + "1+" * 400_000 + "1",
}


@pytest.fixture(autouse=True)
def _rested() -> Iterator[None]:
    yield
    checker.rest()


def look(code: str, name: str = "main") -> list[Fault]:
    return checker.check({name: code})


class CheckTest:
    @pytest.mark.parametrize(("code", "line"), BROKEN)
    def test_it_tells_the_line(self, code: str, line: int) -> None:
        (fault,) = look(code)
        assert (fault.file, fault.line) == ("main", line), fault
        assert fault.column > 0
        assert fault.message

    def test_where_the_engine_tells_no_place_there_is_none(self) -> None:
        (fault,) = look("\n/(/")
        assert (fault.line, fault.column, fault.message) == (0, 0, "expecting ')'")

    def test_it_lets_pass_what_runs(self) -> None:
        assert checker.check({f"{n}.js": code for n, code in enumerate(FINE)}) == []
        for code in FINE:
            assert look(code) == [], code
        assert checker.check(FILES) == []

    def test_it_looks_at_javascript_alone(self) -> None:
        assert look("# ((", "README.md") == []
        assert look("((", "data.json") == []
        assert [is_code(name) for name in ("main", "lib/a", "a.mjs", "a.b/c", "a.css")] == [True] * 4 + [
            False
        ]

    def test_a_file_that_is_imported_may_name_its_module(self) -> None:
        assert look("let module = 1;", "lib/a.js") == []

    def test_nothing_is_executed(self) -> None:
        begun = time.monotonic()
        assert look("for (;;);") == []
        assert time.monotonic() - begun < SECONDS


class HostileTest:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_it_ends_in_time_and_the_next_is_served(self, name: str) -> None:
        before = _memory()
        begun = time.monotonic()
        look(HOSTILE[name])
        assert time.monotonic() - begun < SECONDS + SLACK
        assert [fault.line for fault in look("\n;;(")] == [2]
        assert _memory() - before < 32 * 1024 * 1024

    def test_many_heavy_files_end_together(self) -> None:
        begun = time.monotonic()
        checker.check({f"{n}.js": HOSTILE["declarations"] for n in range(20)})
        assert time.monotonic() - begun < SECONDS + SLACK


class HelperTest:
    def test_one_that_was_killed_is_started_anew(self) -> None:
        mine = Checker()
        assert len(mine.check({"main": "(("})) == 1
        helper = mine._helper
        assert helper is not None
        helper._process.kill()
        helper._process.wait()
        assert len(mine.check({"main": "((("})) == 1
        mine.rest()

    def test_it_ends_when_nobody_needs_it(self) -> None:
        mine = Checker()
        mine.check({"main": "1"})
        assert mine._helper is not None
        pid = mine._helper._process.pid
        mine.rest()
        assert not Path(f"/proc/{pid}").exists()

    def test_the_same_code_is_looked_at_once(self) -> None:
        mine = Checker()
        first = mine.check({"main": "(("})
        mine.rest()
        assert mine.check({"main": "(("}) == first
        assert mine._helper is None


class SaveTest(ProjectCase):
    PIPELINE = "/api/projects/shop/pipeline"

    def test_what_is_wrong_is_saved_and_told(self) -> None:
        client = self.client_of(self.bob)
        answer = client.put(f"{self.PIPELINE}/branches/develop", {"code": "\nlet a = ;"})
        self.assertEqual((answer.status_code, answer.json()["code"]), (200, "\nlet a = ;"))
        (warning,) = answer.json()["warnings"]
        self.assertEqual((warning["file"], warning["line"], warning["column"]), ("main", 2, 9))

    def test_it_is_not_released(self) -> None:
        client = self.client_of(self.bob)
        client.put(f"{self.PIPELINE}/branches/develop", {"code": "\nlet a = ;"})
        answer = client.post(f"{self.PIPELINE}/releases", {})
        body = answer.json()
        self.assertEqual((answer.status_code, body["code"]), (400, "code_syntax"))
        self.assertEqual(body["errors"][0]["pointer"], "/branch")
        self.assertIn("main, line 2", body["detail"])
        self.assertEqual(body["faults"][0]["line"], 2)
        self.assertEqual(client.get(f"{self.PIPELINE}/releases").json()["count"], 0)


def _memory() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
