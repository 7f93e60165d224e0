"""Wanted against actual: one thread that claims runs and follows what the database says of them.

Everything that happens reaches this thread as an event in one queue; once a second it also compares the rows of
this node with its sandboxes. So a lost message, a dead node or a restart of everything ends in the same place.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import Q

from runtime.choices import HELD_STATUSES, EndReason, RunStatus
from runtime.models import Run
from runtime.sandbox.frames import Kind
from runtime.signals import environment_changed, run_woken
from runtime.supervisor.calls import Calls
from runtime.supervisor.intake import Intake
from runtime.supervisor.lease import Lease
from runtime.supervisor.name import NodeName
from runtime.supervisor.runs import Runs
from runtime.supervisor.sandbox import Sandbox, Stage
from runtime.supervisor.sandboxes import Sandboxes
from runtime.supervisor.zygote import LeasePage, Zygote

log = logging.getLogger(__name__)

TICK = 1.0
THREAD = "supervisor"
LOST_SECONDS = 30.0


def _leave_checkpoints_to_others(connection: BaseDatabaseWrapper, **_: object) -> None:
    """SQLite moves its log into the database at some commit, with a sync: no restart should have to wait for that."""
    if connection.vendor == "sqlite" and threading.current_thread().name == THREAD:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_autocheckpoint=0")


class Supervisor:
    """The runtime half of a node. `start` and `stop` come from the worker's boot step."""

    def __init__(self, name: NodeName) -> None:
        self.name = name
        self._events: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._page = LeasePage()
        self._lease: Lease
        self._intake: Intake
        self.sandboxes: Sandboxes
        self._runs: Runs
        self._first_round = True
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=THREAD, daemon=True)

    # -- life

    def start(self) -> None:
        run_woken.connect(self._on_woken)
        environment_changed.connect(self._on_environment)
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End all services gracefully within `seconds`, hand their runs back and end the lease."""
        self._stopping.set()
        self._post("stop", seconds)
        self._thread.join(seconds + 3)

    def _post(self, *event: Any) -> None:
        self._events.put(event)

    def _on_woken(self, run_id: str, **_: Any) -> None:
        self._post("woken", UUID(run_id))

    def _on_environment(self, project_id: str, **_: Any) -> None:
        self._post("environment", UUID(project_id))

    def _on_sandbox(self, sandbox: Sandbox, kind: int | None, data: object) -> None:
        self._post("sandbox", sandbox, kind, data)

    def _lost(self) -> None:
        """Called by the lease's thread: sandboxes die before anything else, and no run is claimed until all is forgotten."""
        self.sandboxes.kill_all()
        forgotten = threading.Event()
        self._post("lost", forgotten)
        forgotten.wait(LOST_SECONDS)

    def _open(self) -> bool:
        """Register with the database; until it answers there is nothing to supervise. False when told to stop."""
        while not self._stopping.is_set():
            try:
                self._lease = Lease(self.name, settings.RUNTIME.lease, self._page, self._lost)
            except DatabaseError as error:
                log.warning("node %s waits for the database: %s", self.name, error)
                connection.close()
                self._stopping.wait(1)
                continue
            pool_size, calls = settings.RUNTIME.worker_pool_size, Calls(self._lease)
            self._intake = Intake(pool_size=pool_size, on_event=self._on_sandbox, on_call=calls)
            self.sandboxes = Sandboxes(self._intake, self._page, self._post)
            self.sandboxes.start_zygote()
            self._runs = Runs(self._lease, self.sandboxes)
            return True
        return False

    def _run(self) -> None:
        if not self._open():
            return
        connection_created.connect(_leave_checkpoints_to_others)
        connection.close()
        tick = 0.0
        while not self._runs.leaving:
            if time.monotonic() >= tick:
                self._guarded(self._reconcile)
                tick = time.monotonic() + TICK
            wait = max(0.0, min(tick, self._runs.next_due()) - time.monotonic())
            try:
                event = self._events.get(timeout=wait)
            except queue.Empty:
                event = None
            if event is not None:
                self._guarded(self._handle, event)
            self._guarded(self._runs.do_due)
        connection.close()

    def _guarded(self, function: Callable[..., None], *arguments: object) -> None:
        """A database that is away or a fault of one run must not end the supervisor; the next tick tries again."""
        try:
            function(*arguments)
        except DatabaseError as error:
            log.warning("node %s: database: %s", self.name, error)
            connection.close()
            time.sleep(0.05)
        except Exception:
            log.exception("node %s: fault in the supervisor", self.name)

    def _handle(self, event: tuple[Any, ...]) -> None:
        getattr(self, f"_when_{event[0]}")(*event[1:])

    # -- wanted against actual

    def _reconcile(self) -> None:
        """Follow what the database says of this node's runs, and adopt what has no node."""
        if not self._lease.held:
            return
        self._follow()
        free = Q(status=RunStatus.PENDING, node=None)
        waiting = Run.objects.filter(free) | Run.objects.orphaned()
        first, self._first_round = self._first_round, False
        for run in waiting.for_running():
            if self._not_wanted(run, first):
                continue
            if self._runs.adopt(run, go=not first) and first:
                self._runs.barrier.add(self.sandboxes.by_run[run.pk])
        self._runs.barrier.arm()

    def _not_wanted(self, run: Run, first: bool) -> bool:
        """Finish a run without a node that should not come back."""
        if run.stop_reason:
            run.finish_orphan(run.stop_reason)
            return True
        # At a node's start, a run that has lived before comes back only where the project says so.
        if first and run.epoch and not run.project.auto_start:
            run.finish_orphan(EndReason.NODE_LOST)
            return True
        return False

    def _follow(self) -> None:
        """Stop, kill, rename and relaunch as the rows of this node say."""
        rows = Run.objects.filter(node=self._lease.node, status__in=HELD_STATUSES)
        held = {
            row["pk"]: row for row in rows.values("pk", "epoch", "status", "stop_reason", "project__slug")
        }
        for sandbox in list(self.sandboxes.by_run.values()):
            row = held.pop(sandbox.run.pk, None)
            if row is None or row["epoch"] != sandbox.epoch:
                self.sandboxes.kill(sandbox)
                continue
            self.sandboxes.follow_slug(sandbox, row["project__slug"])
            if row["stop_reason"]:
                self._runs.stop(sandbox, row["stop_reason"])
            elif sandbox.stage is Stage.SERVING and row["status"] != RunStatus.RUNNING:
                sandbox.run.mark_running(self._lease.node, sandbox.routes)
        for run_id, row in held.items():
            # It waits for its next attempt, or something failed between claiming and forking.
            if row["stop_reason"] or not self._runs.is_waiting(run_id):
                self._runs.restart(run_id)

    # -- events

    def _when_woken(self, run_id: UUID) -> None:
        """Look at one run now."""
        if not self._lease.held:
            return
        run = Run.objects.for_running().find(run_id)
        sandbox = self.sandboxes.by_run.get(run_id)
        if run is None:
            if sandbox is not None:
                self.sandboxes.kill(sandbox)
        elif run.is_final:
            return
        elif run.node_id is None:
            if not self._not_wanted(run, first=False):
                self._runs.adopt(run, go=True)
        elif run.node_id == self._lease.node.pk:
            self._follow_run(run, sandbox)

    def _follow_run(self, run: Run, sandbox: Sandbox | None) -> None:
        if sandbox is None:
            if run.stop_reason:
                self._runs.restart(run.pk)
        elif run.stop_reason:
            self._runs.stop(sandbox, run.stop_reason)
        else:
            self.sandboxes.follow_slug(sandbox, run.project.slug)

    def _when_sandbox(self, sandbox: Sandbox, kind: Kind | None, data: object) -> None:
        self._runs.on_sandbox(sandbox, kind, data)

    def _when_zygote(self, message: dict[str, Any] | None, zygote: Zygote) -> None:
        self._runs.on_zygote(message, zygote)

    def _when_environment(self, project_id: UUID) -> None:
        for sandbox in list(self.sandboxes.by_run.values()):
            if sandbox.run.project_id == project_id:
                self.sandboxes.send_environment(sandbox)

    def _when_lost(self, forgotten: threading.Event) -> None:
        """The lease is gone and the sandboxes are dead: start over as a node without any."""
        try:
            self._runs.forget_all()
        finally:
            forgotten.set()

    def _when_stop(self, seconds: float) -> None:
        """Stop every sandbox, give the runs back, end the lease."""
        self._runs.leaving = True
        deadline = time.monotonic() + seconds
        for sandbox in list(self.sandboxes.by_run.values()):
            self.sandboxes.stop(sandbox, max(0.1, min(sandbox.limits.shutdown, seconds - 0.5)))
        while self.sandboxes.by_run and time.monotonic() < deadline:
            try:
                event = self._events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if event[0] in ("sandbox", "zygote"):
                self._guarded(self._handle, event)
        self.sandboxes.forget_zygote()
        try:
            self._hand_back()
        finally:
            self.sandboxes.close_all()
            self._lease.stop()
            self._intake.stop()

    def _hand_back(self) -> None:
        held = Run.objects.filter(node=self._lease.node, status__in=HELD_STATUSES)
        for run in held.select_related("project"):
            if run.stop_reason or not run.project.auto_start:
                run.finish(run.node, RunStatus.STOPPED, run.stop_reason or EndReason.STOPPED)
            else:
                run.give_back(self._lease.node)
