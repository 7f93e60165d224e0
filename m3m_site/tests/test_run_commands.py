"""The console script, command by command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from m3m_site import __version__
from m3m_site.cli import forwarded, parse
from m3m_site.conf import BASE_DIR
from m3m_site.console import CommandError
from m3m_site.doctor import CHECKS
from m3m_site.launcher.single import parse_bind


def m3m(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "m3m_site.cli", *arguments],
        cwd=BASE_DIR,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class CommandLineTest:
    def test_it_says_its_version(self) -> None:
        assert m3m("--version").stdout.strip() == f"m3m {__version__}"

    def test_it_refuses_unknown_commands(self) -> None:
        done = m3m("fly")
        assert done.returncode == 2
        assert "Traceback" not in done.stderr

    def test_it_hands_everything_after_manage_on(self) -> None:
        assert parse(["manage", "migrate", "--plan", "-v", "2"]).arguments == ["migrate", "--plan", "-v", "2"]
        assert parse(["status", "--json", "shop"]).arguments == ["--json", "shop"]

    def test_every_forwarded_command_is_one_of_manage(self) -> None:
        offered = m3m("manage", "help", "--commands").stdout.split()
        assert set(forwarded()) - set(offered) == set()

    def test_manage_runs_commands_of_django(self) -> None:
        assert m3m("manage", "help", "--commands").stdout.count("migrate") >= 1

    def test_every_command_has_one_line_of_help(self) -> None:
        text = m3m("--help").stdout
        for name in ("up", "front", "web", "worker", "beat", "new-admin", "manage", "doctor"):
            assert re.search(rf"^    {name}\s+\w", text, re.MULTILINE), name

    def test_errors_are_one_sentence(self) -> None:
        done = m3m("doctor", M3M_SERVER_PORT="many")
        assert done.returncode == 1
        assert len(done.stderr.strip().splitlines()) == 1
        assert "server.port" in done.stderr


class DoctorTest:
    def test_it_checks_everything(self) -> None:
        done = m3m("doctor", M3M_SERVER_PORT="0")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("  ok  ") + done.stdout.count("  note ") == len(CHECKS)

    def test_it_answers_in_json(self) -> None:
        done = m3m("doctor", "--json", M3M_SERVER_PORT="0")
        findings = json.loads(done.stdout)
        assert {finding["result"] for finding in findings} <= {"ok", "note"}, findings
        assert "migrations" in {finding["check"] for finding in findings}

    def test_others_must_not_read_the_secrets(self, tmp_path: Path) -> None:
        place = {"M3M_DATA": str(tmp_path / "d"), "M3M_RUN": str(tmp_path / "r"), "M3M_SERVER_PORT": "0"}
        m3m("doctor", **place)
        (tmp_path / "d" / "config.yaml").chmod(0o644)
        done = m3m("doctor", **place)
        assert done.returncode == 1
        assert "chmod 600" in done.stdout

    def test_a_long_runtime_directory_is_wrong(self, tmp_path: Path) -> None:
        done = m3m("doctor", M3M_RUN=str(tmp_path / ("long" * 20)), M3M_SERVER_PORT="0")
        assert done.returncode == 1
        assert "set M3M_RUN to a shorter directory" in done.stdout

    def test_a_database_that_is_away_stops_no_other_check(self) -> None:
        done = m3m("doctor", M3M_SERVER_PORT="0", M3M_DATABASE_DRIVER="postgresql", M3M_DATABASE_PORT="1")
        assert done.returncode == 1
        assert "  wrong The database cannot be used" in done.stdout
        assert "migrations: not looked at" in done.stdout

    def test_it_fails_when_something_is_wrong(self) -> None:
        done = m3m("doctor", M3M_SERVER_PORT="0", M3M_REDIS_URI="redis://127.0.0.1:1/0")
        assert done.returncode == 1
        assert "  wrong Redis does not answer" in done.stdout


class ParseBindTest:
    @pytest.mark.parametrize(
        ("text", "address"),
        [("127.0.0.1:80", ("127.0.0.1", 80)), (":8000", ("0.0.0.0", 8000)), ("[::1]:81", ("::1", 81))],  # noqa: S104
    )
    def test_it_reads(self, text: str, address: tuple[str, int]) -> None:
        assert parse_bind(text) == address

    @pytest.mark.parametrize("text", ["", "8000", "host:", "host:x", "host:70000"])
    def test_it_refuses(self, text: str) -> None:
        with pytest.raises(CommandError, match="no address"):
            parse_bind(text)
