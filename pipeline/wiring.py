"""What the pipeline adds to projects."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from pipeline.models import Branch, Release
from pipeline.template import MAIN_CODE
from projects import facets
from projects.models import Project
from projects.signals import project_created

facets.register("active_release", Release.objects.active_versions)


@receiver(project_created, dispatch_uid="pipeline")
def create_first_branch(sender: type[Project], project: Project, **_others: Any) -> None:
    """A new project has the branch `develop` with a service to start from."""
    Branch.objects.create(project=project, name="develop").add_files({"main": MAIN_CODE})
