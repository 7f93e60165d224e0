from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from unittest.mock import Mock

import psycopg
import pytest

from m3m_site import chores
from m3m_site.testing import require_part


class ExitCodeTest:
    def test_the_first_step_that_fails_decides_and_is_the_last(self) -> None:
        done: list[int] = []

        def step(code: int) -> int:
            done.append(code)
            return code

        assert chores.in_turn(lambda: step(0), lambda: step(3), lambda: step(1)) == 3
        assert done == [0, 3]

    @pytest.mark.parametrize(("code", "meant"), [(0, 0), (1, 1), (2, 2), (5, 0)])
    def test_a_pass_without_tests_is_no_failure(
        self, monkeypatch: pytest.MonkeyPatch, code: int, meant: int
    ) -> None:
        monkeypatch.setattr(chores, "call", lambda *_command, **_options: code)
        assert chores.pytest() == meant

    def test_all_passes_run_and_either_fails_the_whole(self, monkeypatch: pytest.MonkeyPatch) -> None:
        passes: list[tuple[str, ...]] = []

        def run(*arguments: str) -> int:
            passes.append(arguments)
            return 1 if len(passes) == 1 else 0

        monkeypatch.setattr(chores, "lint", lambda: 0)
        monkeypatch.setattr(chores, "_migrations", lambda _environment: 0)
        monkeypatch.setattr(chores, "ensure_chromium", lambda: None)
        monkeypatch.setattr(chores, "pytest", run)
        monkeypatch.setattr(chores, "on_postgresql", lambda _arguments: 0)
        assert chores.test(["-k", "slug"]) == 1
        assert [arguments[-2:] for arguments in passes] == [("-k", "slug")] * 3

    @pytest.mark.parametrize(
        ("arguments", "chosen"),
        [
            (["-k", "slug"], ["projects", "goals", "-k", "slug"]),
            (["projects/tests", "-x"], ["projects/tests", "-x"]),
            (["runtime/tests", "-x"], None),
        ],
    )
    def test_tests_of_data_run_again_on_postgresql(
        self, monkeypatch: pytest.MonkeyPatch, arguments: list[str], chosen: list[str] | None
    ) -> None:
        passes: list[list[str]] = []

        def run(*arguments: str, environment: dict[str, str]) -> int:
            assert environment["M3M_DATABASE_DRIVER"] == "postgresql"
            passes.append(list(arguments))
            return 0

        monkeypatch.setattr(chores, "pytest", run)
        monkeypatch.setattr(psycopg, "connect", lambda **_address: Mock())
        assert chores.on_postgresql(arguments) == 0
        wanted = [["-n", "2", "-m", "not slow", *chosen], ["-m", "slow", *chosen]] if chosen else []
        assert passes == wanted

    @pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
    def test_a_missing_postgresql_fails_in_ci_only(
        self, monkeypatch: pytest.MonkeyPatch, ci: str, code: int
    ) -> None:
        monkeypatch.setenv("CI", ci)
        monkeypatch.setenv("M3M_TEST_POSTGRES_PORT", "1")
        monkeypatch.setattr(chores, "pytest", lambda *_arguments, **_options: pytest.fail("tests ran"))
        assert chores.on_postgresql([]) == code

    def test_lint_comes_first_and_stops_the_rest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(chores, "lint", lambda: 7)
        monkeypatch.setattr(chores, "pytest", lambda *_arguments: pytest.fail("tests ran"))
        assert chores.test([]) == 7


class EnsureChromiumTest:
    """apt-get is stood in for by a script: no test changes the machine."""

    @pytest.fixture
    def bare(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("PATH", str(tmp_path))
        return tmp_path

    def apt(self, folder: Path, script: str) -> None:
        (folder / "apt-get").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "apt-get").chmod(0o755)

    def test_it_says_how_to_get_it(self, bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
        chores.ensure_chromium()
        assert "apt-get install chromium" in capsys.readouterr().err

    def test_it_installs_it_as_root(self, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        self.apt(bare, f'echo "$@" >> {bare}/calls')
        chores.ensure_chromium()
        assert (bare / "calls").read_text() == "-qq update\n-qq install -y chromium\n"

    def test_it_says_that_it_could_not(
        self, bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        self.apt(bare, "exit 100")
        chores.ensure_chromium()
        assert "could not be installed" in capsys.readouterr().err

    def test_it_leaves_a_machine_that_has_it_alone(
        self, bare: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (bare / "chromium").write_text("#!/bin/sh\n")
        (bare / "chromium").chmod(0o755)
        assert shutil.which("chromium")
        chores.ensure_chromium()
        assert capsys.readouterr().err == ""


class RequirePartTest:
    def test_a_missing_part_is_a_skip_for_people(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CI", raising=False)
        with pytest.raises(pytest.skip.Exception, match="no ship"):
            require_part(None, "There is no ship.")

    def test_a_missing_part_is_a_failure_for_ci(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CI", "true")
        with pytest.raises(pytest.fail.Exception, match="no ship"):
            require_part(None, "There is no ship.")

    def test_a_part_that_is_there_is_used(self) -> None:
        require_part("/usr/bin/ship", "There is no ship.")


class CiTest:
    def test_it_runs_make_test_strictly(self, tmp_path: Path) -> None:
        (tmp_path / "make").write_text('#!/bin/sh\necho "$CI $@"\nexit 4\n')
        (tmp_path / "make").chmod(0o755)
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(  # noqa: S603
            [str(chores.BASE_DIR / ".ci" / "run")],
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout.strip(), done.returncode) == ("true test", 4)
