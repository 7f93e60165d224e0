"""What the runtime says of a project: its status, its address, its last run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings

from projects.models import Project
from runtime.choices import EndReason, RunStatus
from runtime.models import Run

SHORT = 200
# A project has fewer states than a run: waiting for a node or a restart is a kind of starting.
_SHOWN = {RunStatus.PENDING: RunStatus.STARTING, RunStatus.RESTARTING: RunStatus.STARTING}


def shown_status(run: Run | None) -> str:
    """`running`, `starting`, `stopping`, `stopped` or `crashed`."""
    if run is None:
        return RunStatus.STOPPED.value
    status = RunStatus(run.status)
    return _SHOWN.get(status, status).value


def project_facets(projects: Sequence[Project]) -> dict[UUID, dict[str, object]]:
    """Status, address, and in one line why the newest run crashed, None where it did not. One query."""
    runs = Run.objects.latest_of(projects).only("project_id", "status", "reason", "error")
    latest = {run.project_id: run for run in runs}
    return {
        project.pk: {
            "status": shown_status(run := latest.get(project.pk)),
            "route_url": route_url(project),
            "last_error": short_error(run) if run and run.status == RunStatus.CRASHED else None,
        }
        for project in projects
    }


def short_error(run: Run) -> str:
    """The first line of the error, else the reason in words."""
    first = run.error.strip().partition("\n")[0][:SHORT]
    return first or (str(EndReason(run.reason).label) if run.reason else "")


def route_url(project: Project) -> str:
    return f"{settings.PUBLIC_URI}/r/{project.slug}/"


def describe_run(run: Run) -> dict[str, Any]:
    """A run as REST and pages show it."""
    return {
        "id": str(run.pk),
        "status": run.status,
        "release": run.version or None,
        "branch": run.branch or None,
        "reason": run.reason or None,
        "error": run.error or None,
        "restarts": run.restarts,
        "epoch": run.epoch,
        "requested_by": run.requested_by,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
    }


def describe_project(project: Project) -> dict[str, Any]:
    """Status, newest run, routes and schedules; one query."""
    run = Run.objects.latest_of([project]).first()
    serving = run is not None and run.status == RunStatus.RUNNING
    return {
        "status": shown_status(run),
        "run": describe_run(run) if run else None,
        "routes": run.routes if run and serving else [],
        "schedules": [],
        "route_url": route_url(project),
    }
