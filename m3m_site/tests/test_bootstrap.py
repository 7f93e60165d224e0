from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from m3m_site import bootstrap
from m3m_site.conf import BASE_DIR

SOURCE = BASE_DIR / "m3m_site" / "bootstrap.py"


class FindPythonTest:
    def found(self, monkeypatch: pytest.MonkeyPatch, table: dict[str, tuple[tuple[int, int], bool]]) -> str:
        """The choice among interpreters that are given as path → (version, has venv)."""
        monkeypatch.setattr(bootstrap, "candidate_paths", lambda _version: iter(table))
        monkeypatch.setattr(bootstrap, "probe", table.get)
        return bootstrap.find_python()

    def test_it_takes_one_that_fits_before_a_later_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        table = {"/new": ((3, 13), True), "/fits": ((3, 12), True)}
        assert self.found(monkeypatch, table) == "/fits"

    def test_it_takes_the_better_of_those_that_fit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        table = {"/first": ((3, 11), True), "/better": ((3, 12), True)}
        assert self.found(monkeypatch, table) == "/better"

    def test_it_takes_a_later_one_where_nothing_fits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.found(monkeypatch, {"/old": ((3, 9), True), "/new": ((3, 13), True)}) == "/new"

    def test_it_passes_over_one_without_venv(self, monkeypatch: pytest.MonkeyPatch) -> None:
        table = {"/bare": ((3, 11), False), "/whole": ((3, 12), True)}
        assert self.found(monkeypatch, table) == "/whole"

    def test_it_says_how_to_get_venv(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(bootstrap.Stop, match=r"apt-get install python3\.11-venv"):
            self.found(monkeypatch, {"/bare": ((3, 11), False)})

    def test_it_says_how_to_get_a_python(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(bootstrap.Stop, match=r"needs Python 3\.11 or 3\.12"):
            self.found(monkeypatch, {"/old": ((3, 9), True)})

    def test_it_warns_where_redis_will_be_missing(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(shutil, "which", lambda _name: None)
        monkeypatch.delenv("M3M_REDIS_URI", raising=False)
        self.found(monkeypatch, {"/new": ((3, 13), True)})
        assert "redis-server or valkey-server" in capsys.readouterr().err

    def test_probe_knows_this_interpreter(self) -> None:
        assert bootstrap.probe(sys.executable) == (sys.version_info[:2], True)

    def test_probe_survives_what_is_no_interpreter(self, tmp_path: Path) -> None:
        assert bootstrap.probe("/bin/false") is None
        assert bootstrap.probe(str(tmp_path)) is None


class StampTest:
    def test_it_changes_with_files_and_versions(self, tmp_path: Path) -> None:
        lock = tmp_path / "requirements.txt"
        lock.write_text("a==1\n")
        first = bootstrap.stamp_of([lock], "3.11.7")
        assert first == bootstrap.stamp_of([lock], "3.11.7")
        assert first != bootstrap.stamp_of([lock], "3.12.1")
        lock.write_text("a==2\n")
        assert first != bootstrap.stamp_of([lock], "3.11.7")

    def test_an_environment_with_tools_serves_a_run(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        stamp = tmp_path / "stamp"
        monkeypatch.setattr(bootstrap, "STAMP", stamp)
        monkeypatch.setattr(bootstrap, "venv_version", lambda: "3.11.7")
        for tools in (True, False):
            stamp.write_text(bootstrap.stamp_of(bootstrap.requirement_files(tools), "3.11.7"))
            assert bootstrap.is_ready(tools)
            assert not bootstrap.is_ready(not tools)

    def test_no_environment_is_not_ready(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "missing")
        assert not bootstrap.is_ready(False)


class LockTest:
    def test_every_wish_is_locked_with_hashes(self) -> None:
        for name in ("requirements", "requirements-dev"):
            text = (BASE_DIR / f"{name}.txt").read_text()
            assert "--hash=sha256:" in text
            assert "http://" not in text
            assert "https://" not in text
        assert "django" in bootstrap.locked_names(BASE_DIR / "requirements.txt")

    def test_every_wish_has_its_reason(self) -> None:
        for name in ("requirements.in", "requirements-dev.in"):
            for line in (BASE_DIR / name).read_text().splitlines():
                if line and not line.startswith(("#", "-c")):
                    assert "# " in line, line

    def test_the_front_end_lock_names_no_registry(self) -> None:
        assert "resolved" not in (BASE_DIR / "package-lock.json").read_text()


class BootstrapTest:
    def test_any_python_from_3_8_on_reads_it(self) -> None:
        ast.parse(SOURCE.read_text(), feature_version=(3, 8))

    def test_it_imports_the_standard_library_alone(self) -> None:
        for node in ast.walk(ast.parse(SOURCE.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names

    def test_it_lists_its_commands(self) -> None:
        done = subprocess.run([sys.executable, str(SOURCE)], capture_output=True, text=True, check=True)  # noqa: S603
        assert [line.split()[1] for line in done.stderr.splitlines()] == list(bootstrap.COMMANDS)

    def test_it_refuses_unknown_commands(self) -> None:
        done = subprocess.run([sys.executable, str(SOURCE), "fly"], capture_output=True, check=False)  # noqa: S603
        assert done.returncode == 2

    def test_make_offers_the_same_commands(self) -> None:
        targets = (BASE_DIR / "Makefile").read_text()
        line = next(line for line in targets.splitlines() if line.startswith("run "))
        assert set(line.rstrip(":").split()) == set(bootstrap.COMMANDS)
