"""worker: a runtime node; a Celery worker with a pool of threads and the supervisor beside it."""

from __future__ import annotations

import sys

import celery.concurrency.thread
import celery.worker.autoscale
import celery.worker.consumer
import celery.worker.strategy
import kombu.transport.redis
from celery.apps.worker import Worker
from django.conf import settings

from m3m_site.celery import app
from m3m_site.conf import node_name

__all__ = ["celery", "kombu", "preload", "run"]

# The supervisor shares the interpreter lock with tasks; at the default of 5 ms a start waits behind them.
SWITCH_INTERVAL = 0.0002


def preload() -> None:
    """Import every task, so that children share them."""
    app.finalize()
    app.loader.import_default_modules()


def run() -> int:
    """Work until SIGTERM, then let running tasks end."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    worker = Worker(
        app=app,
        hostname=f"m3m@{node_name()}",
        pool="threads",
        concurrency=settings.CELERY_WORKER_CONCURRENCY,
        loglevel=settings.LOGGING["loggers"]["celery"]["level"],
        quiet=True,
        optimization="fair",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    return int(worker.exitcode or 0)
