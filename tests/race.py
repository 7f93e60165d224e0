"""Starts that two nodes race for; run by `race` in a process with the environment of a platform."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

from accounts.permissions import SYSTEM
from m3m_site.conf import BASE_DIR
from projects.models import Project
from runtime.actions import runs
from runtime.models import Run
from runtime.tasks import node_queue, wake
from tests.crowd import Guard, sandboxes

PATIENCE = 10.0
MAIN = "import django; django.setup(); from tests.race import main; main()"


def race(
    environment: dict[str, str], rounds: int, nodes: Sequence[str], names: Sequence[str]
) -> dict[str, Any]:
    """Start all services, wait, count and stop them, `rounds` times; each start is told to both nodes at once.

    Returns how many starts each node `won`, what `failed`, and who lived `twice` at any of the guard's `looks`.
    """
    command = [sys.executable, "-c", MAIN, str(rounds), ",".join(nodes), *names]
    done = subprocess.run(  # noqa: S603  (our own module)
        command,
        cwd=BASE_DIR,
        env={**environment, "DJANGO_SETTINGS_MODULE": "m3m_site.settings"},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    rounds, nodes, names = int(sys.argv[1]), sys.argv[2].split(","), sys.argv[3:]
    sys.stdout.write(json.dumps(Race(nodes, names).run(rounds)))


class Race:
    def __init__(self, nodes: list[str], names: list[str]) -> None:
        self._nodes, self._names = nodes, names
        self._projects = {slug: Project.objects.get(slug=slug) for slug in names}
        self._won: Counter[str] = Counter()
        self._failed: list[str] = []

    def run(self, rounds: int) -> dict[str, object]:
        with Guard(self._names) as guard:
            for _ in range(rounds):
                self._round()
        return {"won": self._won, "failed": self._failed, "twice": guard.twice, "looks": guard.looks}

    def _round(self) -> None:
        with patch.object(runs, "wake_node", self._wake_all):
            started = {
                slug: runs.start_service(actor=SYSTEM, project=project)
                for slug, project in self._projects.items()
            }
        for slug, run in started.items():
            _wait(run, "running")
            if run.status != "running" or run.attempts.count() != 1:
                self._failed.append(f"{slug}: {run.status} {run.reason}, {run.attempts.count()} attempts")
            self._won[run.node.name if run.node else ""] += 1
        self._expect(1)
        for project in self._projects.values():
            runs.stop_service(actor=SYSTEM, project=project)
        for run in started.values():
            _wait(run, "stopped")
        self._expect(0)

    def _wake_all(self, run: Run) -> None:
        """Deliver the task twice, as a broker may."""
        for node in self._nodes:
            wake.apply_async(args=(str(run.pk),), queue=node_queue(node))

    def _expect(self, count: int) -> None:
        for slug, alive in sandboxes(self._names).items():
            if len(alive) != count:
                self._failed.append(f"{slug}: {len(alive)} sandboxes instead of {count}")


def _wait(run: Run, status: str) -> None:
    until = time.monotonic() + PATIENCE
    while run.status != status and time.monotonic() < until:
        time.sleep(0.005)
        run.refresh_from_db()
