"""worker: a runtime node; a Celery worker with a pool of threads and the supervisor beside it."""

from __future__ import annotations

import signal
import sys
import warnings
from types import FrameType

import billiard.pool
import celery.app.amqp
import celery.app.control
import celery.app.events
import celery.app.log
import celery.app.routes
import celery.concurrency.thread
import celery.events.dispatcher
import celery.events.receiver
import celery.worker.autoscale
import celery.worker.consumer
import celery.worker.consumer.delayed_delivery
import celery.worker.strategy
import kombu.transport.redis
from celery.apps.worker import Worker
from celery.signals import setup_logging, worker_shutting_down
from celery.worker import WorkController, state
from django.conf import settings

from m3m_site.celery import app
from m3m_site.conf import node_name
from m3m_site.launcher import process

__all__ = ["billiard", "celery", "kombu", "preload", "run"]

# The supervisor shares the interpreter lock with tasks; at the default of 5 ms a start waits behind them.
SWITCH_INTERVAL = 0.0002


class Node(Worker):
    """A worker that stops on SIGTERM without Celery's banner, restart and debugger signals."""

    hostname: str

    def install_platform_tweaks(self, worker: WorkController) -> None:
        """Install the one signal handler that a watched process needs."""

        def stop(number: int, _frame: FrameType | None) -> None:
            name = signal.Signals(number).name
            worker_shutting_down.send(sender=self.hostname, sig=name, how="Warm", exitcode=0)
            # Celery reads this exit code as the wish to stop; None means go on.
            setattr(state, "should_stop", 0)  # noqa: B010

        signal.signal(signal.SIGTERM, stop)


def preload() -> None:
    """Import every task and check every model, so that children share the result and do not do it again."""
    app.finalize()
    app.loader.init_worker()


def run() -> int:
    """Work until SIGTERM, then let running tasks end."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    process.allow_files()
    # Messages are JSON only, so root is as good as anyone; the sandboxes drop what they have by themselves.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
    # Whoever answers this signal keeps Celery's hands off the logging that Django has set up.
    setup_logging.connect(lambda **_options: None, weak=False)
    node = Node(
        app=app,
        hostname=f"m3m@{node_name()}",
        pool="threads",
        concurrency=settings.CELERY_WORKER_CONCURRENCY,
        quiet=True,
        optimization="fair",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    node.start()
    return int(node.exitcode or 0)
