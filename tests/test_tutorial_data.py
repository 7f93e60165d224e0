"""The walk-through of docs/tutorial-data.md, block by block, on a running platform."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from m3m_site.conf import BASE_DIR
from m3m_site.testing import Require
from tests.platform import EMAIL, PASSWORD, Platform

pytestmark = pytest.mark.slow

# `<!-- test: name -->` before a block makes it a part of this test; comments in it are pieces of its output.
BLOCK = re.compile(r"<!-- test: ([\w ]+) -->\n```sh\n(.*?)\n```", re.DOTALL)
PROMISE = re.compile(r"^# (.+)$", re.MULTILINE)
RULE = "=" * 20


def follow(platform: Platform, folder: Path, blocks: dict[str, str]) -> dict[str, str]:
    """Run the blocks in one shell; what each of them printed."""
    script = f"\necho; echo {RULE}\n".join(["set -eu", *blocks.values()])
    environment = platform.processes.environment
    path = f"{Path(sys.executable).parent}:{environment['PATH']}"
    account = {"M3M": platform.url, "EMAIL": EMAIL, "PASSWORD": PASSWORD}
    done = subprocess.run(  # noqa: S603
        ["/bin/sh", "-c", script],
        cwd=folder,
        env={**environment, "PATH": path, **account},
        capture_output=True,
        text=True,
        timeout=300,  # a few seconds where nothing else runs; a dozen commands load Django
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return dict(zip(blocks, done.stdout.split(RULE)[1:], strict=True))


class TutorialTest:
    def test_every_block_does_what_it_says(
        self, platform: Platform, tmp_path: Path, require: Require
    ) -> None:
        for tool in ("curl", "awk", "sed"):
            require(shutil.which(tool), f"{tool} is missing, which the walk-through needs.")
        blocks = dict(BLOCK.findall((BASE_DIR / "docs" / "tutorial-data.md").read_text()))
        assert len(blocks) == 20
        printed = follow(platform, tmp_path, blocks)
        broken = [
            f"{name}: {promise!r} is not in {printed[name]}"
            for name, block in blocks.items()
            for promise in PROMISE.findall(block)
            if promise not in printed[name]
        ]
        assert broken == []
        left = {one["slug"] for one in platform.api("GET", "/projects").json["results"]}
        assert "shop" not in left
        assert list(tmp_path.iterdir()) == []
