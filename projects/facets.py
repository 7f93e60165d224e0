"""Parts of a project's representation that upper floors contribute, each by one loader for many projects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

# A plain value cannot import the model above it; loaders get projects.models.Project.
Loader: TypeAlias = Callable[[Sequence[Any]], Mapping[UUID, object]]

_loaders: dict[str, Loader] = {}
_schemas: dict[str, Mapping[str, object]] = {}
_TEXT: Mapping[str, object] = {"type": ["string", "null"]}


def register(name: str, loader: Loader, schema: Mapping[str, object] = _TEXT) -> None:
    """Adds the key `name` to every project's JSON; `schema` says of which form. A second loader raises ValueError."""
    if _loaders.setdefault(name, loader) is not loader:
        raise ValueError(f"facet '{name}' is registered twice")
    _schemas[name] = schema


def schemas() -> dict[str, Mapping[str, object]]:
    """What OpenAPI says of each facet."""
    return {name: _schemas[name] for name in names()}


def names() -> list[str]:
    return sorted(_loaders)


def load(projects: Sequence[Any]) -> dict[UUID, dict[str, object]]:
    """All facets of some projects, with as many queries as the loaders ask; missing values are None."""
    found: dict[UUID, dict[str, object]] = {project.pk: {} for project in projects}
    for name in names():
        values = _loaders[name](projects) if projects else {}
        for key, facets in found.items():
            facets[name] = values.get(key)
    return found
