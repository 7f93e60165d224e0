"""The sandboxes of this node: making, telling and ending them. Knows processes and sockets, not what is wanted."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from uuid import UUID

from django.conf import settings

from projects.models import EnvVar
from runtime import logs
from runtime.models import LimitOverride, Run
from runtime.sandbox.frames import Kind
from runtime.sandbox.limits import Limits
from runtime.supervisor.intake import Intake
from runtime.supervisor.listener import RouteListener
from runtime.supervisor.masking import Masker
from runtime.supervisor.sandbox import Sandbox, Stage
from runtime.supervisor.zygote import LeasePage, Zygote, ZygoteError

log = logging.getLogger(__name__)

ROUTES = "r"


class Sandboxes:
    """All live attempts by run; `post` receives ("zygote", message or None, zygote) from the reader thread."""

    def __init__(self, intake: Intake, page: LeasePage, post: Callable[..., None]) -> None:
        self._intake, self._page, self._post = intake, page, post
        self._zygote: Zygote | None = None
        self.refusal = ""
        self.by_run: dict[UUID, Sandbox] = {}
        self.by_key: dict[str, Sandbox] = {}
        self._listeners: dict[UUID, RouteListener] = {}
        self._logs: dict[UUID, logs.Writer] = {}

    # -- the zygote

    def start_zygote(self) -> None:
        """Start it, or remember in `refusal` why this machine cannot."""
        try:
            self._zygote = zygote = Zygote(self._page, insecure=settings.RUNTIME.allow_insecure_sandbox)
        except (ZygoteError, OSError) as error:
            self._zygote, self.refusal = None, str(error)
            log.error("no sandbox on this node: %s", error)
            return
        self.refusal = ""
        threading.Thread(target=self._read_zygote, args=[zygote], name="zygote", daemon=True).start()

    def _read_zygote(self, zygote: Zygote) -> None:
        while (message := zygote.read()) is not None:
            self._post("zygote", message, zygote)
        self._post("zygote", None, zygote)

    def is_current(self, zygote: Zygote) -> bool:
        return zygote is self._zygote

    def kill_all(self) -> None:
        """End every sandbox now; the kernel kills them with their zygote. Safe from any thread."""
        if (zygote := self._zygote) is not None:
            zygote.process.kill()

    def forget_zygote(self) -> None:
        if self._zygote is not None:
            self._zygote.kill()
            self._zygote = None

    # -- one sandbox

    def launch(self, run: Run, *, go: bool) -> Sandbox:
        """Fork a sandbox for the run's present epoch; `go` lets it start without waiting for the barrier.

        Raises ZygoteError when no sandbox can be made.
        """
        if self._zygote is None:
            self.start_zygote()
        if self._zygote is None:
            raise ZygoteError(self.refusal)
        limits = self._limits(run)
        host = self._spawn(self._zygote, run, limits, self.listener_of(run))
        try:
            # Read at once: what the script gets is masked, even while somebody changes it.
            values, secrets = EnvVar.objects.opened_for(run.project)
            boot = {
                "epoch": run.epoch,
                "limits": limits._asdict(),
                "files": run.code,
                "env": values,
                "go": go,
            }
            sandbox = Sandbox(run, limits, host, self.log_of(run), Masker(secrets))
        except BaseException:
            host.close()  # which ends the process; nobody has heard of it yet
            raise
        self.by_run[run.pk] = self.by_key[sandbox.key] = sandbox
        self._intake.add(sandbox)
        self._intake.send(sandbox, Kind.BOOT, boot)
        return sandbox

    def _spawn(self, zygote: Zygote, run: Run, limits: Limits, listener: RouteListener) -> socket.socket:
        """Have the process made; returns the node's end of its socket. It waits there for its code, and ends with it."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                zygote.spawn(run.pk, run.epoch, theirs, listener.socket, limits, run.project.slug)
            except OSError as error:
                # The reader thread tells of its end; this attempt ends with it.
                log.warning("zygote is gone: %s", error)
        return ours

    def _limits(self, run: Run) -> Limits:
        overrides = LimitOverride.objects.filter(project=run.project_id).values_list("name", "value")
        values: dict[str, float] = {
            "wall": settings.RUNTIME.timeout,
            "shutdown": settings.RUNTIME.shutdown,
            **dict(overrides),
        }
        whole = {"heap", "body", "response", "timers", "log_burst", "log_line"}
        return Limits.of({name: int(value) if name in whole else value for name, value in values.items()})

    def log_of(self, run: Run) -> logs.Writer:
        if run.pk not in self._logs:
            self._logs[run.pk] = logs.Writer(run.project_id, run.pk)
        return self._logs[run.pk]

    def listener_of(self, run: Run) -> RouteListener:
        """The project's listener: kept while runs follow one another, so that callers wait instead of failing."""
        listener = self._listeners.get(run.project_id)
        if listener is None:
            listener = RouteListener(settings.RUNTIME_DIR / ROUTES, run.project.slug)
            self._listeners[run.project_id] = listener
        listener.rename(run.project.slug)
        return listener

    def follow_slug(self, sandbox: Sandbox, slug: str) -> None:
        """Move the address of a running service when its project was renamed."""
        sandbox.run.project.slug = slug
        if listener := self._listeners.get(sandbox.run.project_id):
            listener.rename(slug)

    def tell(self, sandbox: Sandbox, kind: int, data: object = None) -> None:
        self._intake.send(sandbox, kind, data if data is not None else {})

    def start(self, sandbox: Sandbox) -> None:
        """Open the barrier for one sandbox."""
        self.tell(sandbox, Kind.START)

    def stop(self, sandbox: Sandbox, seconds: float) -> None:
        """Ask for shutdown callbacks and the end within `seconds`."""
        sandbox.stage = Stage.STOPPING
        self.tell(sandbox, Kind.STOP, {"deadline": seconds})

    def send_environment(self, sandbox: Sandbox) -> None:
        project = sandbox.run.project
        values, secrets = EnvVar.objects.opened_for(project)
        sandbox.masker = sandbox.masker.also(secrets)
        self.tell(sandbox, Kind.ENV, values)

    def kill(self, sandbox: Sandbox) -> None:
        if self._zygote is not None:
            self._zygote.kill_one(sandbox.key)

    def drop(self, sandbox: Sandbox) -> None:
        """Forget an attempt that has ended."""
        self.by_key.pop(sandbox.key, None)
        if self.by_run.get(sandbox.run.pk) is sandbox:
            del self.by_run[sandbox.run.pk]

    def close_run(self, run: Run, *, keep_listener: bool = False) -> None:
        """Release what belongs to a run that is over or elsewhere."""
        if writer := self._logs.pop(run.pk, None):
            writer.close()
        if not keep_listener:
            self.unpublish(run)

    def unpublish(self, run: Run) -> None:
        """Take the service's address back."""
        if listener := self._listeners.pop(run.project_id, None):
            listener.close()

    def close_all(self) -> None:
        """Release what belongs to all runs: they are over or elsewhere."""
        while self._logs:
            self._logs.popitem()[1].close()
        while self._listeners:
            self._listeners.popitem()[1].close()
