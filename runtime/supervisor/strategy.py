"""How a node takes its own messages: where they arrive, so that no task that runs or waits keeps a start waiting."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery import Celery, Task
from kombu import Message

log = logging.getLogger(__name__)


def at_once(task: Task[Any, Any], _app: Celery, consumer: Any, **_: object) -> Callable[..., None]:  # noqa: ANN401  (Celery's consumer has no types)
    """Celery's `Task.Strategy` for tasks that only pass a word on: run by the thread that receives, without the pool.

    Such a task must not wait for anything. One that fails is logged and not repeated.
    """

    def handle(message: Message, _body: object, ack: Callable[..., None], *_: object) -> None:
        try:
            arguments, keywords, _embedded = message.payload
            task.run(*arguments, **keywords)
        except Exception:
            log.exception("task %s failed", task.name)
        finally:
            ack(log, consumer.connection_errors)

    return handle
