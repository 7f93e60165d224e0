"""A stranger clones the repository into an empty folder and follows the README, word by word."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from m3m_site.conf import BASE_DIR
from m3m_site.testing import Require
from m3m_site.tests.platform import Platform
from tests.platform import EMAIL, PASSWORD

pytestmark = pytest.mark.slow

# `<!-- test: name -->` before a block of the README makes it a part of this test.
BLOCK = re.compile(r"<!-- test: ([\w ]+) -->\n```sh\n(.*?)\n```", re.DOTALL)
ANSWER = re.compile(r"^# (\{.*\})$", re.MULTILINE)
DOWNLOADS = 600.0
STOP = 10.0


def blocks(readme: Path) -> dict[str, str]:
    """The blocks to follow by name, in their order."""
    return dict(BLOCK.findall(readme.read_text()))


class Clone(Platform):
    """The committed state of this repository in an empty folder, with data elsewhere."""

    def __init__(self) -> None:
        super().__init__(M3M_ROOT_EMAIL=EMAIL, M3M_ROOT_PASSWORD=PASSWORD)
        self.checkout = self.folder / "clone"
        self.git("clone", "--quiet", str(BASE_DIR), str(self.checkout), folder=self.folder)
        self.blocks = blocks(self.checkout / "README.md")
        self.command = shlex.split(self.blocks["run"])
        # Of the environment that this test runs in, nothing helps the stranger but the caches of packages.
        for name in ("VIRTUAL_ENV", "PYTHONPATH", "DJANGO_SETTINGS_MODULE"):
            self.environment.pop(name, None)
        places = os.environ.get("PATH", os.defpath).split(os.pathsep)
        self.environment["PATH"] = os.pathsep.join(
            place for place in places if Path(place).parent != Path(sys.prefix)
        )

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        return subprocess.run(  # noqa: S603
            [str(shutil.which("git")), *arguments],
            cwd=folder or self.checkout,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def follow(self, *names: str) -> list[str]:
        """Run blocks in one shell; what each of them printed."""
        rule = "=" * 20
        script = f"\necho {rule}\n".join(["set -eu", *(self.blocks[name] for name in names)])
        done = subprocess.run(  # noqa: S603
            ["/bin/sh", "-c", script],
            cwd=self.checkout,
            env={**self.environment, "M3M": self.uri, "EMAIL": EMAIL, "PASSWORD": PASSWORD},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout.split(rule)[1:]


@pytest.fixture(scope="module")
def clone(require: Require) -> Iterator[Clone]:
    for tool in ("git", "make", "curl"):
        require(shutil.which(tool), f"{tool} is missing, which the README needs.")
    with Clone() as platform:
        platform.start(seconds=DOWNLOADS)
        yield platform


def answers(printed: str) -> list[dict[str, Any]]:
    """The JSON objects among the printed lines."""
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


class ReadmeTest:
    """The order of these is that of the README."""

    def test_the_demo_service_answers_at_the_printed_address(self, clone: Clone) -> None:
        found = re.search(r"Demo service\s+(\S+)", clone.output)
        assert found, clone.output
        with urllib.request.urlopen(found[1], timeout=10) as answer:  # noqa: S310  (this platform)
            assert answer.status == 200
            assert json.load(answer) == {"message": "Hello, world!", "visits": 1}

    def test_rest_alone_makes_a_service_that_counts(self, clone: Clone) -> None:
        names = ("log in", "create", "start", "count", "release")
        printed = dict(zip(names, clone.follow(*names), strict=True))
        for name in names:
            for promised in ANSWER.findall(clone.blocks[name]):
                assert promised in printed[name]
        assert answers(printed["start"])[0]["version"] == "0.1"
        assert answers(printed["count"]) == [{"count": 1000}]
        release, restarted, status, rolled_back, log = answers(printed["release"])
        assert release["version"] == "0.2"
        assert (restarted["status"], restarted["release"]) == ("running", "0.2")
        assert status["run"]["id"] == restarted["id"]
        assert (rolled_back["status"], rolled_back["release"]) == ("running", "0.1")
        assert [line["message"] for line in log["lines"]] == ["counting from zero"]

    def test_it_stops_in_time_and_leaves_nothing_behind(self, clone: Clone) -> None:
        assert len(clone.family()) > 5
        took = clone.stop()
        while clone.family() and took < STOP:
            time.sleep(0.05)
            took += 0.05
        assert clone.family() == {}
        assert took < STOP

    def test_the_checkout_is_clean(self, clone: Clone) -> None:
        assert clone.git("status", "--porcelain") == ""
        assert not (clone.checkout / "data").exists()
