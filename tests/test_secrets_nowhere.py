"""Secrets of a project are where its script reads them, and nowhere else."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from m3m_site.conf import BASE_DIR
from m3m_site.tests.test_run_roles import postgres_environment
from tests.admin_pages import crawl
from tests.leaks import Search, plant
from tests.platform import Platform
from tests.secret_story import CANARY, Place, Recorded, Story, Told

pytestmark = [pytest.mark.slow, pytest.mark.alone]

MOST_PAGES, FEW_PAGES = 400, 150


class Listener:
    """Hears every command that Redis is given."""

    def __init__(self, path: Path) -> None:
        self.heard = b""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._socket.sendall(b"MONITOR\r\n")
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            while data := self._socket.recv(1 << 16):
                self.heard += data
        except OSError:
            return


@contextmanager
def core_files() -> Iterator[None]:
    """What starts in this block may write core files as far as this user's limit goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def proc(platform: Platform) -> Iterator[Place]:
    for pid, name in platform.pids().items():
        for file in ("environ", "cmdline", "comm"):
            try:
                yield f"proc {name} {file}", Path(f"/proc/{pid}/{file}").read_bytes()
            except OSError:  # it has ended meanwhile
                continue


def files(kind: str, *folders: Path) -> Iterator[Place]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield f"{kind} {path}", path.read_bytes()


def dump(platform: Platform, environment: dict[str, str]) -> bytes:
    """The database as text."""
    if not environment:
        path = platform.processes.folder / "data" / "m3m.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return "\n".join(database.iterdump()).encode()
    host, user, name = (environment[f"M3M_DATABASE_{key}"] for key in ("HOST", "USER", "NAME"))
    command = ["pg_dump", "-h", host, "-U", user, "--inserts", name]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout  # noqa: S603


def cores() -> set[Path]:
    """Core files where processes of the platform stand."""
    return {
        path
        for folder in (BASE_DIR, Path.cwd(), Path("/"))
        for path in folder.glob("core*")
        if path.is_file()
    }


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def told(request: pytest.FixtureRequest) -> Iterator[Told]:
    environment = postgres_environment("m3m_test_secrets") if request.param == "postgresql" else {}
    temporary = Path(tempfile.mkdtemp(prefix="m3ml-"))
    before = cores()
    try:
        with core_files():
            platform = Recorded(**environment, M3M_LOGGING_LEVEL="debug", TMPDIR=str(temporary))
        with platform:
            listener = Listener(platform.processes.folder / "run" / "redis.sock")
            story = Story(platform, brief=bool(environment))
            story.tell()
            places = [*platform.answers, ("redis", listener.heard), ("dump", dump(platform, environment))]
            places += story.archived
            places += [*proc(platform), *files("file", platform.processes.folder, temporary)]
            places += [
                (f"page {path}", page)
                for path, page in crawl(platform, FEW_PAGES if environment else MOST_PAGES)
            ]
            platform.processes.stop()
            places += [*files("left", platform.processes.folder, temporary)]
            places += [("core", path.read_bytes()) for path in cores() - before]
            yield Told(story.planted, places)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


class SecretsNowhereTest:
    def test_they_are_nowhere(self, told: Told) -> None:
        leaks = Search(told.secrets).leaks(told.places)
        assert not leaks, "\n".join(leaks)

    def test_a_visible_value_is_where_members_read_the_environment(self, told: Told) -> None:
        search = Search({"VISIBLE": "visible-to-members"})
        found = {name for name, data in told.places if search.found(data)}
        assert found == {
            "PUT /api/projects/leaky/env",
            "GET /api/projects/leaky/env",
            "GET /api/projects/copy/env",
            "archive env/variables.json",
            "page /admin/projects/leaky/environment/",
        }

    def test_no_core_is_written(self, told: Told) -> None:
        assert told.named("core") == b""

    @pytest.mark.parametrize(
        "place", ["GET /api/projects/leaky/logs", "POST /api/projects/leaky/start", "dump", "file", "page"]
    )
    def test_what_stood_beside_them_is_there(self, told: Told, place: str) -> None:
        """The control: these places show what the script said, but for its secrets."""
        assert CANARY.encode() in told.named(place)

    def test_every_place_was_looked_at(self, told: Told) -> None:
        assert b"runtime.tasks.wake" in told.named("redis")
        assert b"runtime.tasks.send_environment" in told.named("redis")
        assert b"M3M_ROOT_PASSWORD" in told.named("proc m3m: worker environ")
        assert b"leaky" in told.named("page /admin/")
        assert b"leaky" in told.named("archive manifest.json")
        assert b"accounts_idempotentanswer" in told.named("dump") and b'"Kept"' in told.named("dump")
        assert b"projects.tasks.imports.start_import" in told.named("redis")
        assert any(name.endswith(".aof") for name, _ in told.places)


class SearchTest:
    @pytest.mark.parametrize("key", sorted(plant()))
    def test_it_finds_every_form(self, key: str, tmp_path: Path) -> None:
        value = plant()[key]
        search = Search({key: value})
        for form, text in search.forms.items():
            planted = tmp_path / "planted"
            planted.write_bytes(b"before" + text + b"after")
            assert form in search.found(planted.read_bytes())
        assert search.found(b"nothing of the kind" * 1000) == set()

    def test_the_kernel_would_write_a_core(self, tmp_path: Path) -> None:
        """The control of the test above, where core files are written beside a process."""
        if not Path("/proc/sys/kernel/core_pattern").read_text().startswith("core"):
            pytest.skip("core files go elsewhere on this machine")
        if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
            pytest.skip("this user may write no core files")
        code = "import os, binascii; held = binascii.unhexlify(os.environ['HELD']); os.abort()"
        with core_files():
            subprocess.run(  # noqa: S603
                [sys.executable, "-c", code],
                cwd=tmp_path,
                env={**os.environ, "HELD": b"held-in-memory".hex()},
                check=False,
            )
        assert any(b"held-in-memory" in path.read_bytes() for path in tmp_path.glob("core*"))
