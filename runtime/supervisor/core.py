"""Wanted against actual: one thread that claims runs, forks sandboxes, judges their ends and follows the database.

Everything that happens reaches this thread as an event in one queue; once a second it also compares the rows of
this node with its sandboxes. So a lost message, a dead node or a restart of everything ends in the same place.
"""

from __future__ import annotations

import heapq
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Q

from runtime.choices import HELD_STATUSES, EndReason, RunStatus
from runtime.models import Run
from runtime.sandbox.frames import Kind
from runtime.signals import environment_changed, run_woken
from runtime.supervisor.barrier import Barrier
from runtime.supervisor.calls import Calls
from runtime.supervisor.intake import Intake
from runtime.supervisor.lease import Lease
from runtime.supervisor.policy import Ending, History, judge
from runtime.supervisor.sandbox import Sandbox, Stage
from runtime.supervisor.sandboxes import Sandboxes
from runtime.supervisor.zygote import LeasePage, Zygote, ZygoteError

log = logging.getLogger(__name__)

TICK = 1.0
SWITCH_INTERVAL = (
    0.0002  # busy tasks share the interpreter lock; at the default a start waits 20 times longer
)
STOP_GRACE = 1.0


class Supervisor:
    """The runtime half of a node. `start` and `stop` come from the worker's boot step."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._events: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._page = LeasePage()
        self._lease: Lease
        self._intake: Intake
        self.sandboxes: Sandboxes
        self._histories: dict[UUID, History] = {}
        self._retries: list[tuple[float, int, UUID]] = []  # due, tie-breaker, run
        self._exits: dict[
            str, tuple[str, int]
        ] = {}  # key -> killed, status; waiting for the end of its stream
        self._barrier = Barrier()
        self._first_round = True
        self._stopping = False
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    # -- life

    def start(self) -> None:
        run_woken.connect(self._on_woken)
        environment_changed.connect(self._on_environment)
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End all services gracefully within `seconds`, hand their runs back and end the lease."""
        self._post("stop", seconds)
        self._thread.join(seconds + 3)

    def _post(self, *event: Any) -> None:
        self._events.put(event)

    def _on_woken(self, run_id: str, **_: Any) -> None:
        self._post("woken", UUID(run_id))

    def _on_environment(self, project_id: str, **_: Any) -> None:
        self._post("environment", UUID(project_id))

    def _on_sandbox(self, sandbox: Sandbox, kind: int | None, data: Any) -> None:
        self._post("sandbox", sandbox, kind, data)

    def _lost(self) -> None:
        self.sandboxes.kill_all()
        self._post("lost")

    def _open(self) -> None:
        """Register with the database; until it answers there is nothing to supervise."""
        while not self._stopping:
            try:
                self._lease = Lease(self.name, settings.RUNTIME.lease, self._page, self._lost)
                break
            except DatabaseError as error:
                log.warning("node %s waits for the database: %s", self.name, error)
                connection.close()
                time.sleep(1)
        self._intake = Intake(
            pool_size=settings.RUNTIME.worker_pool_size, on_event=self._on_sandbox, on_call=Calls(self._lease)
        )
        self.sandboxes = Sandboxes(self._intake, self._page, self._post)
        self.sandboxes.start_zygote()

    def _run(self) -> None:
        self._open()
        tick = 0.0
        while not self._stopping:
            if time.monotonic() >= tick:
                self._guarded(self._reconcile)
                tick = time.monotonic() + TICK
            wait = max(0.0, min(tick, self._next_due()) - time.monotonic())
            try:
                event = self._events.get(timeout=wait)
            except queue.Empty:
                event = None
            if event is not None:
                self._guarded(self._handle, event)
            self._guarded(self._do_due)
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

    # -- what is due

    def _next_due(self) -> float:
        due = [self._barrier.deadline]
        if self._retries:
            due.append(self._retries[0][0])
        due += [s.stop_deadline for s in self.sandboxes.by_run.values() if s.stop_deadline]
        return min(due)

    def _do_due(self) -> None:
        now = time.monotonic()
        for sandbox in self._barrier.release(now):
            self.sandboxes.start(sandbox)
        while self._retries and self._retries[0][0] <= now:
            _due, _tie, run_id = heapq.heappop(self._retries)
            self._restart(run_id)
        for sandbox in list(self.sandboxes.by_run.values()):
            if sandbox.stop_deadline and now >= sandbox.stop_deadline:
                sandbox.stop_deadline = 0.0
                self.sandboxes.kill(sandbox)

    # -- wanted against actual

    def _reconcile(self) -> None:
        """Adopt what has no node, and follow what the database says of this node's runs."""
        if not self._lease.held:
            return
        if not self._follow():
            return
        free = Q(status=RunStatus.PENDING, node=None)
        waiting = list(
            (Run.objects.filter(free) | Run.objects.orphaned()).select_related("project", "node", "release")
        )
        first, self._first_round = self._first_round, False
        go = not first
        for run in waiting:
            if self._not_wanted(run, first):
                continue
            if self._adopt(run, go=go) and first:
                self._barrier.add(self.sandboxes.by_run[run.pk])
        self._barrier.arm()

    def _not_wanted(self, run: Run, first: bool) -> bool:
        """Finish a run without a node that should not come back."""
        if run.stop_reason:
            run.finish(run.node, RunStatus.STOPPED, run.stop_reason)
            return True
        # At a node's start, a run that has lived before comes back only where the project says so.
        if first and run.epoch and not run.project.auto_start:
            run.finish(run.node, RunStatus.STOPPED, EndReason.NODE_LOST)
            return True
        return False

    def _follow(self) -> bool:
        """Stop, kill, rename and relaunch as the rows of this node say; False while the zygote is being replaced."""
        rows = Run.objects.filter(node=self._lease.node, status__in=HELD_STATUSES)
        held = {
            row["pk"]: row for row in rows.values("pk", "epoch", "status", "stop_reason", "project__slug")
        }
        retrying = {run_id for _due, _tie, run_id in self._retries}
        for sandbox in list(self.sandboxes.by_run.values()):
            row = held.pop(sandbox.run.pk, None)
            if row is None or row["epoch"] != sandbox.run.epoch:
                self.sandboxes.kill(sandbox)
                continue
            self.sandboxes.follow_slug(sandbox.run.project_id, row["project__slug"])
            if row["stop_reason"]:
                self._stop(sandbox, row["stop_reason"])
            elif sandbox.stage is Stage.SERVING and row["status"] != RunStatus.RUNNING:
                sandbox.run.mark_running(self._lease.node, sandbox.routes)
        for run_id in held.keys() - retrying:
            # The process died between claiming and forking, or a stop is wanted of what waits to restart.
            self._restart(run_id)
        for run_id in [key for key in held if held[key]["stop_reason"]]:
            self._when_woken(run_id)
        return True

    def _when_woken(self, run_id: UUID) -> None:
        """Look at one run now."""
        if not self._lease.held:
            return
        run = Run.objects.select_related("project", "node", "release").filter(pk=run_id).first()
        sandbox = self.sandboxes.by_run.get(run_id)
        if run is None or run.is_final:
            if sandbox is not None and run is None:
                self.sandboxes.kill(sandbox)
            return
        if run.node is None:
            self._adopt_or_wait(run)
        elif run.node_id == self._lease.node.pk and run.stop_reason:
            if sandbox is not None:
                self._stop(sandbox, run.stop_reason)
            else:
                self._finish(run, RunStatus.STOPPED, EndReason(run.stop_reason))
        elif sandbox is not None:
            self.sandboxes.follow_slug(run.project_id, run.project.slug)

    def _adopt_or_wait(self, run: Run) -> None:
        if run.stop_reason:
            run.finish(None, RunStatus.STOPPED, run.stop_reason)
        else:
            self._adopt(run, go=True)

    def _adopt(self, run: Run, *, go: bool) -> bool:
        """Claim a run and fork its sandbox; False when it is not to be had."""
        if not run.claim(self._lease.node):
            return False
        self._histories.setdefault(run.pk, History())
        return self._launch(run, go=go)

    def _launch(self, run: Run, *, go: bool) -> bool:
        try:
            self.sandboxes.launch(run, go=go)
            return True
        except ZygoteError as error:
            self.sandboxes.log_of(run).write("error", str(error))
            self._finish(run, RunStatus.CRASHED, EndReason.NO_SANDBOX, str(error))
            return False

    # -- what sandboxes tell

    def _when_sandbox(self, sandbox: Sandbox, kind: int | None, data: Any) -> None:
        if kind is None:
            sandbox.gone = True
            if sandbox.key in self._exits:
                self._ended(sandbox)
            elif sandbox.zygote_gone:
                self._exits[sandbox.key] = ("", 9)
                self._ended(sandbox)
        elif kind == Kind.BOOTED and sandbox.stage is Stage.BOOTING:
            sandbox.stage = Stage.BOOTED
            self._barrier.booted(sandbox)
        elif kind == Kind.STARTED:
            sandbox.serving_since = time.monotonic()
            sandbox.routes = data
            if sandbox.stage is not Stage.STOPPING:
                sandbox.stage = Stage.SERVING
                sandbox.run.mark_running(self._lease.node, data)
        elif kind == Kind.FAILED:
            sandbox.failure = data

    def _when_zygote(self, message: dict[str, Any] | None, zygote: Zygote) -> None:
        if message is None:
            if self.sandboxes.is_current(zygote):
                self._replace_zygote()
        elif "exited" in message:
            sandbox = self.sandboxes.by_key.get(message["exited"])
            if sandbox is not None:
                self._exits[sandbox.key] = (message["killed"], message["status"])
                # A fork that failed has no stream that could end.
                if sandbox.gone or not message["pid"]:
                    self._ended(sandbox)

    def _replace_zygote(self) -> None:
        """The zygote died and the kernel kills its sandboxes; each is restarted once its stream has ended."""
        log.warning("node %s: the zygote died; starting another", self.name)
        self.sandboxes.forget_zygote()
        self.sandboxes.start_zygote()
        for sandbox in list(self.sandboxes.by_key.values()):
            sandbox.zygote_gone = True
            if sandbox.gone:
                self._exits.setdefault(sandbox.key, ("", 9))
                self._ended(sandbox)

    def _ended(self, sandbox: Sandbox) -> None:
        """An attempt is over for certain: its process is reaped and every word of it was heard."""
        killed, status = self._exits.pop(sandbox.key)
        self.sandboxes.drop(sandbox)
        self._barrier.booted(sandbox)
        run = sandbox.run
        if sandbox.stage is Stage.STOPPING:
            if not self._stopping:
                self._finish(run, RunStatus.STOPPED, EndReason(sandbox.stop_reason or EndReason.STOPPED))
            return
        ending = sandbox.ending(killed, status)
        history = self._histories.setdefault(run.pk, History())
        verdict = judge(ending, history, settings.RUNTIME.healthy_after)
        if verdict.over:
            error = sandbox.failure_text() or str(ending.reason.label)
            sandbox.write_log("error", f"The run ended: {ending.reason.label}")
            self._finish(run, RunStatus.CRASHED, ending.reason, sandbox.masker.mask(error))
            return
        self._await_restart(sandbox, ending, verdict.delay)

    def _await_restart(self, sandbox: Sandbox, ending: Ending, delay: float) -> None:
        run = sandbox.run
        when = f"in {delay:g} s" if delay else "now"
        sandbox.write_log("error", f"The attempt ended: {ending.reason.label}; restarting {when}")
        if not delay:
            run.end_attempt(ending.reason)
            self._fork_again(run)
            return
        if not run.mark_restarting(self._lease.node, ending.reason, delay):
            self._forget(run)
            return
        heapq.heappush(self._retries, (time.monotonic() + delay, run.epoch, run.pk))

    def _restart(self, run_id: UUID) -> None:
        if run_id in self.sandboxes.by_run:
            return
        run = Run.objects.select_related("project", "node", "release").filter(pk=run_id).first()
        if run is None or run.is_final or run.node_id != self._lease.node.pk:
            return
        if run.stop_reason:
            self._finish(run, RunStatus.STOPPED, EndReason(run.stop_reason))
        else:
            self._fork_again(run)

    def _fork_again(self, run: Run) -> None:
        if run.next_attempt(self._lease.node):
            self._launch(run, go=True)
        else:
            # A stop is wanted, or the lease went elsewhere; the row tells which.
            self._forget(run)
            self._when_woken(run.pk)

    def _stop(self, sandbox: Sandbox, reason: str) -> None:
        if sandbox.stage is Stage.STOPPING:
            return
        sandbox.stop_reason = reason
        sandbox.run.mark_stopping(self._lease.node)
        self.sandboxes.stop(sandbox, sandbox.limits.shutdown)
        sandbox.stop_deadline = time.monotonic() + sandbox.limits.shutdown + STOP_GRACE

    def _finish(self, run: Run, status: RunStatus, reason: EndReason, error: str = "") -> None:
        run.finish(self._lease.node, status, reason, error)
        successor = None
        if reason is EndReason.REPLACED:
            successor = (
                Run.objects.filter(
                    project=run.project_id, status=RunStatus.PENDING, node=None, stop_reason=""
                )
                .select_related("project", "node", "release")
                .order_by("-created_at")
                .first()
            )
        self._forget(run, keep_listener=successor is not None)
        if successor is not None:
            self._adopt(successor, go=True)

    def _forget(self, run: Run, *, keep_listener: bool = False) -> None:
        self._histories.pop(run.pk, None)
        self.sandboxes.close_run(run, keep_listener=keep_listener)

    # -- other events

    def _when_environment(self, project_id: UUID) -> None:
        for sandbox in list(self.sandboxes.by_run.values()):
            if sandbox.run.project_id == project_id:
                self.sandboxes.send_environment(sandbox)

    def _when_lost(self) -> None:
        """The lease is gone and the sandboxes are dead: start over as a node without any."""
        for sandbox in list(self.sandboxes.by_key.values()):
            self.sandboxes.drop(sandbox)
            self._forget(sandbox.run)
        self._retries.clear()
        self._exits.clear()
        self._histories.clear()
        self.sandboxes.close_listeners()
        self._replace_zygote()

    def _when_stop(self, seconds: float) -> None:
        """Stop every sandbox, give the runs back, end the lease."""
        self._stopping = True
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
        for run in Run.objects.filter(node=self._lease.node, status__in=HELD_STATUSES).select_related(
            "project"
        ):
            if run.stop_reason or not run.project.auto_start:
                run.finish(run.node, RunStatus.STOPPED, run.stop_reason or EndReason.STOPPED)
            else:
                run.give_back(self._lease.node)
        self.sandboxes.close_listeners()
        self._lease.stop()
        self._intake.stop()
