"""The runs of this node: forking their sandboxes, judging their ends, restarting, stopping and finishing them."""

from __future__ import annotations

import heapq
import logging
import time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError

from runtime.choices import EndReason, RunStatus
from runtime.models import Run
from runtime.sandbox.frames import Kind
from runtime.supervisor.barrier import Barrier
from runtime.supervisor.lease import Lease
from runtime.supervisor.policy import Ending, History, judge
from runtime.supervisor.sandbox import Sandbox, Stage
from runtime.supervisor.sandboxes import Sandboxes
from runtime.supervisor.zygote import Zygote, ZygoteError

log = logging.getLogger(__name__)

STOP_GRACE = 1.0


class Runs:
    """Used by the supervisor's thread alone."""

    def __init__(self, lease: Lease, sandboxes: Sandboxes) -> None:
        self._lease, self._sandboxes = lease, sandboxes
        self.barrier = Barrier()
        self.leaving = False  # the node stops: ended sandboxes are not judged, their runs are handed back
        self._histories: dict[UUID, History] = {}
        self._retries: list[tuple[float, int, UUID]] = []  # due, tie-breaker, run
        self._exits: dict[
            str, tuple[str, int]
        ] = {}  # key -> killed, status; waiting for the end of its stream

    # -- what is due

    def next_due(self) -> float:
        due = [self.barrier.deadline]
        if self._retries:
            due.append(self._retries[0][0])
        due += [s.stop_deadline for s in self._sandboxes.by_run.values() if s.stop_deadline]
        return min(due)

    def do_due(self) -> None:
        now = time.monotonic()
        for sandbox in self.barrier.release(now):
            self._sandboxes.start(sandbox)
        while self._retries and self._retries[0][0] <= now:
            _due, _tie, run_id = heapq.heappop(self._retries)
            self.restart(run_id)
        for sandbox in list(self._sandboxes.by_run.values()):
            if sandbox.stop_deadline and now >= sandbox.stop_deadline:
                sandbox.stop_deadline = 0.0
                self._sandboxes.kill(sandbox)

    def is_waiting(self, run_id: UUID) -> bool:
        """Whether the run's next attempt is due later."""
        return any(waiting == run_id for _due, _tie, waiting in self._retries)

    # -- one run

    def adopt(self, run: Run, *, go: bool) -> bool:
        """Claim a run and fork its sandbox; False when it is not to be had."""
        if not self._lease.held or not run.claim(self._lease.node):
            return False
        self._histories.setdefault(run.pk, History())
        return self._launch(run, go=go)

    def _launch(self, run: Run, *, go: bool) -> bool:
        try:
            self._sandboxes.launch(run, go=go)
            return True
        except DatabaseError:
            raise  # the next tick finds a held run without a sandbox
        except ZygoteError as error:
            self._sandboxes.log_of(run).write("error", str(error))
            self.finish(run, RunStatus.CRASHED, EndReason.NO_SANDBOX, str(error))
        except Exception as error:
            log.exception("run %s could not be launched", run.pk)
            self._not_launched(run, error)
        return False

    def _not_launched(self, run: Run, error: Exception) -> None:
        """Our own fault kept a sandbox from being made: try again like after a failed boot."""
        failed = Ending(EndReason.ENGINE_CRASH, serving=False, final=False, lived=0.0)
        if judge(failed, self._histories.setdefault(run.pk, History()), settings.RUNTIME.healthy_after).over:
            self.finish(
                run, RunStatus.CRASHED, EndReason.ENGINE_CRASH, f"{type(error).__name__} in the platform"
            )
        else:
            self._retry_after(run, 1.0)

    def _retry_after(self, run: Run, delay: float) -> None:
        heapq.heappush(self._retries, (time.monotonic() + delay, run.epoch, run.pk))

    # -- what sandboxes and the zygote tell

    def on_sandbox(self, sandbox: Sandbox, kind: int | None, data: Any) -> None:  # noqa: ANN401  (a decoded payload)
        if kind is None:
            sandbox.gone = True
            # Whoever closes the stream, or had it closed for what he said, has to be dead before another attempt.
            self._sandboxes.kill(sandbox)
            if sandbox.key in self._exits:
                self._ended(sandbox)
            elif sandbox.zygote_gone:
                self._exits[sandbox.key] = ("", 9)
                self._ended(sandbox)
        elif kind == Kind.BOOTED and sandbox.stage is Stage.BOOTING:
            sandbox.stage = Stage.BOOTED
            self.barrier.booted(sandbox)
        elif kind == Kind.STARTED:
            sandbox.serving_since = time.monotonic()
            sandbox.take_routes(data)
            if sandbox.stage is not Stage.STOPPING:
                sandbox.stage = Stage.SERVING
                sandbox.run.mark_running(self._lease.node, sandbox.routes)
        elif kind == Kind.FAILED:
            sandbox.failure = data

    def on_zygote(self, message: dict[str, Any] | None, zygote: Zygote) -> None:
        if message is None:
            if self._sandboxes.is_current(zygote):
                self._replace_zygote()
        elif "exited" in message:
            sandbox = self._sandboxes.by_key.get(message["exited"])
            if sandbox is not None:
                self._exits[sandbox.key] = (message["killed"], message["status"])
                # A fork that failed has no stream that could end.
                if sandbox.gone or not message["pid"]:
                    self._ended(sandbox)

    def _replace_zygote(self) -> None:
        """The zygote died and the kernel kills its sandboxes; each is restarted once its stream has ended."""
        log.warning("the zygote died; starting another")
        self._sandboxes.forget_zygote()
        self._sandboxes.start_zygote()
        for sandbox in list(self._sandboxes.by_key.values()):
            sandbox.zygote_gone = True
            if sandbox.gone:
                self._exits.setdefault(sandbox.key, ("", 9))
                self._ended(sandbox)

    def _ended(self, sandbox: Sandbox) -> None:
        """An attempt is over for certain: its process is reaped and every word of it was heard."""
        killed, status = self._exits.pop(sandbox.key)
        self._sandboxes.drop(sandbox)
        self.barrier.booted(sandbox)
        if not self._lease.held:
            return  # its run may be another node's by now; all that is left of it here is about to be forgotten
        run = sandbox.run
        if sandbox.stage is Stage.STOPPING:
            if not self.leaving:
                self.finish(run, RunStatus.STOPPED, EndReason(sandbox.stop_reason or EndReason.STOPPED))
            return
        ending = sandbox.ending(killed, status)
        history = self._histories.setdefault(run.pk, History())
        verdict = judge(ending, history, settings.RUNTIME.healthy_after)
        if verdict.over:
            error = sandbox.failure_text() or str(ending.reason.label)
            sandbox.write_log("error", f"The run ended: {ending.reason.label}")
            self.finish(run, RunStatus.CRASHED, ending.reason, sandbox.masker.storable(error))
            return
        self._await_restart(sandbox, ending, verdict.delay)

    def _await_restart(self, sandbox: Sandbox, ending: Ending, delay: float) -> None:
        run = sandbox.run
        when = f"in {delay:g} s" if delay else "now"
        sandbox.write_log("error", f"The attempt ended: {ending.reason.label}; restarting {when}")
        if not delay:
            self._fork_again(run, ending.reason)
            return
        if not run.mark_restarting(self._lease.node, ending.reason, delay):
            self._forget(run)
            return
        self._retry_after(run, delay)

    def _stop_if_wanted(self, run_id: UUID) -> None:
        run = Run.objects.filter(pk=run_id, node=self._lease.node).exclude(stop_reason="").first()
        if run is not None and not run.is_final:
            self.finish(run, RunStatus.STOPPED, EndReason(run.stop_reason))

    def restart(self, run_id: UUID) -> None:
        if run_id in self._sandboxes.by_run or not self._lease.held:
            return
        run = Run.objects.for_running().find(run_id)
        if run is None or run.is_final or run.node_id != self._lease.node.pk:
            return
        if run.stop_reason:
            self.finish(run, RunStatus.STOPPED, EndReason(run.stop_reason))
        else:
            self._fork_again(run)

    def _fork_again(self, run: Run, ended: str = EndReason.NODE_LOST) -> None:
        if run.next_attempt(self._lease.node, ended):
            self._launch(run, go=True)
        else:
            # A stop is wanted, or the lease went elsewhere; the row tells which.
            self._forget(run)
            self._stop_if_wanted(run.pk)

    def stop(self, sandbox: Sandbox, reason: str) -> None:
        if sandbox.stage is Stage.STOPPING:
            return
        sandbox.stop_reason = reason
        sandbox.run.mark_stopping(self._lease.node)
        if reason != EndReason.REPLACED:
            # Callers learn at once that nobody will come; at a replacement they wait for the successor.
            self._sandboxes.unpublish(sandbox.run)
        self._sandboxes.stop(sandbox, sandbox.limits.shutdown)
        sandbox.stop_deadline = time.monotonic() + sandbox.limits.shutdown + STOP_GRACE

    def finish(self, run: Run, status: RunStatus, reason: EndReason, error: str = "") -> None:
        run.finish(self._lease.node, status, reason, error)
        successor = None
        if reason is EndReason.REPLACED:
            successor = (
                Run.objects.filter(
                    project=run.project_id, status=RunStatus.PENDING, node=None, stop_reason=""
                )
                .for_running()
                .order_by("-created_at")
                .first()
            )
        self._forget(run, keep_listener=successor is not None)
        if successor is not None:
            self.adopt(successor, go=True)

    def _forget(self, run: Run, *, keep_listener: bool = False) -> None:
        self._histories.pop(run.pk, None)
        self._sandboxes.close_run(run, keep_listener=keep_listener)

    def forget_all(self) -> None:
        """Drop every sandbox without a word to the database; a new zygote follows."""
        for sandbox in list(self._sandboxes.by_key.values()):
            self._sandboxes.drop(sandbox)
        self._retries.clear()
        self._exits.clear()
        self._histories.clear()
        self._sandboxes.close_all()
        self._replace_zygote()
