from __future__ import annotations

import sys
from typing import Any

from django.utils.translation import gettext as _

from pipeline.management.console import ProjectCommand
from projects.models import Project
from runtime.choices import RunStatus
from runtime.states import describe_project

NOT_RUNNING = 3  # as service managers say it


class Command(ProjectCommand):
    help = _("Say whether a service runs; exit code 3 when it does not.")

    def carry_out(self, project: Project, **options: Any) -> None:
        state = describe_project(project)
        run = state["run"] or {}
        status = RunStatus(state["status"])
        words = f"{project.slug}: {status.label}"
        if code := run.get("release") or run.get("branch"):
            words += f", {code}"
        if status == RunStatus.RUNNING:
            words += f", {state['route_url']}"
        elif error := (run.get("error") or "").strip():
            words += f": {error}"
        self.tell(words, state, options)
        if status != RunStatus.RUNNING:
            sys.exit(NOT_RUNNING)
