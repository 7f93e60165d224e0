"""The tabs and parts of projects' own floor, and what becomes of files."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import facets as people
from projects import leftovers, parts, tabs
from projects.actions.people import ProjectsOfPeople
from projects.api.schema import KeyScheme, ProjectSchema
from projects.choices import Right
from projects.collections.parts import CollectionsPart
from projects.files import sweep
from projects.files.part import FilesPart
from projects.portable import EnvPart
from projects.tasks.indexes import schedule_indexes
from projects.views import fill_environment, fill_settings

__all__ = ["KeyScheme", "ProjectSchema"]

people.register_projects(ProjectsOfPeople())
parts.register(EnvPart())
leftovers.register_temporary(settings.TEMPORARY_DIR)
leftovers.register("files", sweep.remains)
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

parts.register(CollectionsPart(schedule_indexes))
parts.register(FilesPart())
