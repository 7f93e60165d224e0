"""A whole platform that answers REST, for tests that cross apps."""

from __future__ import annotations

import json as jsonlib
import os
import signal
from http.client import HTTPConnection
from types import TracebackType
from typing import Any, NamedTuple

from m3m_site.tests import platform as launched

wait_for = launched.wait_for

EMAIL = "root@example.org"
PASSWORD = "correct-horse-9"  # noqa: S105  (of a database that lives as long as the test)
PATIENCE = 60.0


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:  # noqa: ANN401  (what the platform said)
        return jsonlib.loads(self.text) if self.text else None


class Platform:
    """`m3m up` with data of its own on a free port; answers when made, and ends with the `with` block.

    Keywords are its environment: `Platform(M3M_RUNTIME_HEALTHY_AFTER="100ms")`. The demo service exists.
    """

    def __init__(self, **environment: str) -> None:
        account = {"M3M_ROOT_EMAIL": EMAIL, "M3M_ROOT_PASSWORD": PASSWORD}
        self.processes = launched.Platform(**{**account, **environment})
        self.url = self.processes.uri
        self._access = ""
        try:
            self.processes.start(seconds=PATIENCE)
            wait_for(self.is_well, PATIENCE, "/health says 200")
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Platform:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask all processes to end, wait for it, remove the data. May be called twice."""
        self.processes.__exit__(None, None, None)

    def pids(self) -> dict[int, str]:
        """Ids and names of all living processes, sandboxes included."""
        return self.processes.family()

    def kill(self, pid: int, number: int = signal.SIGKILL) -> None:
        """Send a signal to a process of this platform; raises AssertionError for any other."""
        assert pid in self.pids(), pid
        os.kill(pid, number)

    @property
    def log(self) -> str:
        """What the platform has said so far."""
        return self.processes.output

    def is_well(self) -> bool:
        try:
            return self.request("GET", "/health").status == 200
        except OSError:
            return False

    def login(self) -> str:
        """An access token of the root; asked for once."""
        if not self._access:
            answer = self.request("POST", "/api/auth/login", {"email": EMAIL, "password": PASSWORD})
            assert answer.status == 200, answer
            self._access = answer.json["access"]
        return self._access

    def api(self, method: str, path: str, json: object = None) -> Answer:
        """A REST call as root; `path` begins below /api: `api("GET", "/projects")`."""
        return self.request(method, f"/api{path}", json, {"Authorization": f"Bearer {self.login()}"})

    def request(
        self, method: str, path: str, json: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Any call without a login. Raises OSError where nothing listens."""
        body = None if json is None else jsonlib.dumps(json).encode()
        sent = {**({"Content-Type": "application/json"} if body is not None else {}), **(headers or {})}
        return self.send(method, path, body, sent)

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """Any call with a body as it is. Raises OSError where nothing listens."""
        connection = HTTPConnection("127.0.0.1", self.processes.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read().decode(errors="replace"))
        finally:
            connection.close()

    def start_service(self, slug: str, files: dict[str, str]) -> Answer:
        """A new project `slug` with this code, released as 0.1 and running; the answer to its start."""
        self.api("POST", "/projects", {"name": slug, "slug": slug})
        code = [{"name": name, "code": text} for name, text in files.items()]
        self.api("PUT", f"/projects/{slug}/pipeline/branches/develop", {"files": code})
        self.api("POST", f"/projects/{slug}/pipeline/releases", {"branch": "develop"})
        return self.api("POST", f"/projects/{slug}/start?wait=20", {})
