"""The tabs of projects' own floor, and its parts of archives."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from projects import parts, tabs
from projects.choices import Right
from projects.collections.parts import CollectionsPart
from projects.tasks.indexes import schedule_indexes
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

parts.register(CollectionsPart(schedule_indexes))
