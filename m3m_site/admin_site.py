"""How the admin's shell looks, and what stands in its sidebar. Read by the settings, so it imports no app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

# One accent. 600 stands on white and under white text, 500 on the dark ground: both with a contrast above 4.5.
TEAL = {
    "50": "#f0fdfa",
    "100": "#ccfbf1",
    "200": "#99f6e4",
    "300": "#5eead4",
    "400": "#2dd4bf",
    "500": "#14b8a6",
    "600": "#0f766e",
    "700": "#115e59",
    "800": "#134e4a",
    "900": "#0f3f3c",
    "950": "#042f2e",
}


def below(*starts: str) -> Callable[[HttpRequest], bool]:
    """Whether the page stands at one of these addresses or below."""
    return lambda request: request.path.startswith(starts)


def is_root(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "sees_everything", False))


def manages_users(request: HttpRequest) -> bool:
    return is_root(request) or bool(getattr(request.user, "can_manage_users", False))


def everybody(request: HttpRequest) -> bool:
    return True


def place(
    title: Any,  # noqa: ANN401  (text, lazily translated)
    icon: str,
    link: str,
    active: Callable[[HttpRequest], bool],
    permission: Callable[[HttpRequest], bool] = everybody,
) -> dict[str, Any]:
    """One line of the sidebar."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(link),
        "active": active,
        "permission": permission,
    }


def on_projects_pages(request: HttpRequest) -> bool:
    """The admin's lists of the app `projects` stand below the same address."""
    match = request.resolver_match
    return match is not None and match.url_name in ("projects", "project", "project-tab")


def list_of(
    title: Any,  # noqa: ANN401  (text, lazily translated)
    icon: str,
    *models: str,
    permission: Callable[[HttpRequest], bool] = everybody,
) -> dict[str, Any]:
    """The line of the first model's list; those of the others are tabs of it."""
    app, name = models[0].split(".")
    starts = [f"/admin/{model.replace('.', '/')}/" for model in models]
    return place(title, icon, f"admin:{app}_{name}_changelist", below(*starts), permission)


def tabs(*lists: tuple[Any, str]) -> dict[str, Any]:
    """Lists that belong together, by title and model: each shows the way to the others."""
    items = [
        {
            "title": title,
            "link": reverse_lazy(f"admin:{model.replace('.', '_')}_changelist"),
            "active": below(f"/admin/{model.replace('.', '/')}/"),
        }
        for title, model in lists
    ]
    return {"models": [model for _title, model in lists], "items": items}


SIDEBAR = [
    {
        "title": _("Services"),
        "items": [
            place(_("Projects"), "deployed_code", "projects", on_projects_pages),
            list_of(_("Branches"), "account_tree", "pipeline.branch", "pipeline.branchrevision"),
            list_of(_("Releases"), "rocket_launch", "pipeline.release"),
            list_of(_("Runs"), "play_circle", "runtime.run", "runtime.attempt"),
            list_of(_("Environment"), "tune", "projects.envvar"),
        ],
    },
    {
        "title": _("Data"),
        "separator": True,
        "items": [
            list_of(_("Collections"), "database", "projects.collection"),
            list_of(_("Records"), "table_rows", "projects.record"),
            list_of(_("Imports"), "upload", "projects.recordimport"),
            list_of(_("Direct links"), "link", "projects.filelink"),
            list_of(_("Goals"), "flag", "goals.goal", "goals.goalvalue"),
        ],
    },
    {
        "title": _("People"),
        "separator": True,
        "items": [
            list_of(_("Users"), "group", "accounts.user", permission=manages_users),
            list_of(_("Members"), "badge", "projects.membership"),
            list_of(_("API keys"), "key", "projects.apikey"),
            list_of(_("Audit"), "history", "accounts.auditentry", permission=manages_users),
        ],
    },
    {
        "title": _("Platform"),
        "separator": True,
        "items": [
            list_of(_("Table of projects"), "list_alt", "projects.project", "projects.slugalias"),
            list_of(_("Nodes"), "dns", "runtime.node", permission=is_root),
            list_of(_("Limits"), "speed", "runtime.limitoverride", permission=is_root),
            place(_("API"), "api", "api-docs", below("/api/docs")),
        ],
    },
]
TABS = [
    tabs((_("Branches"), "pipeline.branch"), (_("History"), "pipeline.branchrevision")),
    tabs((_("Runs"), "runtime.run"), (_("Attempts"), "runtime.attempt")),
    tabs((_("Goals"), "goals.goal"), (_("Values"), "goals.goalvalue")),
    tabs((_("Table of projects"), "projects.project"), (_("Former slugs"), "projects.slugalias")),
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "M3M",
    "SITE_HEADER": "M3M",
    "SITE_SUBHEADER": _("JavaScript services"),
    "SITE_URL": None,
    "SITE_ICON": lambda _request: static("m3m/logo.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("m3m/logo.svg")}
    ],
    "SHOW_LANGUAGES": True,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {"primary": TEAL},
    "STYLES": [lambda _request: static("dist/m3m.css")],
    "ACCOUNT": {
        "navigation": [
            {"title": _("Your profile"), "link": reverse_lazy("profile")},
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
        ]
    },
    "SCRIPTS": [lambda _request: static("dist/admin.js")],
    "TABS": TABS,
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": SIDEBAR},
}
