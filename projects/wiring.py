"""The tabs and parts of projects' own floor, and what becomes of files."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts.queueing import send_after_commit
from projects import parts, tabs
from projects.choices import Right
from projects.files.part import FilesPart
from projects.models import Project
from projects.signals import project_deleted
from projects.tasks.storage import remove_project_files
from projects.views import fill_environment, fill_settings

tabs.register(
    tabs.Tab(
        "environment",
        _("Environment"),
        50,
        "projects/environment.html",
        "environment",
        fill_environment,
        Right.WORK,
    )
)
tabs.register(tabs.Tab("settings", _("Settings"), 60, "projects/settings.html", "settings", fill_settings))
parts.register(FilesPart())


@receiver(project_deleted, dispatch_uid="projects.files")
def remove_files(sender: type[Project], project: Project, **_others: Any) -> None:
    """The files of a deleted project go once it is deleted for sure."""
    send_after_commit(remove_project_files, str(project.pk))
