"""Each role in a process of its own, as containers run them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from m3m_site.conf import BASE_DIR
from m3m_site.launcher.embedded import find_redis
from m3m_site.tests.platform import free_port, wait_for

pytestmark = pytest.mark.slow

POSTGRES = {"host": os.environ.get("PGHOST", "127.0.0.1"), "user": os.environ.get("PGUSER", "postgres")}


class Machine:
    """Directories, a Redis and role processes that know each other by their environment alone."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.ports = {"web": free_port(), "front": free_port()}
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("M3M_")},
            "M3M_DATA": str(folder / "data"),
            "M3M_RUN": str(folder / "run"),
            "M3M_REDIS_URI": f"unix://{folder}/redis.sock",
            "M3M_ROOT_EMAIL": "root@example.org",
            "M3M_ROOT_PASSWORD": "a long enough one 42",
            **environment,
        }

    def start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(  # noqa: S603
                command, cwd=BASE_DIR, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )

    def start_redis(self) -> None:
        server = find_redis()
        assert server
        path = self.folder / "redis.sock"
        self.start("redis", server, "--port", "0", "--unixsocket", str(path), "--save", "")
        wait_for(path.exists, 5, "Redis")

    def start_role(self, role: str) -> None:
        bind = ["--bind", f"127.0.0.1:{self.ports[role]}"] if role in self.ports else []
        self.start(role, sys.executable, "-m", "m3m_site.cli", role, *bind)

    def m3m(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "m3m_site.cli", *arguments]
        return subprocess.run(  # noqa: S603
            command,
            cwd=BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def get(self, role: str, path: str) -> tuple[int, str]:
        """Status and body; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[role]}{path}", timeout=5) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def stop(self, name: str) -> int:
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def postgres_environment(name: str) -> dict[str, str]:
    """A fresh database on a server that is reachable; skips where there is none, for nothing here installs one."""
    try:
        conninfo = make_conninfo(dbname="postgres", connect_timeout=2, **POSTGRES)
        with psycopg.connect(conninfo, autocommit=True) as server:
            server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
            server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    except psycopg.OperationalError as error:
        pytest.skip(f"PostgreSQL is not reachable: {error}")
    return {
        "M3M_DATABASE_DRIVER": "postgresql",
        "M3M_DATABASE_HOST": POSTGRES["host"],
        "M3M_DATABASE_USER": POSTGRES["user"],
        "M3M_DATABASE_PASSWORD": os.environ.get("PGPASSWORD", ""),
        "M3M_DATABASE_NAME": name,
    }


@contextmanager
def machine(**environment: str) -> Iterator[Machine]:
    folder = Path(tempfile.mkdtemp(prefix="m3mr-"))
    made = Machine(folder, **environment)
    try:
        made.start_redis()
        yield made
    finally:
        for name in list(made.processes):
            made.stop(name)
        shutil.rmtree(folder, ignore_errors=True)


class RunRolesTest:
    @pytest.mark.parametrize("driver", ["sqlite", "postgresql"])
    def test_four_roles_make_a_platform(self, driver: str) -> None:
        environment = postgres_environment("m3m_test_roles") if driver == "postgresql" else {}
        with machine(**environment) as roles:
            done = roles.m3m("prepare")
            assert done.returncode == 0, done.stderr
            assert "root@example.org" in done.stdout
            assert roles.m3m("prepare").stdout == ""
            for role in ("front", "web", "worker", "beat"):
                roles.start_role(role)
            wait_for(lambda: roles.get("web", "/health")[0] == 200, 40, "health")
            assert roles.get("front", "/admin/login/")[0] == 200
            assert roles.m3m("manage", "demo").returncode == 0
            wait_for(lambda: roles.get("front", "/r/demo/")[0] == 200, 40, roles.log("worker"))
            assert json.loads(roles.get("front", "/r/demo/hello/Ada")[1])["message"] == "Hello, Ada!"
            for role in ("front", "web", "beat", "worker"):
                assert roles.stop(role) == 0, role
                assert "Traceback" not in roles.log(role)

    def test_a_busy_address_is_one_sentence(self) -> None:
        with machine() as roles:
            roles.start_role("front")
            wait_for(lambda: roles.get("front", "/")[0] != 0, 40, "front")
            done = roles.m3m("front", "--bind", f"127.0.0.1:{roles.ports['front']}")
            assert done.returncode == 1
            assert "is in use" in done.stderr
            assert len(done.stderr.splitlines()) == 1

    def test_web_serves_collected_files_under_hashed_names(self) -> None:
        with machine(M3M_SERVER_STATIC="./static") as roles:
            assert roles.m3m("manage", "collectstatic", "--no-input", "-v", "0").returncode == 0
            assert roles.m3m("prepare").returncode == 0
            roles.start_role("web")
            wait_for(lambda: roles.get("web", "/admin/login/")[0] == 200, 40, roles.log("web"))
            page = roles.get("web", "/admin/login/")[1]
            path = next(
                part for part in page.split('"') if part.startswith("/static/") and part.endswith(".css")
            )
            assert len(path.split(".")) >= 3
            assert roles.get("web", path)[0] == 200
