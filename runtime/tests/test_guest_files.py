"""The files of a branch: scripts and modules, $require and import, and where errors say that they come from."""

from __future__ import annotations

import pytest

from runtime.sandbox.frames import Kind
from runtime.tests.harness import TestZygote

ROUTE = "router.get('/', () => {})"


def failure(sandboxes: TestZygote, files: dict[str, str]) -> tuple[str, str]:
    """(message, first line of the stack) of a boot that must fail for the script's sake."""
    failed = sandboxes.spawn(files).wait_for(Kind.FAILED)
    assert (failed["reason"], failed["final"]) == ("script_error", True)
    assert "m3m:" not in failed["stack"]
    return failed["message"], failed["stack"].strip().split("\n")[0].strip()


def logged(sandboxes: TestZygote, files: dict[str, str]) -> list[str]:
    box = sandboxes.serve(files)
    box.wait_log("done")
    return [text for _, text in box.logs]


class RequireFileTest:
    def test_it_returns_what_the_file_exports(self, sandboxes: TestZygote) -> None:
        files = {
            "main": "const { twice } = $require('lib'); const again = $require('./lib.js');"
            "console.log(twice(21), again.twice === twice, $require('plain').x, 'done')",
            "lib": "$exports({ twice: (x) => x * 2 })",
            "plain": "module.exports.x = typeof exports",
        }
        assert logged(sandboxes, files) == ["42 true object done"]

    def test_a_circle_gives_what_is_there_so_far(self, sandboxes: TestZygote) -> None:
        files = {
            "main": "$require('a'); console.log('done')",
            "a": "$exports({ early: 1 }); $require('b'); $exports({ late: 2 })",
            "b": "const a = $require('a'); console.log(a.early, a.late)",
        }
        assert logged(sandboxes, files) == ["1 undefined", "done"]

    @pytest.mark.parametrize(
        ("files", "message", "place"),
        [
            ({"main": "1\n  $require('nope')"}, "Error: $require: there is no file 'nope' in this branch", "main:2:3"),
            ({"main": "$require('a')", "a": "1;\nlet x = ;"}, "SyntaxError: unexpected token in expression: ';'", "a:2:9"),
            ({"main": "$require('a')", "a": "export const x = 1"}, "Error: $require: 'a' is an ES module; use import for it", "main:1:1"),
            ({"main": "$exports({})"}, "Error: $exports: call it at the top level of a file", "main:1:1"),
            ({"other": ""}, "Error: there is no file 'main' in this branch", ""),
        ],
    )  # fmt: skip
    def test_it_says_what_is_wrong(
        self, sandboxes: TestZygote, files: dict[str, str], message: str, place: str
    ) -> None:
        got, where = failure(sandboxes, files)
        assert got.startswith(message)
        assert place in where


class ImportFileTest:
    @pytest.mark.parametrize("name", ["./lib/x.js", "./lib/x", "lib/x", "lib/x.js"])
    @pytest.mark.parametrize("file", ["lib/x", "lib/x.js"])
    def test_it_finds_a_file_with_and_without_its_ending(
        self, sandboxes: TestZygote, name: str, file: str
    ) -> None:
        files = {
            "main": f"import {{ x }} from '{name}'; console.log(x, 'done')",
            file: "export const x = 'found'",
        }
        assert logged(sandboxes, files) == ["found done"]

    def test_it_is_relative_to_the_importing_file(self, sandboxes: TestZygote) -> None:
        files = {
            "main": "import './routes/users.js'; console.log('done')",
            "routes/users.js": "import { log } from '../lib/log.js'; import './near.js'; log('users')",
            "routes/near.js": "console.log('near')",
            "lib/log.js": "export const log = (text) => console.log(text)",
        }
        assert logged(sandboxes, files) == ["near", "users", "done"]

    def test_circles_dynamic_imports_and_top_level_await_work(self, sandboxes: TestZygote) -> None:
        files = {
            "main": "import { a } from './a'; const { b } = await import('./b'); await 0; console.log(a(), b(), 'done')",
            "a": "import { b } from './b'; export const a = () => 'a' + b()",
            "b": "import { a } from './a'; export const b = () => 'b' + typeof a",
        }
        assert logged(sandboxes, files) == ["abfunction bfunction done"]

    @pytest.mark.parametrize(
        ("files", "message", "place"),
        [
            ({"main": "import './nope.js'"}, "ReferenceError: there is no file 'nope.js' in this branch", ""),
            ({"main": "1\nlet x = ;"}, "SyntaxError: unexpected token in expression: ';'", "main:2:9"),
            ({"main": "import './a'", "a": "1;\nlet x = ;"}, "SyntaxError: unexpected token in expression: ';'", "a:2:9"),
            ({"main": "import { y } from './a'", "a": "export const x = 1"}, "SyntaxError: Could not find export 'y'", ""),
            ({"main": "import './a'", "a": "1;\n\nnull.x"}, "TypeError: cannot read property 'x' of null", "a:3:1"),
        ],
    )  # fmt: skip
    def test_it_says_what_is_wrong(
        self, sandboxes: TestZygote, files: dict[str, str], message: str, place: str
    ) -> None:
        got, where = failure(sandboxes, files)
        assert got.startswith(message)
        assert place in where


class StackTest:
    FILES = {  # noqa: RUF012  (never changed)
        "main": "const users = $require('routes/users.js');\nrouter.get('/', () => users.f());\n"
        "router.get('/later', async () => {\n  await 0;\n  users.f();\n});\n"
        "setTimeout(() => users.f(), 1);\nPromise.reject(new Error('lost'));",
        "routes/users.js": "const f = () => {\n  const x = null; x.y;\n};\n$exports({ f });",
    }

    def test_it_names_the_authors_file_and_line_alone(self, sandboxes: TestZygote) -> None:
        box = sandboxes.serve(self.FILES)
        for path in ("/", "/later"):
            answer = box.request(path)
            assert answer.status == 500
            assert answer.json == {
                "error": {
                    "code": "internal",
                    "message": "Internal error",
                    "requestId": answer.json["error"]["requestId"],
                }
            }
        lines = [box.wait_log(word) for word in ("GET / failed", "GET /later failed", "timer failed")]
        for line, caller in zip(lines, ("main:2:", "main:5:", "main:7:"), strict=True):
            assert "TypeError: cannot read property 'y' of null\n    at f (routes/users.js:2:19)" in line
            assert f"({caller}" in line.split("\n")[2]
            assert "m3m:" not in line
            assert "native" not in line

    def test_an_unhandled_rejection_is_logged_once(self, sandboxes: TestZygote) -> None:
        box = sandboxes.serve(self.FILES)
        assert box.request("/").status == 500
        found = [line for _, line in box.logs if "lost" in line]
        assert found == ["Unhandled promise rejection: Error: lost\n    at <anonymous> (main:8:20)"]

    def test_a_rejection_that_is_handled_later_in_the_entry_is_none(self, sandboxes: TestZygote) -> None:
        box = sandboxes.serve(
            "const p = Promise.reject(new Error('late')); p.catch(() => console.log('done'))"
        )
        box.wait_log("done")
        assert len(box.logs) == 1
