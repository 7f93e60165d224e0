"""Many services on one platform, callers that never stop asking, and a look into /proc: for tests of what breaks."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self

from m3m_site.conf import BASE_DIR
from tests.platform import Platform, wait_for

# Answers who it is: each sandbox has a name of its own, so that an answer tells which attempt gave it.
CODE = """
const born = crypto.randomUUID();
let count = 0;
router.get('/', () => ({ born, count: count += 1 }));
"""


def slugs(count: int) -> list[str]:
    """Names that no other platform of this machine uses, short enough to be seen whole in process lists."""
    token = secrets.token_hex(2)
    return [f"{token}-{number}" for number in range(count)]


def create_service(platform: Platform, slug: str, code: str = CODE) -> None:
    """A project with a release 0.1 that does not run yet."""
    assert platform.api("POST", "/projects", {"name": slug, "slug": slug}).status == 201
    platform.api("PUT", f"/projects/{slug}/pipeline/branches/develop", {"code": code})
    assert platform.api("POST", f"/projects/{slug}/pipeline/releases", {"branch": "develop"}).status == 201


def make_services(platform: Platform, names: Iterable[str], code: str = CODE) -> None:
    """Create and start services, and wait until all serve."""
    names = list(names)
    for slug in names:
        create_service(platform, slug, code)
        assert platform.api("POST", f"/projects/{slug}/start", {}).status == 202
    all_serve(platform, names, 30)


def all_serve(platform: Platform, names: Iterable[str], seconds: float) -> float:
    """Wait until every service answers 200; how long that took."""
    begun = time.monotonic()
    for slug in names:
        wait_for(partial(serves, platform, slug), seconds, f"{slug} serves")
    return time.monotonic() - begun


def serves(platform: Platform, slug: str) -> bool:
    try:
        return platform.request("GET", f"/r/{slug}/").status == 200
    except (OSError, HTTPException):
        return False


def sandboxes(names: Iterable[str]) -> dict[str, list[int]]:
    """Ids of the living sandboxes of services, by slug."""
    found: dict[str, list[int]] = {slug: [] for slug in names}
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal():
            continue
        try:
            text = Path(entry.path, "stat").read_text()
        except OSError:
            continue
        name, _, rest = text.partition("(")[2].rpartition(") ")
        if name.startswith("m3m/") and name[4:] in found and rest[0] not in "ZX":
            found[name[4:]].append(int(entry.name))
    return found


def sandbox_of(slug: str) -> int:
    """Id of the only sandbox of a service; 0 while there is none."""
    alive = sandboxes([slug])[slug]
    assert len(alive) < 2, f"{slug} lives twice: {alive}"
    return alive[0] if alive else 0


class Guard(threading.Thread):
    """Looks all the time that no service lives twice."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self._names = names
        self._ending = threading.Event()
        self.twice: dict[str, list[int]] = {}
        self.looks = 0

    def run(self) -> None:
        while not self._ending.wait(0.02):
            self.looks += 1
            for slug, alive in sandboxes(self._names).items():
                if len(alive) > 1:
                    self.twice[slug] = alive

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self.join()


class Caller(threading.Thread):
    """Asks services in turn over one kept connection, one request at a time."""

    def __init__(self, port: int, names: Sequence[str], pause: float = 0.0) -> None:
        super().__init__(daemon=True)
        self._port, self._names, self._pause = port, names, pause
        self._ending = threading.Event()
        self.statuses: dict[str, Counter[int]] = defaultdict(Counter)
        self.answers: dict[str, list[str]] = defaultdict(list)  # who answered, in turn
        self.last: dict[str, float] = {}  # when somebody answered last

    def run(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        position = 0
        while not self._ending.is_set():
            slug = self._names[position % len(self._names)]
            position += 1
            try:
                connection.request("GET", f"/r/{slug}/")
                answer = connection.getresponse()
                self._note(slug, answer.status, answer.read().decode())
            except (OSError, HTTPException):
                connection.close()
                self.statuses[slug][0] += 1
            if self._pause:
                time.sleep(self._pause)
        connection.close()

    def _note(self, slug: str, status: int, body: str) -> None:
        self.statuses[slug][status] += 1
        born = body.partition('"born":"')[2].partition('"')[0]
        if status != 200:
            return
        self.last[born] = time.monotonic()
        if self.answers[slug][-1:] != [born]:
            self.answers[slug].append(born)

    @property
    def failures(self) -> dict[str, Counter[int]]:
        """What was not 200, by service."""
        failed = {slug: Counter(dict(seen)) for slug, seen in self.statuses.items()}
        for seen in failed.values():
            del seen[200]
        return {slug: seen for slug, seen in failed.items() if seen}

    @property
    def calls(self) -> int:
        return sum(seen.total() for seen in self.statuses.values())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self.join()


class SecondWorker:
    """One more `m3m worker` on the data of a platform: another node."""

    def __init__(self, platform: Platform, name: str = "second") -> None:
        self.environment = {**platform.processes.environment, "M3M_RUNTIME_NODE": name}
        self._log = (platform.processes.folder / f"log-{name}").open("ab")
        self.process = subprocess.Popen(  # noqa: S603  (our own module)
            [sys.executable, "-m", "m3m_site.cli", "worker"],
            cwd=BASE_DIR,
            env=self.environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    @property
    def zygote(self) -> int:
        """Id of its zygote; 0 before there is one."""
        return child_named(self.process.pid, "m3m: zygote")

    def __enter__(self) -> Self:
        wait_for(lambda: self.zygote, 60, "the second worker is ready")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


def child_named(parent: int, name: str) -> int:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = entry.read_text()
        except OSError:
            continue
        if f"({name})" in text and int(text.rpartition(")")[2].split()[1]) == parent:
            return int(entry.parent.name)
    return 0
