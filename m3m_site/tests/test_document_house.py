"""The documentation names everything that a person can set or type."""

from __future__ import annotations

import argparse

import pytest
from django.core.management import get_commands

from m3m_site.bootstrap import COMMANDS
from m3m_site.chores import PACKAGES
from m3m_site.cli import parser
from m3m_site.conf import BASE_DIR, Config

SETTINGS = [
    (f"{section}.{key}", f"M3M_{section}_{key}".upper())
    for section, field in Config.model_fields.items()
    for key in type(field.default).model_fields
]


def page(name: str) -> str:
    return (BASE_DIR / "docs" / name).read_text()


class DocumentHouseTest:
    @pytest.mark.parametrize(("key", "variable"), SETTINGS)
    def test_every_setting(self, key: str, variable: str) -> None:
        assert f"`{key}`" in page("configuration.md")
        if not key.startswith("plugins.config"):
            assert variable in page("configuration.md")

    def test_every_command_of_m3m(self) -> None:
        commands = next(
            action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)
        ).choices
        assert commands
        for name in commands:
            assert f"`m3m {name}" in page("command-line.md"), name

    def test_every_target_of_make(self) -> None:
        for name in COMMANDS:
            assert f"`make {name}" in page("command-line.md"), name

    def test_every_management_command_of_ours(self) -> None:
        ours = [name for name, app in get_commands().items() if app in PACKAGES]
        assert ours
        for name in ours:
            assert f"`{name}" in page("command-line.md"), name
