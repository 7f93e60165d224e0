"""Parts of a project's representation that upper floors contribute, loaded for many projects at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

# A plain value cannot import the model above it; loaders get projects.models.Project.
Loader: TypeAlias = Callable[[Sequence[Any]], Mapping[UUID, Mapping[str, object]]]

TEXT: Mapping[str, object] = {"type": ["string", "null"]}

_loaders: dict[str, Loader] = {}
_schemas: dict[str, Mapping[str, object]] = {}


def register(loader: Loader, **schemas: Mapping[str, object]) -> None:
    """Adds keys to every project's JSON, each with its schema; `loader` finds their values, which stand together.

    A second loader of one key raises ValueError.
    """
    for name, schema in schemas.items():
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
    found: dict[UUID, dict[str, object]] = {project.pk: dict.fromkeys(names()) for project in projects}
    for loader in dict.fromkeys(_loaders.values()) if projects else ():
        for key, values in loader(projects).items():
            found[key].update(values)
    return found
