"""Well-formed requests to every address: what goes into its path, its query and its body.

Where nothing is said here, the body is the smallest one that the API's document allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from m3m_site.tests.openapi import Route, body_schema, operation_of, plain_value
from m3m_site.tests.stage import PASSWORD, Place, Stage

Body = dict[str, Any] | list[Any] | str | bytes


@dataclass(frozen=True)
class Sample:
    """What a request to one address needs beside what its document says."""

    body: Callable[[Stage, Place], Body] | None = None
    kind: str = "json"
    query: str = ""
    path: dict[str, str] = field(default_factory=dict)
    # How often a generated request takes this body's values over.
    apt: float = 0.8

    def ids(self, route: Route, place: Place) -> dict[str, str]:
        """What stands for the parameters of the address."""
        ids = {**place.ids, **self.path}
        if route.path.startswith("/api/goals/"):
            ids["goal"] = ids.get("global_goal", "")
        return ids


def _login(role: str) -> Callable[[Stage, Place], Body]:
    return lambda stage, _place: {"email": stage.people[role].email, "password": PASSWORD}


def _plain(body: Body) -> Callable[[Stage, Place], Body]:
    return lambda _stage, _place: body


SAMPLES: dict[str, Sample] = {
    "POST /api/auth/login": Sample(_login("stranger")),
    "POST /api/auth/refresh": Sample(lambda stage, _place: {"refresh": stage.logins["stranger"].refresh}),
    "POST /api/auth/logout": Sample(lambda stage, _place: {"refresh": stage.logins["stranger"].refresh}),
    "PUT /api/users/me": Sample(_plain({"name": "New name"})),
    "PUT /api/users/me/password": Sample(
        _plain({"old_password": PASSWORD, "new_password": "another-Pass-17"})
    ),
    "POST /api/projects": Sample(_plain({"name": "Fresh", "slug": "fresh"})),
    "PUT /api/projects/:": Sample(_plain({"name": "Changed"})),
    "PATCH /api/projects/:": Sample(_plain({"name": "Changed"})),
    "DELETE /api/projects/:": Sample(query="confirm=shop"),
    "POST /api/projects/:/members": Sample(lambda stage, _place: {"email": stage.people["creator"].email}),
    "POST /api/projects/:/env": Sample(_plain({"key": "MORE", "type": "string", "value": "x"})),
    "PUT /api/projects/:/env": Sample(_plain([{"key": "ONLY", "type": "integer", "value": 3}])),
    "PUT /api/projects/:/env/:": Sample(_plain({"key": "NAME", "type": "string", "value": "y"})),
    "POST /api/projects/:/pipeline/branches": Sample(_plain({"name": "more", "parent_branch": "develop"})),
    "PUT /api/projects/:/pipeline/branches/:": Sample(_plain({"code": "'use strict';"})),
    "POST /api/projects/:/start": Sample(_plain({"version": "0.1"})),
    "POST /api/projects/:/restart": Sample(_plain({"branch": "develop"})),
}


def sample_of(route: Route) -> Sample:
    return SAMPLES.get(route.line, Sample())


def url_of(route: Route, place: Place) -> str:
    """The address with real ids in it. Raises KeyError for a parameter that nothing is known of."""
    ids = sample_of(route).ids(route, place)
    path = route.path
    for name in route.parameters:
        path = path.replace(f"{{{name}}}", quote(ids[name], safe="/"))
    query = sample_of(route).query.replace("shop", place.project.slug)
    return f"{path}?{query}" if query else path


def body_of(route: Route, stage: Stage, place: Place) -> tuple[Body | None, dict[str, str]]:
    """The body, and how APIClient is told its type."""
    sample = sample_of(route)
    if sample.body is not None:
        body = sample.body(stage, place)
        return body, {"format": "json"} if sample.kind == "json" else {"content_type": sample.kind}
    schema = body_schema(operation_of(route.method, route.path))
    return (plain_value(schema) if schema else None), {"format": "json"}
