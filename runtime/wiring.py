"""What the runtime adds to the floors below: facets of projects, reactions to their signals, a step of the worker."""

from __future__ import annotations

from functools import partial
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from accounts.errors import ConflictError
from pipeline import syntax
from pipeline.models import Branch, Release
from pipeline.signals import branch_renamed, release_deleted
from projects import facets, leftovers, tabs
from projects.choices import Right
from projects.models import Project
from projects.signals import env_changed, project_deleted, project_renamed
from runtime import logs
from runtime.choices import STATUSES
from runtime.models import Run
from runtime.states import project_facets
from runtime.supervisor.bootstep import SupervisorStep
from runtime.syntax import checker
from runtime.tasks import tell_environment, wake_node
from runtime.views import fill_logs, fill_overview

facets.register(
    project_facets,
    status={"type": "string", "enum": list(STATUSES)},
    route_url={"type": "string", "format": "uri"},
    last_error=facets.TEXT,
)
leftovers.register("logs", leftovers.folder_of(settings.LOG_ROOT))
leftovers.register("sockets", leftovers.socket_in(settings.RUNTIME_DIR / "r"))
tabs.register(
    tabs.Tab("overview", gettext_lazy("Overview"), 10, "runtime/overview.html", "overview", fill_overview)
)
tabs.register(tabs.Tab("logs", gettext_lazy("Logs"), 40, "runtime/logs.html", "logs", fill_logs, Right.WORK))
syntax.register(checker.check)
current_app.steps["worker"].add(SupervisorStep)


def _live_runs(project: Project) -> list[Run]:
    return list(Run.objects.live().filter(project=project).select_related("node"))


def _on_env_changed(project: Project, **_: Any) -> None:
    for run in _live_runs(project):
        tell_environment(run)


def _on_renamed(project: Project, **_: Any) -> None:
    for run in _live_runs(project):
        transaction.on_commit(partial(wake_node, run))


def _on_deleted(project: Project, **_: Any) -> None:
    runs, key = _live_runs(project), project.pk

    def clean() -> None:
        for run in runs:
            wake_node(run)  # its node finds the row gone and kills the sandbox
        logs.clear_project(key)

    transaction.on_commit(clean)


def _on_release_deleted(release: Release, **_: Any) -> None:
    """A release that runs stays: its sandbox may have to be forked again from it. Raises ConflictError."""
    if Run.objects.live().filter(release=release).exists():
        raise ConflictError("release_running", gettext("This release is running; stop it first."))


def _on_branch_renamed(branch: Branch, old_name: str, **_: Any) -> None:
    """A restart of a debug run finds its branch under the new name."""
    Run.objects.filter(project=branch.project_id, branch=old_name).update(branch=branch.name)


env_changed.connect(_on_env_changed, dispatch_uid="runtime.env_changed")
project_renamed.connect(_on_renamed, dispatch_uid="runtime.project_renamed")
project_deleted.connect(_on_deleted, dispatch_uid="runtime.project_deleted")
release_deleted.connect(_on_release_deleted, dispatch_uid="runtime.release_deleted")
branch_renamed.connect(_on_branch_renamed, dispatch_uid="runtime.branch_renamed")
