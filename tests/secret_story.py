"""What happens to a project's secrets: they are planted, spoken of, changed, moved, and their service dies of them."""

from __future__ import annotations

import io
import json
import signal
import time
import urllib.request
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tests.admin_pages import submit
from tests.leaks import plant
from tests.platform import EMAIL, PASSWORD, Answer, Platform, wait_for

HERE = Path(__file__).parent
CANARY = "canary-of-the-log"
PACE = 0.15  # seconds in which the node writes down what was said at once; a slow one loses lines
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
    """A project's secrets go through all that can happen to a service; in a brief one only some are spoken of.

    Where a brief one is told, what differs from the other is the database, and not what the service says.
    """

    def __init__(self, platform: Recorded, *, brief: bool = False) -> None:
        self.platform = platform
        self.secrets = plant()
        self.keys = CHANGED if brief else tuple(self.secrets)
        self.few = ("LINES",) if brief else ("PLAIN", "LINES", "LONG")
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
        project = api("GET", "/projects/leaky").json["id"]
        for limit in (
            "log_rate",
            "log_burst",
        ):  # it says a lot at once, and every line of it has to be looked at
            form = {"project": project, "name": limit, "value": "100000"}
            submit(self.platform, "/admin/runtime/limitoverride/add/", form)
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
            for key in self.keys if name in ("top", "broken") else self.few:
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
