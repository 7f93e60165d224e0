"""Tasks that keep a worker's interpreter busy; loaded by benchmarks/settings.py alone, never by the product."""

from __future__ import annotations

import json
import time
from pathlib import Path

from celery import shared_task

WORK = json.dumps({"numbers": list(range(500)), "text": "x" * 500})


@shared_task(name="benchmarks.burn")
def burn(flag: str) -> None:
    """Compute without ever waiting, as long as the file `flag` exists, at most two minutes."""
    until = time.monotonic() + 120
    while time.monotonic() < until and Path(flag).exists():
        for _ in range(100):
            data = json.loads(WORK)
            sum(number * number for number in data["numbers"])
