"""Well-formed requests to every address: what goes into its path, its query and its body.

Where nothing is said here, the body is the smallest one that the API's document allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from m3m_site.tests.openapi import Route, body_schema, operation_of, plain_value
from m3m_site.tests.stage import PASSWORD, PICTURE, Place, Stage

Body = dict[str, Any] | list[Any] | str | bytes


@dataclass(frozen=True)
class Sample:
    """What a request to one address needs beside what its document says."""

    body: Callable[[Stage, Place], Body] | None = None
    kind: str = "json"
    # Words in braces stand for ids of the place.
    query: str = ""
    path: dict[str, str] = field(default_factory=dict)
    # How often a generated request takes this body's values over.
    apt: float = 0.8
    # A generated body agrees with this one in no other way than by being it.
    exact: bool = False

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


def _other(stage: Stage, _place: Place) -> Body:
    return {"user_id": str(stage.other.pk)}


_FIELDS = [{"key": "title", "type": "string", "required": True}, {"key": "count", "type": "number"}]
_RECORD = {"title": "Another", "count": 2}
_BRANCH_FILE = {"path": "lib"}
_NOTES = _plain({"path": "notes.txt", "new_path": "docs/other.txt"})

SAMPLES: dict[str, Sample] = {
    "POST /api/auth/login": Sample(_login("stranger")),
    "POST /api/auth/refresh": Sample(lambda stage, _place: {"refresh": stage.logins["stranger"].refresh}),
    "POST /api/auth/logout": Sample(lambda stage, _place: {"refresh": stage.logins["stranger"].refresh}),
    "POST /api/users": Sample(
        _plain({"email": "new@example.org", "password": "fresh-Pass-17", "permissions": {}})
    ),
    "PUT /api/users/:": Sample(_plain({"email": "else@example.org", "permissions": {}})),
    "PATCH /api/users/:": Sample(_plain({"name": "Else", "email": "else@example.org", "permissions": {}})),
    "PUT /api/users/:/password": Sample(_plain({"password": "another-Pass-17"})),
    "PUT /api/users/me": Sample(_plain({"name": "New name"})),
    "PUT /api/users/me/avatar": Sample(_plain(PICTURE), kind="image/png"),
    "PUT /api/users/me/password": Sample(
        _plain({"old_password": PASSWORD, "new_password": "another-Pass-17"})
    ),
    "POST /api/projects": Sample(_plain({"name": "Fresh", "slug": "fresh"})),
    "POST /api/projects/import": Sample(
        lambda stage, _place: stage.archive, kind="application/zip", query="slug=imported"
    ),
    "PUT /api/projects/:": Sample(_plain({"name": "Changed", "slug": "changed"})),
    "PATCH /api/projects/:": Sample(_plain({"name": "Changed", "slug": "changed"})),
    "DELETE /api/projects/:": Sample(query="confirm={project}"),
    "PUT /api/projects/:/owner": Sample(_other, exact=True),
    "POST /api/projects/:/members": Sample(
        lambda stage, _place: {"email": stage.people["creator"].email}, exact=True
    ),
    "POST /api/projects/:/env": Sample(_plain({"key": "MORE", "type": "string", "value": "x"})),
    "PUT /api/projects/:/env": Sample(_plain([{"key": "ONLY", "type": "integer", "value": 3}])),
    "PUT /api/projects/:/env/:": Sample(_plain({"key": "NAME", "type": "string", "value": "y"})),
    "POST /api/projects/:/env/import": Sample(_plain({"text": "NAME=z\nMORE=1\n"})),
    "POST /api/projects/:/pipeline/branches": Sample(
        _plain({"name": "more", "parent_branch": "develop", "created_from_release": ""})
    ),
    "PUT /api/projects/:/pipeline/branches/:": Sample(_plain({"code": "'use strict';"}), exact=True),
    "PATCH /api/projects/:/pipeline/branches/:": Sample(_plain({"name": "renamed"})),
    "POST /api/projects/:/pipeline/branches/:/reset": Sample(_plain({"version": "0.1"})),
    "GET /api/projects/:/pipeline/branches/:/files/:": Sample(path=_BRANCH_FILE),
    "PUT /api/projects/:/pipeline/branches/:/files/:": Sample(path=_BRANCH_FILE),
    "DELETE /api/projects/:/pipeline/branches/:/files/:": Sample(path=_BRANCH_FILE),
    "POST /api/projects/:/pipeline/branches/:/files/rename": Sample(
        _plain({"name": "lib", "new_name": "lib/more"})
    ),
    "GET /api/projects/:/pipeline/diff": Sample(query="from=release:0.1&to=branch:develop"),
    "POST /api/projects/:/pipeline/releases": Sample(_plain({"branch": "develop"})),
    "POST /api/projects/:/pipeline/releases/:/branch": Sample(_plain({"name": "more"})),
    "GET /api/projects/:/pipeline/releases/:/diff": Sample(query="against=0.1"),
    "POST /api/projects/:/start": Sample(_plain({"version": "0.1"}), exact=True),
    "POST /api/projects/:/restart": Sample(_plain({"branch": "develop"}), exact=True),
    "POST /api/projects/:/models": Sample(
        _plain({"name": "More", "slug": "more", "fields": _FIELDS, "table_config": {}, "form_config": {}})
    ),
    "PUT /api/projects/:/models/:": Sample(_plain({"name": "Else", "fields": _FIELDS}), exact=True),
    "PATCH /api/projects/:/models/:": Sample(_plain({"name": "Else", "slug": "else"}), exact=True),
    "DELETE /api/projects/:/models/:": Sample(query="confirm=notes"),
    "POST /api/projects/:/models/:/plan": Sample(_plain({"fields": _FIELDS[:1]})),
    "POST /api/projects/:/models/:/data": Sample(_plain(_RECORD), exact=True),
    "PUT /api/projects/:/models/:/data/:": Sample(_plain(_RECORD), exact=True),
    "PATCH /api/projects/:/models/:/data/:": Sample(_plain({"count": 3}), exact=True),
    "GET /api/projects/:/models/:/data": Sample(query="sort=-count&search=&filter=", apt=0.6),
    "POST /api/projects/:/models/:/data/bulk": Sample(_plain({"records": [_RECORD, _RECORD]})),
    "POST /api/projects/:/models/:/data/bulk-delete": Sample(
        _plain({"filter": {"count": {"$gte": 1}}, "confirm": True}), exact=True
    ),
    "POST /api/projects/:/models/:/data/query": Sample(
        _plain({"filter": {"count": 1}, "filters": None, "sort": "-count", "cursor": "", "page": 1}), apt=0.6
    ),
    "GET /api/projects/:/models/:/data/export": Sample(query="sort=title&search=&filter="),
    "POST /api/projects/:/models/:/data/import": Sample(
        _plain(b"title,count\nThree,3\n"), kind="text/csv", query="key=id&mode=insert&wait=0"
    ),
    "POST /api/goals": Sample(_plain({"name": "More", "slug": "more", "allowed_projects": []})),
    "PUT /api/goals/:": Sample(_plain({"slug": "more", "allowed_projects": []})),
    "PATCH /api/goals/:": Sample(_plain({"slug": "more", "allowed_projects": []})),
    "DELETE /api/goals/:": Sample(_plain({"slug": ""}), query="confirm=all-{project}"),
    "POST /api/goals/:/increment": Sample(lambda _stage, place: {"project": place.project.slug, "value": 2}),
    "POST /api/goals/:/reset": Sample(_plain({"slug": ""}), query="confirm=all-{project}"),
    "GET /api/goals/stats": Sample(query="goals=&project=&days=7"),
    "GET /api/goals/stats.csv": Sample(query="goals=&project=&days=7"),
    "POST /api/projects/:/goals": Sample(_plain({"name": "More", "slug": "more"})),
    "DELETE /api/projects/:/goals/:": Sample(_plain({"slug": ""}), query="confirm=sold"),
    "POST /api/projects/:/goals/:/reset": Sample(_plain({"slug": ""}), query="confirm=sold"),
    "GET /api/projects/:/goals/stats": Sample(query="goals=sold&days=7"),
    "GET /api/projects/:/goals/stats.csv": Sample(query="goals=sold&days=7"),
    "GET /api/projects/:/storage": Sample(query="path="),
    "DELETE /api/projects/:/storage": Sample(query="path=notes.txt"),
    "POST /api/projects/:/storage/copy": Sample(_NOTES),
    "POST /api/projects/:/storage/move": Sample(_NOTES),
    "PUT /api/projects/:/storage/rename": Sample(
        _plain({"path": "notes.txt", "new_path": "other.txt"}), exact=True
    ),
    "POST /api/projects/:/storage/mkdir": Sample(_plain({"path": "docs/2026"})),
    "POST /api/projects/:/storage/file": Sample(_plain({"path": "more.txt"})),
    "GET /api/projects/:/storage/preview/:": Sample(path={"path": "picture.png"}),
    "POST /api/projects/:/storage/links": Sample(_plain({"path": "notes.txt", "expires_in": "168h"})),
    "POST /api/projects/:/storage/upload": Sample(
        _plain(b"uploaded"), kind="application/octet-stream", query="path=up.bin"
    ),
}


def sample_of(route: Route) -> Sample:
    return SAMPLES.get(route.line, Sample())


def url_of(route: Route, place: Place) -> str:
    """The address with real ids in it. Raises KeyError for a parameter that nothing is known of."""
    ids = sample_of(route).ids(route, place)
    path = route.path
    for name in route.parameters:
        path = path.replace(f"{{{name}}}", quote(ids[name], safe="/"))
    query = query_of(route, place)
    return f"{path}?{query}" if query else path


def query_of(route: Route, place: Place) -> str:
    return sample_of(route).query.replace("{project}", place.project.slug)


def body_of(route: Route, stage: Stage, place: Place) -> tuple[Body | None, dict[str, str]]:
    """The body, and how APIClient is told its type."""
    sample = sample_of(route)
    if sample.body is not None:
        body = sample.body(stage, place)
        return body, {"format": "json"} if sample.kind == "json" else {"content_type": sample.kind}
    schema = body_schema(operation_of(route.method, route.path))
    return (plain_value(schema) if schema else None), {"format": "json"}
