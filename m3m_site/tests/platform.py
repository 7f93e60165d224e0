"""A whole platform in its own processes and directories, for tests."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from m3m_site.conf import BASE_DIR

READY = "M3M is running."


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> float:
    """Poll until the condition holds; how long it took. Raises AssertionError after `seconds`."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.01)
    return time.monotonic() - begun


class _Process(NamedTuple):
    name: str
    parent: int
    born: str


def _processes() -> Iterator[tuple[int, _Process]]:
    """All processes of the machine that are not zombies."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = entry.read_text()
        except OSError:
            continue
        name, fields = text[text.index("(") + 1 : text.rindex(")")], text.rpartition(")")[2].split()
        if fields[0] != "Z":
            yield int(entry.parent.name), _Process(name, int(fields[1]), fields[19])


class Platform:
    """`m3m up` on a free port with data of its own; ends with the `with` block, whatever happens in it."""

    command: Sequence[str] = (sys.executable, "-m", "m3m_site.cli", "up")
    checkout = BASE_DIR

    def __init__(self, **environment: str) -> None:
        # Not pytest's tmp_path: socket paths have to be short.
        self.folder = Path(tempfile.mkdtemp(prefix="m3mp-"))
        self.port = free_port()
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("M3M_")},
            "M3M_DATA": str(self.folder / "data"),
            "M3M_RUN": str(self.folder / "run"),
            "M3M_SERVER_HOST": "127.0.0.1",
            "M3M_SERVER_PORT": str(self.port),
            **environment,
        }
        self.log = self.folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self._seen: set[tuple[int, str]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def parent(self) -> int:
        assert self.process
        return self.process.pid

    def start(self, ready: str = READY, seconds: float = 60.0) -> Platform:
        """Start, and wait until the output says so."""
        with self.log.open("ab") as log:
            begun = time.monotonic()
            self.process = subprocess.Popen(  # noqa: S603
                self.command, cwd=self.checkout, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        said = self.output.count(ready)
        wait_for(
            lambda: self.output.count(ready) > said or self._ended(), seconds, f"'{ready}' in:\n{self.output}"
        )
        self.started = time.monotonic() - begun
        assert not self._ended(), self.output
        self.family()
        return self

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def once(self, seconds: float = 30.0) -> int:
        """Start a platform that is expected to end by itself; its exit code."""
        with self.log.open("ab") as log:
            return subprocess.call(  # noqa: S603
                self.command,
                cwd=self.checkout,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=seconds,
            )

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Ask to stop and wait; the seconds it took."""
        assert self.process
        self.family()
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        return time.monotonic() - begun

    def family(self) -> dict[int, str]:
        """Ids and names of all living processes of this platform, sandboxes included.

        Whoever was seen below the parent once still counts when the parent is gone.
        """
        table = dict(_processes())
        wanted = {self.process.pid} if self.process else set()
        while more := {pid for pid, found in table.items() if found.parent in wanted} - wanted:
            wanted |= more
        self._seen |= {(pid, table[pid].born) for pid in wanted if pid in table}
        return {pid: table[pid].name for pid, born in self._seen if pid in table and table[pid].born == born}

    def pid_of(self, role: str) -> int:
        """Id of the only living process of a role; 0 when there is none."""
        names = (f"m3m: {role}", f"{role}-server")
        return next((pid for pid, name in self.family().items() if name in names), 0)

    def password(self) -> str:
        """Password of the first account, as it was printed."""
        found = re.search(r"Password: (\S+)", self.output)
        assert found, self.output
        return found[1]
