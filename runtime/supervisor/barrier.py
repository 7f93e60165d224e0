"""All boots before all starts, for the services that a node brings back when it starts."""

from __future__ import annotations

import time

from runtime.supervisor.sandbox import Sandbox, Stage

LONGEST_WAIT = 3.0
NEVER = float("inf")


class Barrier:
    def __init__(self) -> None:
        self._waiting: dict[str, Sandbox] = {}
        self._held: list[Sandbox] = []
        self.deadline = NEVER

    def add(self, sandbox: Sandbox) -> None:
        self._waiting[sandbox.key] = sandbox
        self._held.append(sandbox)

    def arm(self) -> None:
        """Everybody is here: count from now."""
        if self._held and self.deadline == NEVER:
            self.deadline = time.monotonic() + LONGEST_WAIT
            self._open_if_done()

    def booted(self, sandbox: Sandbox) -> None:
        """This one has booted, or will not."""
        if self._waiting.pop(sandbox.key, None) is not None:
            self._open_if_done()

    def _open_if_done(self) -> None:
        if not self._waiting and self.deadline != NEVER:
            self.deadline = 0.0

    def release(self, now: float) -> list[Sandbox]:
        """Who may start, once the barrier is open; a late boot starts by itself when it comes through."""
        if now < self.deadline:
            return []
        held, self._held = self._held, []
        self._waiting.clear()
        self.deadline = NEVER
        return [sandbox for sandbox in held if sandbox.stage in (Stage.BOOTING, Stage.BOOTED)]
