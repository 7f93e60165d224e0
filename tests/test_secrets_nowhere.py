"""Secrets of a project are where its script reads them, and nowhere else."""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from m3m_site.conf import BASE_DIR
from m3m_site.tests.test_run_roles import postgres_environment
from tests.admin_pages import crawl
from tests.leaks import Search, plant
from tests.platform import EMAIL, PASSWORD, Answer, Platform, wait_for

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
CANARY = "canary-of-the-log"
PACE = 0.7  # seconds that a burst of log lines needs to stay below the limit
# They end an attempt, and are tried once.
DEADLY = {"memory", "busy"}
STARTS = {
    "top": "throw new Error(`{canary} ${env.get('KEY')}`)",
    "boot": "service.boot(async () => { await null; throw new Error(`{canary} ${env.get('KEY')}`) })",
    "start": "service.start(() => { throw Object.assign(new Error('{canary}'), { name: env.get('KEY') }) })",
    "module": "export const canary = '{canary}'; await Promise.reject(env.get('KEY'))",
    "file": "console.log('{canary}'); $require(env.get('KEY'))",
    "broken": "throw new Error('{canary} \\ud800\\0 ' + env.get('KEY'))",
    "busy": "console.log('{canary}'); ({ [env.get('KEY')]() { for (;;); } })[env.get('KEY')]()",
}

CHANGED = ("PLAIN", "LINES", "UNICODE")

Place = tuple[str, bytes]


class Recorded(Platform):
    """Keeps all that it answers."""

    def __init__(self, **environment: str) -> None:
        self.answers: list[Place] = []
        super().__init__(**environment)

    def request(
        self, method: str, path: str, json: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        answer = super().request(method, path, json, headers)
        self.answers.append((f"{method} {path}", f"{answer.headers} {answer.text}".encode()))
        return answer

    def show_once(
        self, method: str, path: str, json: object = None, headers: dict[str, str] | None = None
    ) -> Any:  # noqa: ANN401  (what the platform said)
        """What a call answers that shows a secret to whoever makes it; kept nowhere here."""
        answer = super().request(method, f"/api{path}", json, headers)
        assert answer.status < 300, answer.status
        return answer.json

    def sandbox(self) -> int:
        return next((pid for pid, name in self.pids().items() if name.startswith("m3m/leaky")), 0)

    def serves(self) -> bool:
        return self.request("GET", "/r/leaky/ready").status == 200


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


def variables(values: dict[str, str]) -> list[dict[str, str]]:
    found = [{"key": key, "type": "secret", "value": value} for key, value in values.items()]
    return [*found, {"key": "VISIBLE", "type": "string", "value": "visible-to-members"}]


class Told(NamedTuple):
    """What was planted, and every place that was looked at."""

    secrets: dict[str, str]
    places: list[Place]

    def named(self, start: str) -> bytes:
        return b"\n".join(data for name, data in self.places if name.startswith(start))


class Story:
    """A project's secrets go through all that can happen to a service; in a brief one only some are spoken of."""

    def __init__(self, platform: Recorded, *, brief: bool = False) -> None:
        self.platform = platform
        self.secrets = plant()
        self.keys = CHANGED if brief else tuple(self.secrets)
        self.planted = dict(self.secrets)
        self.archived: list[Place] = []

    def tell(self) -> None:
        self.refuse()
        self.begin()
        self.planted |= Credentials(self.platform).use_all()
        self.move()
        self.say_everything(self.keys)
        self.change()
        self.say_everything(CHANGED)
        self.die()
        self.fail_to_start()

    def refuse(self) -> None:
        """Answers to mistakes must not quote them."""
        api, secret = self.platform.api, self.secrets["PLAIN"]
        api("POST", "/projects", {"name": "Leaky", "slug": "leaky"})
        for wrong in (
            {"key": "A", "type": "integer", "value": secret},
            {"key": "A", "type": "json", "value": f'{{"a": {secret}'},
            {"key": "A", "type": "secret", "value": {"a": secret}},
            {"key": "A", "type": "secret", "value": secret * 1000},
            {"key": "A", "type": "boolean", "value": secret},
        ):
            assert api("PUT", "/projects/leaky/env", [wrong]).status == 400

    def begin(self) -> None:
        api = self.platform.api
        assert api("PUT", "/projects/leaky/env", variables(self.secrets)).status == 200
        code = [{"name": "main", "code": (HERE / "leaky_service.js").read_text()}]
        assert api("PUT", "/projects/leaky/pipeline/branches/develop", {"files": code}).status == 200
        assert api("POST", "/projects/leaky/pipeline/releases", {"branch": "develop"}).status == 201
        for _ in range(2):  # the second replaces the first
            answer = api("POST", "/projects/leaky/start?wait=20", {"version": "0.1"})
            assert answer.json["status"] == "running", answer

    def move(self) -> None:
        """In texts that are imported, in archives, and in answers that are kept to be given again."""
        platform, secrets = self.platform, self.secrets
        again = {"Authorization": f"Bearer {platform.login()}", "Idempotency-Key": "once"}
        lines = "".join(f"{key}={json.dumps(value)}\n" for key, value in secrets.items())
        for text, path, status in (
            (f"{lines}BROKEN {secrets['PLAIN']}\nOPEN='{secrets['LONG']}", "", 400),
            (lines, "?dry_run=true", 200),
            (lines, "", 200),
        ):
            body = {"text": text, "secret": True}
            for _ in range(2):
                answer = platform.request("POST", f"/api/projects/leaky/env/import{path}", body, again)
                assert answer.status == status, answer
        assert platform.api("PUT", "/projects/leaky/env", variables(secrets)).status == 200
        for _ in range(2):
            made = platform.request("POST", "/api/projects/leaky/goals", {"name": "Kept"}, again)
            assert made.status == 201, made
        archive = self.archive("/projects/leaky/export?files=true")
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            self.archived = [(f"archive {name}", opened.read(name)) for name in opened.namelist()]
        headers = {"Authorization": f"Bearer {platform.login()}", "Content-Type": "application/zip"}
        copied = platform.send("POST", "/api/projects/import?slug=copy", archive, headers)
        assert copied.status == 201, copied
        self.archived.append(("archive imported", copied.text.encode()))
        platform.api("GET", "/projects/copy/env")

    def archive(self, path: str) -> bytes:
        head = {"Authorization": f"Bearer {self.platform.login()}"}
        request = urllib.request.Request(f"{self.platform.url}/api{path}", headers=head)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return bytes(answer.read())

    def say_everything(self, keys: Iterable[str]) -> None:
        call = self.platform.request
        faults = [name for name in call("GET", "/r/leaky/faults").json if name not in DEADLY]
        for key in keys:
            for path in (f"print/{key}", f"overflow/{key}"):
                assert call("GET", f"/r/leaky/{path}").status == 200
                time.sleep(PACE)
            for fault in faults:
                assert call("GET", f"/r/leaky/fault/{fault}/{key}").status >= 400, fault
        assert call("GET", "/r/leaky/alone").status == 200
        time.sleep(PACE)
        self.read()

    def change(self) -> None:
        """New values reach the running service, which still has the old ones."""
        changed = {key: value for key, value in plant().items() if key in CHANGED}
        self.secrets |= changed
        self.planted |= {f"{key} changed": value for key, value in changed.items()}
        assert self.platform.api("PUT", "/projects/leaky/env", variables(self.secrets)).status == 200
        time.sleep(1.0)

    def die(self) -> None:
        platform = self.platform
        for fault in sorted(DEADLY):
            platform.request("GET", f"/r/leaky/fault/{fault}/LINES")
            wait_for(platform.serves, 20, "the service is back")
        for number in (signal.SIGKILL, signal.SIGABRT):
            platform.kill(platform.sandbox(), number)
            wait_for(platform.serves, 20, "the service is back")
        platform.kill(platform.processes.pid_of("worker"), signal.SIGABRT)
        wait_for(platform.serves, 30, "the service is back")
        platform.api("POST", "/projects/leaky/restart?wait=20", {})
        self.read()

    def fail_to_start(self) -> None:
        api = self.platform.api
        for name, code in STARTS.items():
            for key in self.keys if name in ("top", "broken") else ("PLAIN", "LINES", "LONG"):
                text = code.replace("{canary}", CANARY).replace("KEY", key)
                api(
                    "PUT",
                    "/projects/leaky/pipeline/branches/develop",
                    {"files": [{"name": "main", "code": text}]},
                )
                answer = api("POST", "/projects/leaky/start?wait=20", {"branch": "develop"})
                assert answer.json["status"] == "crashed", (name, key, answer)
                self.read()

    def read(self) -> None:
        """Everything that a member can read of it."""
        api = self.platform.api
        for path in (
            "",
            "/env",
            "/status",
            "/logs?limit=1000",
            "/logs/download",
            "/pipeline/releases",
            "/members",
        ):
            api("GET", f"/projects/leaky{path}")
        logs = self.platform.api("GET", "/projects/leaky/logs/download").text
        assert "log lines dropped" not in logs


class Credentials:
    """Keys and tokens that the platform makes are used at every door that takes them."""

    def __init__(self, platform: Recorded) -> None:
        self._platform = platform
        self._bearer = {"Authorization": f"Bearer {platform.login()}"}

    def use_all(self) -> dict[str, str]:
        """What must be nowhere: of the key what is behind its prefix, of tokens what nobody can guess."""
        return {**self.key(), **self.link(), **self.tokens()}

    def key(self) -> dict[str, str]:
        """A key that counts no more, and one that does; an import makes a process of its own."""
        platform = self._platform
        found: dict[str, str] = {}
        for name in ("OLD KEY", "NEW KEY"):
            head = {**self._bearer, "Idempotency-Key": name}
            made = platform.show_once("POST", "/projects/leaky/regenerate-key", None, head)
            found[name] = made["api_key"].removeprefix(made["prefix"])
            key = made["api_key"]
        head = {"X-API-Key": key, "Idempotency-Key": "key"}
        fields = [{"key": "name", "type": "string"}]
        for _ in range(2):
            body = {"name": "Lines", "slug": "lines", "fields": fields}
            assert platform.request("POST", "/api/projects/leaky/models", body, head).status == 201
        csv = {"X-API-Key": key, "Content-Type": "text/csv"}
        sent = platform.send("POST", "/api/projects/leaky/models/lines/data/import", b"name\na\nb\n", csv)
        assert sent.status < 300, sent
        assert platform.request("GET", "/api/projects/leaky", None, {"X-API-Key": f"{key}x"}).status == 401
        platform.request("GET", f"/api/projects/leaky?key={found['OLD KEY'][:3]}", None, head)
        return found

    def link(self) -> dict[str, str]:
        platform = self._platform
        binary = {**self._bearer, "Content-Type": "application/octet-stream"}
        sent = platform.send("POST", "/api/projects/leaky/storage/upload?path=a.txt", b"hello", binary)
        assert sent.status == 201, sent
        found = {}
        for name in ("LINK", "REVOKED LINK"):
            head = {**self._bearer, "Idempotency-Key": name}
            made = platform.show_once("POST", "/projects/leaky/storage/links", {"path": "a.txt"}, head)
            found[name] = made["token"]
            path = f"/api/storage/public/{made['token']}"
            assert platform.send("GET", f"{path}/a.txt", None, {}).text == "hello"
            # Problems name the address that was asked for, to whoever asked for it.
            assert platform.send("GET", f"{path}/b.txt", None, {}).status == 404
        assert platform.api("DELETE", f"/projects/leaky/storage/links/{made['id']}").status == 204
        assert platform.send("GET", f"{path}/a.txt", None, {}).status == 404
        platform.api("GET", "/projects/leaky/storage/links")
        return found

    def tokens(self) -> dict[str, str]:
        """Refreshed once; the refresh token that is used up is tried again, and its login ended."""
        platform = self._platform
        found: dict[str, str] = {}
        login = {"email": EMAIL, "password": PASSWORD}
        first = platform.show_once("POST", "/auth/login", login, {"Idempotency-Key": "login"})
        second = platform.show_once("POST", "/auth/refresh", {"refresh": first["refresh"]})
        for place, tokens in (("FIRST", first), ("SECOND", second)):
            # Head and claims begin alike in all tokens; the signature is what makes one.
            found |= {f"{place} {kind}": tokens[kind].rpartition(".")[2] for kind in ("access", "refresh")}
        ticket = {"Authorization": f"Bearer {second['access']}"}
        found["TICKET"] = platform.show_once("POST", "/auth/ticket", None, ticket)["ticket"]
        for refresh in (second["refresh"], first["refresh"]):
            platform.request("POST", "/api/auth/logout", {"refresh": refresh}, ticket)
            platform.request("POST", "/api/auth/refresh", {"refresh": refresh})
        return found


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
            places += [(f"page {path}", page) for path, page in crawl(platform)]
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
