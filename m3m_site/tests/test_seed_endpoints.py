"""What was promised is there: addresses with their methods, and JSON keys as they were written."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import resolve

from m3m_site.tests.openapi import document, routes, shape

PROMISED = [
    tuple(line.split())
    for line in Path(__file__).with_name("seed_endpoints.txt").read_text().splitlines()
    if line.strip() and not line.startswith("#")
]
KEYS = {
    "User": {"id", "email", "name", "avatar", "permissions", "is_root"},
    "Permissions": {"create_projects", "manage_users", "project_access"},
    "Project": {"id", "name", "slug", "color", "owner", "members", "auto_start", "active_release", "status"},
    "Goal": {"id", "name", "slug", "color", "type", "description", "project_ref", "allowed_projects"},
    "ShownEnvVar": {"key", "type", "value"},
    "Branch": {"name", "parent_branch", "created_from_release"},
    "BranchContent": {"code"},
    "Release": {"version", "comment", "tag", "is_active"},
    "ReleaseContent": {"code"},
}
# Keys of parts whose component may have any name.
SOMEWHERE = {
    *("fields", "default_value", "required", "table_config", "form_config"),
    *("columns", "filters", "sort_columns", "field_order", "hidden_fields", "field_views"),
}


@pytest.mark.parametrize(("method", "path"), PROMISED, ids=[" ".join(one) for one in PROMISED])
def test_it_is_there(method: str, path: str) -> None:
    offered = {route.line for route in routes()}
    if method == "ANY":
        assert resolve(path.replace(":projectSlug", "shop").replace("*route", "a/b"))
    else:
        assert f"{method} {shape(path)}" in offered


@pytest.mark.parametrize("name", KEYS)
def test_its_keys_are_as_they_were_written(name: str) -> None:
    schemas = document()["components"]["schemas"]
    assert name in schemas
    assert KEYS[name] - set(schemas[name]["properties"]) == set()


def test_the_keys_of_collections_are_as_they_were_written() -> None:
    schemas = document()["components"]["schemas"].values()
    found = {key for schema in schemas for key in schema.get("properties", ())}
    assert SOMEWHERE - found == set()
