from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.diffs import FileDiff, compare
from pipeline.limits import DIFF_CHARS, DIFF_FILE_CHARS, DIFF_SECONDS
from projects.testing import ProjectCase

PIPELINE = "/api/projects/shop/pipeline"


def one(old: str, new: str) -> FileDiff:
    (found,) = compare({"main": old}, {"main": new})
    return found


class CompareTest:
    def test_every_status(self) -> None:
        same = "\n".join(f"line {n}" for n in range(20))
        old = {"main": "1\n", "gone.js": "x\n", "old.js": same, "kept.js": "k"}
        new = {"main": "2\n", "fresh.js": "y\n", "lib/new.js": same + "\nmore", "kept.js": "k"}
        found = {each.name: (each.status.value, each.old_name) for each in compare(old, new)}
        assert found == {
            "main": ("changed", None),
            "gone.js": ("removed", None),
            "fresh.js": ("added", None),
            "lib/new.js": ("renamed", "old.js"),
        }

    def test_hunks_and_counts(self) -> None:
        old = "".join(f"{n}\n" for n in range(1, 30))
        found = one(old, old.replace("\n5\n", "\nfive\n").replace("\n25\n", "\n"))
        assert (found.added, found.removed, found.is_cut) == (1, 2, False)
        assert found.diff.splitlines()[0] == "@@ -2,7 +2,7 @@"
        assert found.diff.splitlines()[9] == "@@ -22,7 +22,6 @@"

    def test_lines_end_at_line_feeds_alone(self) -> None:
        found = one("a\u2028b\x0cc\n", "a\u2028b\x0cd\n")
        assert (found.added, found.removed) == (1, 1)

    def test_patch_understands_it(self, tmp_path: Path, require: Callable[[object, str], None]) -> None:
        require(shutil.which("patch"), "patch is missing.")
        chance = random.Random(7)  # noqa: S311  (no secret)
        for number in range(30):
            old = "".join(f"{chance.randrange(4)}\n" for _ in range(chance.randrange(12)))
            new = "".join(f"{chance.randrange(4)}\n" for _ in range(chance.randrange(12))) + "end" * (
                number % 2
            )
            if old == new:
                continue
            file, diff = tmp_path / "file", tmp_path / "diff"
            file.write_text(old)
            diff.write_text(f"--- file\n+++ file\n{one(old, new).diff}")
            command = ["patch", "--silent", "--posix", str(file), str(diff)]
            subprocess.run(command, check=True, cwd=tmp_path)  # noqa: S603  (a tool of the machine)
            assert (file.read_text() if file.exists() else "") == new, (old, new)

    @pytest.mark.parametrize("make", ["same", "few", "shuffled", "all"])
    def test_it_ends_in_time(self, make: str) -> None:
        chance = random.Random(3)  # noqa: S311  (no secret)
        lines = {
            "same": ["x\n"] * 500_000,
            "few": [f"{n % 7}\n" for n in range(400_000)],
            "shuffled": [f"{n}\n" for n in range(100_000)],
            "all": [f"{n % 90}\n" for n in range(770)],
        }[make]
        other = lines[:-1]
        chance.shuffle(other)
        files = 1 if make != "all" else 256
        old = {f"{n}.js": "start\n" + "".join(lines) for n in range(files)}
        new = {f"{n}.js": "begin\n" + "".join(other) for n in range(files)}
        begun = time.process_time()
        found = compare(old, new)
        assert time.process_time() - begun < DIFF_SECONDS + 8
        assert len(found) == files
        assert sum(len(each.diff) for each in found) <= DIFF_CHARS
        assert all(len(each.diff) <= DIFF_FILE_CHARS for each in found)
        assert any(each.is_cut for each in found) or make == "same" or files > 1

    def test_what_is_cut_ends_with_a_line(self) -> None:
        found = one("", "x" * 100 + "\n" + "y" * DIFF_FILE_CHARS)
        assert found.is_cut
        assert found.diff.endswith("x\n")


class DiffApiTest(ProjectCase):
    def setUp(self) -> None:
        self.member = self.client_of(self.bob)
        for code in ("1\n", "2\n"):
            self.member.put(f"{PIPELINE}/branches/develop", {"code": code})
            self.member.post(f"{PIPELINE}/releases", {})
        self.member.put(f"{PIPELINE}/branches/develop", {"code": "3\n"})

    def test_any_two_sources(self) -> None:
        for query, diff in (
            ("from=release:0.1&to=release:0.2", "-1\n+2\n"),
            ("from=release:0.2&to=branch:develop", "-2\n+3\n"),
            ("from=branch:develop&to=revision:develop:2", "-3\n+1\n"),
        ):
            body = self.member.get(f"{PIPELINE}/diff?{query}").json()
            self.assertEqual(body["files"][0]["diff"], f"@@ -1 +1 @@\n{diff}")
            self.assertEqual((body["added"], body["removed"]), (1, 1))
        same = self.member.get(f"{PIPELINE}/diff?from=release:0.1&to=release:0.1").json()
        self.assertEqual(same["files"], [])

    def test_since_another_release(self) -> None:
        body = self.member.get(f"{PIPELINE}/releases/0.2/diff").json()
        self.assertEqual((body["old"], body["files"][0]["status"]), ("release:0.1", "changed"))
        body = self.member.get(f"{PIPELINE}/releases/0.1/diff").json()
        self.assertEqual((body["old"], body["files"][0]["status"]), ("", "added"))
        body = self.member.get(f"{PIPELINE}/releases/0.1/diff?against=0.2").json()
        self.assertEqual(body["files"][0]["diff"], "@@ -1 +1 @@\n-2\n+1\n")

    def test_wrong_sources(self) -> None:
        for query, status in (
            ("", 400),
            ("from=release:0.1", 400),
            ("from=x&to=release:0.1", 400),
            ("from=release:&to=release:0.1", 400),
            ("from=revision:develop:x&to=release:0.1", 400),
            ("from=revision:develop:99999999999&to=release:0.1", 400),
            ("from=revision:develop:9999999999&to=release:0.1", 404),
            ("from=release:9.9&to=release:0.1", 404),
            ("from=branch:%00&to=release:0.1", 404),
        ):
            self.assertEqual(self.member.get(f"{PIPELINE}/diff?{query}").status_code, status, query)
        self.assertEqual(self.member.get(f"{PIPELINE}/releases/0.1/diff?against=%00").status_code, 404)

    def test_charlie_gets_404(self) -> None:
        client = self.client_of(self.charlie)
        for path in ("diff?from=release:0.1&to=release:0.2", "releases/0.1/diff"):
            self.assertEqual(client.get(f"{PIPELINE}/{path}").status_code, 404)
