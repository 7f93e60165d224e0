"""The console script, command by command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from m3m_site import __version__
from m3m_site.cli import FORWARDED, parse
from m3m_site.conf import BASE_DIR
from m3m_site.console import CommandError
from m3m_site.doctor import CHECKS
from m3m_site.launcher.single import parse_bind
from projects.tests.moto import s3_server, s3_settings


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
        assert set(FORWARDED) - set(get_commands()) == set()

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
        done = m3m("doctor", "--json", M3M_SERVER_PORT="0")
        findings = json.loads(done.stdout)
        assert done.returncode == 0, findings
        assert {finding["result"] for finding in findings} <= {"ok", "note"}, findings
        assert [finding["check"] for finding in findings] == [
            check.__name__.removeprefix("check_") for check in CHECKS
        ]

    def test_it_says_all_that_is_wrong_and_what_to_do(self, tmp_path: Path) -> None:
        secret = "x" * 50
        config = {
            "server": {"port": 0, "secret_key": secret},
            "jwt": {"secret": secret},
            "storage": {"encryption_key": secret},
            "redis": {"uri": "redis://127.0.0.1:1/0"},
            "database": {"driver": "postgresql", "port": 1},
        }
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
        (tmp_path / "config.yaml").chmod(0o644)
        done = m3m("doctor", M3M_DATA=str(tmp_path), M3M_RUN=str(tmp_path / ("long" * 25)))
        assert done.returncode == 1
        for words in (
            "  wrong Others may read",
            "chmod 600",
            "set M3M_RUN to a shorter directory",
            "  wrong Redis does not answer",
            "  wrong The database cannot be used",
            "  note  migrations: not looked at",
        ):
            assert words in done.stdout, done.stdout
        assert "Traceback" not in done.stdout + done.stderr

    def test_it_tries_the_bucket(self) -> None:
        with s3_server() as endpoint, s3_settings(endpoint) as client:
            bucket = settings.STORAGE.bucket
            names = {"DRIVER": "s3", "ENDPOINT": endpoint, "ACCESS_KEY": "key", "SECRET_KEY": "secret-of-s3"}
            names |= {"REGION": "us-east-1", "BUCKET": bucket}
            environment = {f"M3M_STORAGE_{name}": value for name, value in names.items()}
            done = m3m("doctor", M3M_SERVER_PORT="0", **environment)
            assert f"  ok    files are kept in the bucket {bucket}" in done.stdout, done.stdout
            assert "Contents" not in client.list_objects_v2(Bucket=bucket)
            done = m3m("doctor", M3M_SERVER_PORT="0", **{**environment, "M3M_STORAGE_BUCKET": "nowhere"})
            assert "  wrong Files cannot be kept in the bucket nowhere" in done.stdout, done.stdout
            assert "secret-of-s3" not in done.stdout + done.stderr


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
