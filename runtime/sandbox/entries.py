"""Entries into the script: each call with the jobs it leaves, under a CPU and a wall deadline.

The deadlines stand on the shared page as well, for the zygote's watchdog to end what the engine cannot interrupt.
"""

from __future__ import annotations

import mmap
import struct
import time
from collections.abc import Callable
from typing import NamedTuple

from runtime.sandbox.engine import NEVER, Engine, GuestFault, Interrupted, OutOfMemory
from runtime.sandbox.limits import Limits

PAGE = struct.Struct("<QQ")  # CPU deadline, wall deadline of the current entry in ns; 0: no entry
IDLE = PAGE.pack(0, 0)
DRAIN_NS, DRAIN_WALL_NS = 20_000_000, 500_000_000
REJECTIONS = 100  # unhandled ones that an entry may log; showing one may run the script and make others
FULL = 0.9  # of the heap in use after a memory error: the script cannot go on


class Outcome(NamedTuple):
    """What came of an entry: the function's result, or the name of the limit that it met (or `engine_crash`)."""

    result: object = None
    reason: str = ""
    text: str = ""


class Entries:
    """The only way into the engine once guest code is there."""

    def __init__(self, engine: Engine, page: mmap.mmap) -> None:
        self.engine = engine
        self.limits = Limits()
        self.memory_suspect = False
        self.reject: Callable[..., object] = lambda: ""  # logs one unhandled rejection; set with the natives
        self._page = page

    def wall(self) -> int:
        """The wall deadline (monotonic ns) of a request or timer that begins now."""
        return time.monotonic_ns() + int(self.limits.wall * 1e9)

    def run(
        self, function: Callable[..., object], *arguments: object, wall: int, booting: bool = False
    ) -> Outcome:
        """One entry; `wall` is its deadline in monotonic ns, NEVER for none. The script may go on after any outcome."""
        engine = self.engine
        engine.tripped, engine.peak = "", 0
        engine.cpu_deadline = time.process_time_ns() + int(self.limits.cpu * 1e9)
        engine.wall_deadline = wall
        self._page[:16] = PAGE.pack(engine.cpu_deadline, wall if wall < NEVER else 0)
        result: object = None
        try:
            result = engine.call(function, *arguments)
            engine.pump()
            self._settle_rejections()
            return Outcome(result)
        except Interrupted as stop:
            return Outcome(result, stop.reason, self.describe(stop.reason, booting=booting))
        except OutOfMemory:
            self.memory_suspect = True
            return Outcome(result, "limit_memory", self.describe("limit_memory"))
        except GuestFault as fault:
            return Outcome(result, "engine_crash", str(fault))
        finally:
            engine.drop_rejections()
            engine.cpu_deadline = engine.wall_deadline = NEVER
            self._page[:16] = IDLE

    def _settle_rejections(self) -> None:
        for _ in range(REJECTIONS):
            if not self.engine.take_rejection():
                return
            self.engine.call(self.reject)

    def describe(self, reason: str, *, booting: bool = False) -> str:
        """A limit with its value, for the author."""
        limits = self.limits
        if reason == "limit_cpu":
            return f"CPU limit of {limits.cpu:g} s exceeded"
        if reason == "limit_memory":
            return f"memory limit of {limits.heap // 1048576} MB exceeded"
        return f"wall limit of {(limits.boot if booting else limits.wall):g} s exceeded"

    def spoilt(self, reason: str) -> tuple[str, str] | None:
        """(reason, text) where the script cannot go on cleanly after an entry that ended with `reason`."""
        if reason in ("limit_cpu", "limit_wall") and not self._drain():
            return reason, f"{self.describe(reason)} by promises without end"
        if self.memory_suspect:
            self.memory_suspect = False
            if self.engine.heap_used > self.engine.heap * FULL:
                return "limit_memory", self.describe("limit_memory")
        return None

    def _drain(self) -> bool:
        """Whether the jobs that an interrupted entry left come to an end soon."""
        engine = self.engine
        engine.tripped = ""
        engine.cpu_deadline = time.process_time_ns() + DRAIN_NS
        # A job may wait for the host instead of using CPU.
        engine.wall_deadline = time.monotonic_ns() + DRAIN_WALL_NS
        self._page[:16] = PAGE.pack(engine.cpu_deadline + DRAIN_NS, engine.wall_deadline)
        try:
            engine.pump()
            return True
        except Interrupted:
            return False
        except (OutOfMemory, GuestFault):
            return True
        finally:
            engine.cpu_deadline = engine.wall_deadline = NEVER
            self._page[:16] = IDLE
