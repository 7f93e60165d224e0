"""Tasks are sent after the commit, and a broker that is away costs a delay, never an answer."""

from __future__ import annotations

import logging
from typing import Any

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def send_after_commit(task: Task[Any, Any], *arguments: str) -> None:
    """Send a task once the transaction around this has ended well.

    What the task is to do stands in the database; a periodic task finds it where the message got lost.
    """
    transaction.on_commit(lambda: _send(task, arguments))


def _send(task: Task[Any, Any], arguments: tuple[str, ...]) -> None:
    try:
        task.apply_async(args=arguments, retry=False)
    except OperationalError as error:
        log.warning("broker away, %s waits for the next tick: %s", task.name, error)
