"""The plan of the house, as far as import-linter does not see it."""

from __future__ import annotations

import tomllib

from m3m_site.bootstrap import COMMANDS
from m3m_site.chores import PACKAGES
from m3m_site.conf import BASE_DIR

# Beside these only what git ignores may stand at the top.
FOLDERS = {
    *("m3m_site", "accounts", "projects", "goals", "pipeline", "runtime", "iot", "plugins"),
    *("templates", "static", "locale", "docs", "frontend", "benchmarks", "tests"),
}
IGNORED = {"data", "node_modules"}


def guards() -> dict[str, object]:
    found = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["tool"]
    assert isinstance(found, dict)
    return found


class HouseTest:
    def test_no_folder_stands_outside_the_plan(self) -> None:
        present = {
            entry.name for entry in BASE_DIR.iterdir() if entry.is_dir() and not entry.name.startswith(".")
        }
        assert present - IGNORED <= FOLDERS

    def test_every_package_is_guarded(self) -> None:
        packages = {entry.parent.name for entry in BASE_DIR.glob("*/apps.py")}
        linter = guards()["importlinter"]
        assert isinstance(linter, dict)
        assert packages == set(PACKAGES) == set(linter["root_packages"])
        floors = next(
            contract for contract in linter["contracts"] if contract["name"].startswith("The house")
        )
        assert packages == {name.strip() for layer in floors["layers"] for name in layer.split("|")}

    def test_every_command_is_offered_to_people_and_ci(self) -> None:
        assert {"run", "test", "lint", "fix", "bench", "docs"} <= set(COMMANDS)
        assert "make test" in (BASE_DIR / ".ci" / "run").read_text()
