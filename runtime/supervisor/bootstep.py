"""Makes a Celery worker a runtime node."""

from __future__ import annotations

import fcntl
import os
import platform
from pathlib import Path

from celery import bootsteps
from celery.worker import WorkController
from django.conf import settings

from runtime.supervisor.core import Supervisor
from runtime.tasks import node_queue

MOST_NODES = 64
STOP_SECONDS = 6.0


def take_name(directory: Path, wanted: str) -> tuple[str, int]:
    """The first free name of `wanted`, `wanted-2`, … on this machine, and the descriptor that holds its lock.

    The lock goes with the process. So whoever gets a name knows that its earlier bearer is dead, and may take over
    its runs at once.
    """
    for number in range(1, MOST_NODES + 1):
        name = wanted if number == 1 else f"{wanted}-{number}"
        descriptor = os.open(directory / f"node-{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        return name, descriptor
    raise RuntimeError(f"{MOST_NODES} nodes run on this machine already")


class SupervisorStep(bootsteps.StartStopStep):
    """Starts the supervisor with the worker and stops it before the worker leaves."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: WorkController, **options: object) -> None:
        super().__init__(worker, **options)
        wanted = settings.RUNTIME.node or platform.node() or "node"
        name, self._lock = take_name(settings.RUNTIME_DIR, wanted.replace("/", "-"))
        worker.app.amqp.queues.select_add(node_queue(name))
        self._supervisor = Supervisor(name)

    def start(self, worker: object) -> None:
        self._supervisor.start()

    def stop(self, worker: object) -> None:
        self._supervisor.stop(min(settings.RUNTIME.shutdown, STOP_SECONDS))

    def terminate(self, worker: object) -> None:
        self.stop(worker)
