"""Fork → booted of one sandbox, with the zygote alone: no database, no worker."""

from __future__ import annotations

import json
import socket
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from benchmarks.figures import Figure, median, quantile
from benchmarks.stage import CODE
from runtime.sandbox.frames import Kind, Reader, pack
from runtime.sandbox.limits import Limits
from runtime.supervisor.zygote import LeasePage, Zygote


def boot_once(zygote: Zygote, listener: socket.socket) -> tuple[float, float]:
    """Milliseconds to BOOTED and to STARTED."""
    ours, theirs = socket.socketpair()
    limits = Limits()
    boot = {"epoch": 1, "limits": limits._asdict(), "files": {"main": CODE}, "env": {}, "go": True}
    reader = Reader(frozenset(Kind))
    begun = time.perf_counter()
    zygote.spawn(uuid4(), 1, theirs, listener, limits)
    theirs.close()
    ours.sendall(pack(Kind.BOOT, json.dumps(boot).encode()))
    moments: dict[int, float] = {}
    while Kind.STARTED not in moments:
        data = ours.recv(65536)
        if not data:
            raise RuntimeError("the sandbox died")
        for kind, _frame_id, _payload in reader.feed(data):
            moments[kind] = (time.perf_counter() - begun) * 1000
    ours.close()
    for _ in range(2):
        zygote.read()  # it was spawned, and it left when its node's end was closed
    return moments[Kind.BOOTED], moments[Kind.STARTED]


def sandbox_start(*, count: int) -> list[Figure]:
    page = LeasePage()
    page.set(2**62)
    zygote = Zygote(page, insecure=False)
    with tempfile.TemporaryDirectory(prefix="m3mb-") as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(Path(folder) / "route"))
        listener.listen(1)
        times = [boot_once(zygote, listener) for _ in range(count)]
    zygote.kill()
    booted = [one for one, _ in times]
    return [
        Figure("sandbox: fork → locked, booted, median", median(booted), "ms"),
        Figure("sandbox: fork → serving, median", median([one for _, one in times]), "ms"),
        Figure("sandbox: fork → booted, p95", quantile(booted, 0.95), "ms"),
    ]
