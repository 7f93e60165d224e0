"""Proportional memory (PSS) of the platform by role, and of each further idle service."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.stage import make_services
from tests.platform import Platform

SETTLE = 1.0


def pss(pid: int) -> float:
    """Megabytes of one process, shared pages counted in parts."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def by_role(platform: Platform) -> dict[str, float]:
    """PSS of all processes, sandboxes together."""
    sums: dict[str, float] = defaultdict(float)
    for pid, name in platform.pids().items():
        role = "sandboxes" if name.startswith("m3m/") else name.removeprefix("m3m: ")
        sums[role] += pss(pid)
    return dict(sums)


def idle(platform: Platform) -> list[Figure]:
    time.sleep(SETTLE)
    roles = by_role(platform)
    parts = ", ".join(f"{role} {size:.0f}" for role, size in sorted(roles.items(), key=lambda item: -item[1]))
    return [Figure("platform idle, PSS", sum(roles.values()), "MB", target=230, aim=190, note=parts)]


def marginal(platform: Platform, *, first: int, last: int) -> list[Figure]:
    """What all processes together grow by, per service, from `first` to `last` services; `first` run already."""
    time.sleep(SETTLE)
    before = by_role(platform)
    make_services(platform, [f"more-{number}" for number in range(first, last)])
    time.sleep(SETTLE)
    after = by_role(platform)
    count = last - first
    grown = {role: (after[role] - before.get(role, 0)) / count for role in after}
    parts = ", ".join(f"{role} {size * 1024:.0f} kB" for role, size in grown.items() if abs(size) > 0.01)
    return [
        Figure(
            f"each further idle service, {first} → {last}, PSS",
            sum(grown.values()),
            "MB",
            target=2.0,
            aim=1.6,
            note=parts,
        ),
        Figure(
            "of that, sandboxes alone",
            grown.get("sandboxes", 0.0),
            "MB",
            note="the rest is what web and worker grew by",
        ),
    ]
