"""Real zygotes and sandboxes for tests: spawning them, speaking frames, collecting logs and ends."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from runtime.sandbox.frames import FrameError, Kind, Reader, pack
from runtime.supervisor.zygote import LeasePage
from runtime.tests.client import EVERY_KIND, PATIENCE, Answer, Client, Data

ROOT = Path(__file__).resolve().parents[2]
FOREVER = 1 << 62

# Imports everything first: afterwards another user may be unable to read the interpreter's own files.
BECOME_NOBODY = """
import os, ctypes, ctypes.util, pyseccomp, tempfile, encodings.idna, encodings.latin_1
import runtime.sandbox.zygote
os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
"""

OnCall = Callable[[str, list[Data]], dict[str, Data]]


def wait_until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Poll until `condition` holds; fails naming `what`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.002)


def is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


class Box:
    """One sandbox. A thread of its own reads what it says and answers its host calls by `on_call`."""

    def __init__(self, zygote: TestZygote, run: str, on_call: OnCall | None) -> None:
        self._zygote, self.run, self._on_call = zygote, run, on_call
        self.ours, self.theirs = socket.socketpair()
        self.listener = socket.socket(socket.AF_UNIX)
        self.path = str(zygote.directory / f"{run}.sock")
        self.listener.bind(self.path)
        self.listener.listen(64)
        self.frames: list[tuple[int, Data]] = []
        self.logs: list[tuple[str, str]] = []
        self.dropped = 0
        self.pid = 0
        self.exited: dict[str, Data] | None = None
        self.eof = threading.Event()
        self._client: Client | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        reader = Reader(EVERY_KIND)
        with contextlib.suppress(OSError, FrameError):
            while data := self.ours.recv(1 << 20):
                for kind, frame_id, payload in reader.feed(data):
                    self._frame(kind, frame_id, json.loads(payload) if payload else None)
        self.eof.set()

    def _frame(self, kind: int, frame_id: int, data: Data) -> None:
        if kind == Kind.LOG:
            self.logs.append((data[0], data[1]))
            self.dropped += data[2]
        elif kind == Kind.CALL and self._on_call is not None:
            self.send(Kind.RESULT, self._on_call(data["f"], data["a"]), frame_id)
        else:
            self.frames.append((kind, data))

    def send(self, kind: int, data: object, frame_id: int = 0) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.ours.sendall(pack(kind, json.dumps(data).encode(), frame_id))

    def wait_for(self, *kinds: int, seconds: float = PATIENCE) -> Data:
        """The payload of the first frame of one of these kinds."""
        wait_until(
            lambda: any(kind in kinds for kind, _ in self.frames) or self.eof.is_set(),
            f"frame {kinds}",
            seconds,
        )
        for kind, data in list(self.frames):
            if kind in kinds:
                return data
        raise AssertionError(
            f"{self.run} ended without frame {kinds}: {self.frames} {self.logs} {self.exited}"
        )

    def wait_exit(self, seconds: float = PATIENCE) -> dict[str, Data]:
        """The zygote's word about the end of this sandbox."""
        wait_until(lambda: self.exited is not None, f"end of {self.run}", seconds)
        assert self.exited is not None
        return self.exited

    def wait_log(self, text: str, seconds: float = PATIENCE) -> str:
        """The first log line that contains `text`."""
        wait_until(lambda: any(text in line for _, line in self.logs), f"log line '{text}'", seconds)
        return next(line for _, line in self.logs if text in line)

    @property
    def ending(self) -> tuple[str, bool]:
        """(reason, final) of an attempt that has ended, as the node would judge it."""
        self.wait_exit()
        self.eof.wait(PATIENCE)
        exited = self.exited or {}
        failure: dict[str, Data] = next((data for kind, data in self.frames if kind == Kind.FAILED), {})
        reason = exited["killed"] or failure.get("reason", "")
        return reason or ("stopped" if exited["status"] == 0 else "engine_crash"), bool(failure.get("final"))

    @property
    def client(self) -> Client:
        if self._client is None:
            self._client = Client(self.path)
        return self._client

    def request(self, path: str = "/", method: str = "GET", **more: Data) -> Answer:
        return self.client.request(path, method, **more)

    def stop(self, deadline: float = 2.0) -> None:
        self.send(Kind.STOP, {"deadline": deadline})

    def close(self) -> None:
        for one in (self.ours, self.listener):
            one.close()
        if self._client is not None:
            self._client.close()


class TestZygote:
    """A zygote process; `setup` is Python that it runs first, as `nobody` when asked."""

    __test__ = False

    def __init__(self, *, setup: str = "", insecure: bool = False, nobody: bool = False) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="m3mz-"))
        self.lease = LeasePage()
        self.lease.set(FOREVER)
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        code = f"import sys; sys.path.append({str(ROOT)!r})\n{BECOME_NOBODY if nobody else ''}\n{setup}\n"
        code += "from runtime.sandbox.zygote import main; main()"
        self.process = subprocess.Popen(  # noqa: S603  (our own interpreter and code)
            [
                sys.executable,
                "-I",
                "-B",
                "-c",
                code,
                str(theirs.fileno()),
                str(os.getpid()),
                str(int(insecure)),
            ],
            pass_fds=[theirs.fileno()],
            env={"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        theirs.close()
        self.control.settimeout(20)
        self.hello: dict[str, Data] = json.loads(self.control.recv(65536) or b"{}")
        self.control.settimeout(None)
        self.boxes: dict[str, Box] = {}
        self._names = itertools.count(1)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.control.recv(65536):
                message = json.loads(data)
                if box := self.boxes.get(message.get("spawned", "")):
                    box.pid = message["pid"]
                elif box := self.boxes.get(message.get("exited", "")):
                    box.exited = message

    def spawn(
        self,
        files: Mapping[str, str] | str,
        *,
        limits: Mapping[str, float] | None = None,
        env: Mapping[str, Data] | None = None,
        go: bool = True,
        on_call: OnCall | None = None,
        heap: int = 64 << 20,
    ) -> Box:
        """Fork a sandbox and send it BOOT; `limits` overrides the defaults."""
        box = Box(self, f"run{next(self._names)}", on_call)
        self.boxes[box.run] = box
        sources = {"main": files} if isinstance(files, str) else dict(files)
        boot = {
            "epoch": 1,
            "limits": {"heap": heap, **(limits or {})},
            "files": sources,
            "env": env or {},
            "go": go,
        }
        box.send(Kind.BOOT, boot)
        order = json.dumps({"run": box.run, "heap": heap, "cpu": (limits or {}).get("cpu", 2.0)}).encode()
        descriptors = [box.theirs.fileno(), box.listener.fileno(), self.lease.readonly]
        socket.send_fds(self.control, [order], descriptors)
        box.theirs.close()
        return box

    def serve(self, files: Mapping[str, str] | str, **more: Any) -> Box:  # noqa: ANN401
        """`spawn`, once it has come through start."""
        box = self.spawn(files, **more)
        box.wait_for(Kind.STARTED)
        return box

    def kill(self, box: Box) -> None:
        self.control.send(json.dumps({"kill": box.run}).encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.control.close()
        for box in self.boxes.values():
            box.close()
            Path(box.path).unlink(missing_ok=True)
        self.directory.rmdir()


@contextlib.contextmanager
def zygote(**more: Any) -> Iterator[TestZygote]:  # noqa: ANN401
    started = TestZygote(**more)
    try:
        yield started
    finally:
        started.close()
