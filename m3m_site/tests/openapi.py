"""The API as it is: the routes of the resolver and the document made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver

from m3m_site.api.schema import document as described

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")

Schema = dict[str, Any]


class Route(NamedTuple):
    """A method of an address; `path` has its parameters in braces, as the document has them."""

    method: str
    path: str
    view: Any

    @property
    def line(self) -> str:
        return f"{self.method} {shape(self.path)}"

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)


def shape(path: str) -> str:
    """A path whose parameters have no names: `/api/projects/:/env`."""
    return re.sub(r"<[^>]+>|{\w+}|[:*]\w+", ":", path)


@lru_cache
def routes() -> tuple[Route, ...]:
    """Every method of every address below /api, of /health and of services' routes; UnknownPath is none."""
    found = []
    for pattern, callback in _patterns(get_resolver().url_patterns):
        if not pattern.startswith(("/api/", "/health", "/r/")):
            continue
        view = getattr(callback, "view_class", None)
        methods = [method for method in METHODS if hasattr(view, method.lower())] if view else ["GET"]
        path = _PARAMETER.sub(r"{\1}", pattern)
        found += [Route(method, path, view or callback) for method in methods]
    return tuple(found)


def _patterns(found: list[Any], prefix: str = "/") -> Iterator[tuple[str, Any]]:
    for one in found:
        if isinstance(one, URLResolver):
            yield from _patterns(one.url_patterns, prefix + str(one.pattern))
        elif isinstance(one, URLPattern):
            yield prefix + str(one.pattern), one.callback


def document() -> Schema:
    """The OpenAPI document."""
    return described("en")


def operations() -> Iterator[tuple[str, str, Schema]]:
    """(method, path, operation) of the document."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def operation_of(method: str, path: str) -> Schema:
    found = document()["paths"].get(path, {}).get(method.lower(), {})
    assert isinstance(found, dict)
    return found


def resolve(schema: Schema) -> Schema:
    """The schema that a reference leads to."""
    while "$ref" in schema:
        target: Any = document()
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    return schema


def body_schema(operation: Schema, media_type: str = "application/json") -> Schema | None:
    content = operation.get("requestBody", {}).get("content", {})
    return resolve(content[media_type]["schema"]) if media_type in content else None


def plain_value(schema: Schema, depth: int = 0) -> Any:  # noqa: ANN401  (any JSON)
    """A well-formed value: an example, a default, a choice, else the smallest one; objects get what is required."""
    schema = resolve(schema)
    for key in ("example", "default", "const"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    for key in ("oneOf", "anyOf", "allOf"):
        if key in schema:
            return plain_value(schema[key][0], depth + 1)
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: plain_value(properties[name], depth + 1) for name in schema.get("required", ())}
    if kind == "array":
        return [plain_value(schema["items"], depth + 1)] if schema.get("minItems") or depth == 0 else []
    return _scalar(kind, schema)


def _scalar(kind: str, schema: Schema) -> Any:  # noqa: ANN401  (any JSON)
    if kind == "boolean":
        return False
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    formats = {
        "uuid": "00000000-0000-4000-8000-000000000000",
        "date": "2026-01-02",
        "date-time": "2026-01-02T03:04:05Z",
        "email": "somebody@example.org",
        "uri": "https://example.org/",
    }
    return formats.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))
