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


SIDEBAR = [
    {
        "title": _("Services"),
        "items": [
            place(_("Projects"), "deployed_code", "projects", below("/admin/projects/")),
            place(
                _("Runs"),
                "play_circle",
                "admin:runtime_run_changelist",
                below("/admin/runtime/run/", "/admin/runtime/attempt/"),
            ),
            place(_("Goals"), "flag", "admin:goals_goal_changelist", below("/admin/goals/")),
        ],
    },
    {
        "title": _("Platform"),
        "separator": True,
        "items": [
            place(
                _("Users"),
                "group",
                "admin:accounts_user_changelist",
                below("/admin/accounts/user/"),
                manages_users,
            ),
            place(_("Nodes"), "dns", "admin:runtime_node_changelist", below("/admin/runtime/node/"), is_root),
            place(
                _("Limits"),
                "speed",
                "admin:runtime_limitoverride_changelist",
                below("/admin/runtime/limitoverride/"),
                is_root,
            ),
            place(
                _("Audit"),
                "history",
                "admin:accounts_auditentry_changelist",
                below("/admin/accounts/auditentry/"),
                manages_users,
            ),
            place(_("API"), "api", "api-docs", below("/api/docs")),
        ],
    },
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
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": SIDEBAR},
}
