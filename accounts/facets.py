"""What the floor of projects contributes to people: their access to projects, and what they own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID


class ProjectsOfPeople(Protocol):
    """Filled by projects. A plain value cannot import the models above it: users are accounts.models.User."""

    def access(self, users: Sequence[Any], viewer: Any) -> Mapping[UUID, list[UUID]]:  # noqa: ANN401
        """Which projects people are members of, as far as the viewer may know; in one query for all of them."""

    def set_access(self, actor: Any, user: Any, wanted: Sequence[UUID]) -> None:  # noqa: ANN401
        """Make a person a member of exactly these, inside the caller's transaction. Raises UserError."""

    def choices(self) -> list[tuple[str, str]]:
        """Id and name of every project, for whoever manages users."""

    def owned_by(self, user: Any) -> list[dict[str, str]]:  # noqa: ANN401
        """`id`, `name`, `slug` and `color` of the projects that a person owns."""

    def hand_over(self, actor: Any, owner: Any, heir: Any) -> None:  # noqa: ANN401
        """Make the heir the owner of all that the owner has, inside the caller's transaction."""


class _Nothing:
    """Where no floor above has projects."""

    def access(self, users: Sequence[Any], viewer: Any) -> Mapping[UUID, list[UUID]]:  # noqa: ANN401
        return {}

    def set_access(self, actor: Any, user: Any, wanted: Sequence[UUID]) -> None:  # noqa: ANN401
        if wanted:
            raise LookupError("nobody has registered projects")

    def choices(self) -> list[tuple[str, str]]:
        return []

    def owned_by(self, user: Any) -> list[dict[str, str]]:  # noqa: ANN401
        return []

    def hand_over(self, actor: Any, owner: Any, heir: Any) -> None:  # noqa: ANN401
        return None


_registered: list[ProjectsOfPeople] = []


def register_projects(facet: ProjectsOfPeople) -> None:
    """A second one raises ValueError."""
    if _registered:
        raise ValueError("the projects of people are registered twice")
    _registered.append(facet)


def projects() -> ProjectsOfPeople:
    return _registered[0] if _registered else _Nothing()
