"""The node's handle of one attempt."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Any

from runtime.choices import EndReason
from runtime.sandbox.frames import pack
from runtime.sandbox.nodelink import Allowance
from runtime.supervisor import words
from runtime.supervisor.policy import Ending

if TYPE_CHECKING:
    from runtime.logs import Writer
    from runtime.models import Run
    from runtime.sandbox.limits import Limits
    from runtime.supervisor.masking import Masker

LINES_OF_GRACE = 4  # times its allowance, which an honest sandbox keeps by itself


class Stage(Enum):
    BOOTING = "booting"
    BOOTED = "booted"
    SERVING = "serving"
    STOPPING = "stopping"


class Sandbox:
    """Socket, log and fate of one sandbox process. `send` may be called from any thread."""

    def __init__(self, run: Run, limits: Limits, host: socket.socket, log: Writer, masker: Masker) -> None:
        self.run, self.limits, self.ours, self.log, self.masker = run, limits, host, log, masker
        self.epoch = run.epoch  # of this attempt; the run goes on to the next one
        self.key = f"{run.pk}/{run.epoch}"
        self.ours.setblocking(False)
        self.reader = words.reader()
        self.said: set[int] = set()
        self._lines = Allowance(LINES_OF_GRACE)
        self._withheld = 0
        self.stage = Stage.BOOTING
        self.pid = 0
        self.calls = 0  # host calls under way
        self.serving_since = 0.0
        self.stop_deadline = 0.0
        self.stop_reason = ""
        self.routes: list[dict[str, str]] = []
        self.gone = False  # its stream has ended
        self.zygote_gone = False  # nobody will tell how it ended
        self.failure: dict[str, Any] | None = None
        self._out: deque[memoryview] = deque()
        self.unsent = 0  # bytes that wait for room in its socket
        self._lock = threading.Lock()

    def send(self, kind: int, data: object, frame_id: int = 0) -> bool:
        """Queue one frame; returns whether something is left for `flush`, when the socket has room."""
        frame = pack(kind, json.dumps(data).encode(), frame_id)
        with self._lock:
            self._out.append(memoryview(frame))
            self.unsent += len(frame)
        return self.flush()

    def flush(self) -> bool:
        with self._lock:
            while self._out:
                try:
                    sent = self.ours.send(self._out[0])
                except BlockingIOError:
                    return True
                except OSError:  # it has died; its end is told by the zygote
                    self._out.clear()
                    self.unsent = 0
                    return False
                self.unsent -= sent
                if sent < len(self._out[0]):
                    self._out[0] = self._out[0][sent:]
                    return True
                self._out.popleft()
        return False

    def may_log(self) -> bool:
        """Whether another line of its own is to be taken; native code that has taken it over keeps to no rate."""
        if self._lines.take(self.limits):
            return True
        self._withheld += 1
        return False

    def write_dropped(self, dropped: int) -> None:
        """Say in the log how many lines are missing before the next one."""
        dropped, self._withheld = dropped + self._withheld, 0
        if dropped:
            self.write_log("warn", f"{dropped} log lines dropped: more than the limit allows")

    def write_log(self, level: str, text: str) -> None:
        self.log.write(level, self.masker.mask(text))

    def take_routes(self, routes: list[dict[str, str]]) -> None:
        """Keep what the script registered as people may see it: a path may hold a secret."""
        clean = self.masker.storable
        self.routes = [{key: clean(str(text)) for key, text in route.items()} for route in routes]

    def ending(self, killed: str, status: int) -> Ending:
        """What the policy needs to know, from the zygote's word and the sandbox's own."""
        failure = self.failure or {}
        reason = EndReason(killed or failure.get("reason") or EndReason.ENGINE_CRASH)
        serving = self.serving_since > 0
        return Ending(
            reason=reason,
            serving=serving,
            final=bool(failure.get("final")),
            lived=time.monotonic() - self.serving_since if serving else 0.0,
            outside=not killed and not failure and status in (signal.SIGKILL, signal.SIGTERM),
        )

    def failure_text(self) -> str:
        """What the sandbox said of its end, with the stack that leads to the author's line."""
        failure = self.failure or {}
        return "\n".join(str(failure[key]) for key in ("message", "stack") if failure.get(key))

    def close(self) -> None:
        self.ours.close()
