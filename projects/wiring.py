"""The tabs of projects' own floor."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from projects import tabs
from projects.api.schema import KeyScheme, ProjectSchema
from projects.choices import Right
from projects.views import fill_environment, fill_settings

__all__ = ["KeyScheme", "ProjectSchema"]

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
