"""Indexed queries on many records, on each database there is, beside the same written by hand.

`python -m benchmarks.records COUNT ROUNDS` is the child that fills a database and measures in it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib import import_module

from benchmarks.figures import Figure
from tests.stores import KINDS, missing, store

FACTOR = 3


@dataclass(frozen=True)
class Measured:
    """Seconds of one query and of the same by hand."""

    title: str
    ours: float
    theirs: float
    uses_index: bool


def queries(*, count: int, rounds: int) -> list[Figure]:
    """How many times longer than by hand, objects made of the rows included."""
    return [
        _figure("SQLite" if kind == "embedded" else "PostgreSQL", one)
        for kind in KINDS
        if not missing(kind)
        for one in _measure_in_child(kind, count, rounds)
    ]


def _figure(database: str, one: Measured) -> Figure:
    note = f"{one.ours * 1000:.2f} ms, by hand {one.theirs * 1000:.2f} ms"
    if not one.uses_index:
        note += ", WITHOUT ITS INDEX"
    return Figure(f"{database}, {one.title}", one.ours / one.theirs, "×", target=FACTOR, note=note)


def _measure_in_child(kind: str, count: int, rounds: int) -> list[Measured]:
    """Settings are read once in a process, so that each database has one of its own."""
    with tempfile.TemporaryDirectory(prefix="m3m-bench-") as folder, store(kind) as database:
        environment = {
            **os.environ,
            **database,
            "M3M_DATA": f"{folder}/data",
            "M3M_RUN": f"{folder}/run",
            "DJANGO_SETTINGS_MODULE": "m3m_site.settings",
        }
        command = [sys.executable, "-m", "benchmarks.records", str(count), str(rounds)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603
    return [Measured(**one) for one in json.loads(done.stdout)]


def main() -> None:
    count, rounds = int(sys.argv[1]), int(sys.argv[2])
    import_module("django").setup()
    import_module("django.core.management").call_command("migrate", verbosity=0)
    alice = import_module("accounts.models").User.objects.create_user(
        "a@example.org", can_create_projects=True
    )
    create_project = import_module("projects.actions.projects").create_project
    # Known to Django only now that it is set up.
    speed = import_module("projects.tests.speed")
    collection = speed.fill(create_project(actor=alice, name="Bench", slug="bench"), count)
    found = [
        asdict(Measured(case.title, ours, theirs, not wrong))
        for case, ours, theirs, wrong in speed.compare(collection, rounds)
    ]
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
