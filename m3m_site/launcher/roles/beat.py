"""beat: tells the workers what is due, from the schedules in the database."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import celery.app.amqp
import celery.app.log
import celery.app.routes
import django_celery_beat.schedulers
from celery.apps.beat import Beat
from celery.signals import setup_logging

from m3m_site.celery import app

__all__ = ["celery", "django_celery_beat", "preload", "run"]


def preload() -> None:
    """Check every model here, so that children share the result and do not do it again."""
    app.finalize()
    app.loader.init_worker()


def warm_up() -> None:
    """Read the schedule once."""
    django_celery_beat.schedulers.DatabaseScheduler(app=app)


def run() -> int:
    """Send due tasks until SIGTERM."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
    # Whoever answers this signal keeps Celery's hands off the logging that Django has set up.
    setup_logging.connect(lambda **_options: None, weak=False)
    Beat(app=app, quiet=True).run()
    return 0
