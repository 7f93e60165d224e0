"""Tabs of a project's page: each floor registers those that show what it owns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from projects.choices import Right

# actor, project and the query of the page's address; a plain value cannot import what stands above it.
Filler: TypeAlias = Callable[[Any, Any, Any], dict[str, Any]]


@dataclass(frozen=True)
class Tab:
    """`fill` makes the template's context; its `data`, if any, reaches the module `entry` as JSON.

    `name` is the last part of the address, `order` the place among the tabs, `right` who sees the tab at all.
    """

    name: str
    label: Any  # text, lazily translated
    order: int
    template: str
    entry: str
    fill: Filler
    right: Right = Right.VIEW

    @property
    def script(self) -> str:
        """The built module among the static files."""
        return f"dist/{self.entry}.js"


_tabs: dict[str, Tab] = {}


def register(tab: Tab) -> None:
    """Adds a tab to every project's page. A second tab of one name raises ValueError."""
    if _tabs.setdefault(tab.name, tab) is not tab:
        raise ValueError(f"tab '{tab.name}' is registered twice")


def registered() -> list[Tab]:
    """All tabs in their order."""
    return sorted(_tabs.values(), key=lambda tab: (tab.order, tab.name))


def allowed(rights: Iterable[Right]) -> list[Tab]:
    """The tabs of somebody with these rights."""
    have = frozenset(rights)
    return [tab for tab in registered() if tab.right in have]
