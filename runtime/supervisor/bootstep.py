"""Makes a Celery worker a runtime node."""

from __future__ import annotations

import platform

from celery import bootsteps
from celery.worker import WorkController
from django.conf import settings

from runtime.supervisor.core import Supervisor
from runtime.supervisor.name import NodeName
from runtime.tasks import node_queue

STOP_SECONDS = 6.0


class SupervisorStep(bootsteps.StartStopStep):
    """Starts the supervisor with the worker and stops it before the worker leaves."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: WorkController, **options: object) -> None:
        super().__init__(worker, **options)
        wanted = settings.RUNTIME.node or platform.node() or "node"
        name = NodeName(settings.RUNTIME_DIR, wanted.replace("/", "-"))
        worker.app.amqp.queues.select_add(node_queue(str(name)))
        self._supervisor = Supervisor(name)

    def start(self, worker: object) -> None:
        self._supervisor.start()

    def stop(self, worker: object) -> None:
        self._supervisor.stop(min(settings.RUNTIME.shutdown, STOP_SECONDS))

    def terminate(self, worker: object) -> None:
        self.stop(worker)
