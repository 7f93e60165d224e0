"""Messages to a node are carried out where they arrive."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from celery import current_app

from runtime import tasks
from runtime.signals import environment_changed, run_woken

CONSUMER = SimpleNamespace(connection_errors=(OSError,))


def take(task: Any, payload: object) -> mock.Mock:  # noqa: ANN401  (a Celery task)
    """Hand a message to the task as Celery's consumer does; returns what acknowledges it."""
    ack = mock.Mock()
    handle = task.start_strategy(current_app, CONSUMER)
    handle(SimpleNamespace(payload=payload), None, ack, mock.Mock(), [])
    return ack


class TakeMessageTest:
    @pytest.mark.parametrize(
        ("task", "signal", "name"),
        [(tasks.wake, run_woken, "run_id"), (tasks.send_environment, environment_changed, "project_id")],
    )
    def test_it_is_heard_in_the_thread_that_receives(self, task: Any, signal: Any, name: str) -> None:  # noqa: ANN401
        heard: list[object] = []

        def hear(**told: object) -> None:
            heard.append((told[name], threading.current_thread()))

        signal.connect(hear)
        try:
            ack = take(task, [["an-id"], {"later_argument": 1}, {}])
        finally:
            signal.disconnect(hear)
        assert heard == [("an-id", threading.current_thread())]
        ack.assert_called_once()

    @pytest.mark.parametrize("payload", [None, [], [["a", "b"], {}, {}], [[], {}, {}]])
    def test_one_that_is_not_understood_is_taken_and_dropped(
        self, payload: object, caplog: pytest.LogCaptureFixture
    ) -> None:
        take(tasks.wake, payload).assert_called_once()
        assert "runtime.tasks.wake failed" in caplog.text
