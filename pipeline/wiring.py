"""What the pipeline adds to projects."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Actor
from pipeline.archive import PipelinePart
from pipeline.choices import RevisionKind
from pipeline.files import MAIN
from pipeline.models import Branch, BranchRevision, Release
from pipeline.template import MAIN_CODE
from pipeline.views import fill_code, fill_releases
from projects import facets, parts, tabs
from projects.choices import Right
from projects.models import Project
from projects.signals import project_created

facets.register(Release.objects.active_versions, active_release=facets.TEXT)
tabs.register(tabs.Tab("code", _("Code"), 20, "pipeline/code.html", "code", fill_code, Right.WORK))
tabs.register(
    tabs.Tab("releases", _("Releases"), 30, "pipeline/releases.html", "releases", fill_releases, Right.WORK)
)
parts.register(PipelinePart())


@receiver(project_created, dispatch_uid="pipeline")
def create_first_branch(sender: type[Project], project: Project, actor: Actor, **_others: Any) -> None:
    """A new project has the branch `develop` with a service to start from."""
    branch, files = Branch.objects.create(project=project, name="develop"), {MAIN: MAIN_CODE}
    branch.add_files(files)
    BranchRevision.objects.keep(branch, files, RevisionKind.CREATE, actor)
