"""Messages to the nodes. The database holds what is wanted; a lost message costs a tick, never a start."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from kombu.exceptions import OperationalError

from runtime import logs
from runtime.models import Node, Run
from runtime.signals import environment_changed, run_woken

log = logging.getLogger(__name__)

KEPT_RUNS = 100
NODE_MEMORY = timedelta(days=1)


class AtOnce(Task[Any, Any]):
    """A message that only passes a word on to the supervisor; it waits for no other task."""

    Strategy = "runtime.supervisor.strategy:at_once"


def node_queue(name: str) -> str:
    """The queue that only this node reads."""
    return f"node.{name}"


@shared_task(base=AtOnce)
def wake(run_id: str, **unknown: Any) -> None:
    """Have this node look at one run now."""
    _note_unknown("wake", unknown)
    run_woken.send(sender=None, run_id=run_id)


@shared_task(base=AtOnce)
def send_environment(project_id: str, **unknown: Any) -> None:
    """Have this node send a project's values to its live sandbox."""
    _note_unknown("send_environment", unknown)
    environment_changed.send(sender=None, project_id=project_id)


@shared_task
def prune_history(**unknown: Any) -> None:
    """Delete finished runs beyond those a project keeps, with their logs, and nodes that have been dead for a day."""
    _note_unknown("prune_history", unknown)
    for run in Run.objects.beyond(KEPT_RUNS):
        logs.clear(run.project_id, run.pk)
        run.delete()
    Node.objects.dead_for(NODE_MEMORY).delete()


def _note_unknown(task: str, unknown: dict[str, Any]) -> None:
    if unknown:
        log.info("task %s: unknown arguments %s", task, sorted(unknown))


def wake_node(run: Run) -> None:
    """Send `wake` to the node that has the run, or to whichever is free; after the commit."""
    _publish(wake, run, str(run.pk))


def tell_environment(run: Run) -> None:
    """Send `send_environment` to the node that has the run; after the commit."""
    _publish(send_environment, run, str(run.project_id))


def _publish(task: Task[Any, Any], run: Run, argument: str) -> None:
    options: dict[str, Any] = {"queue": node_queue(run.node.name)} if run.node else {}
    try:
        task.apply_async(args=(argument,), retry=False, **options)
    except OperationalError as error:
        # The node's tick finds the row within a second.
        log.warning("broker away, %s waits for the node's tick: %s", task.name, error)
