"""What is known of the installation as a whole."""

from __future__ import annotations

import json
import os
import platform
import shutil
import threading
import time
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import django
import redis
from django.conf import settings
from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import User
from m3m_site import __version__
from m3m_site.conf import load_config
from projects.models import Project
from runtime.choices import HELD_STATUSES, RunStatus
from runtime.models import Node, Run

_BEGUN = time.monotonic()
_SECRET = ("secret", "password", "key", "uri", "config", "token")
_SHOWN_NODES = 100
_PATIENCE = 0.5
_MEASURED_FOR = 300.0


def describe_version() -> dict[str, str]:
    return {"name": "M3M", "version": __version__, "api": str(settings.SPECTACULAR_SETTINGS["OAS_VERSION"])}


def describe_system() -> dict[str, Any]:
    """Versions, nodes, space, counts and settings; a part that does not answer is None. Some ten queries."""
    redis_version, waiting = _redis()
    uptime = int(time.monotonic() - _BEGUN)
    return {
        "versions": _versions() | {"redis": redis_version},
        "database": connection.vendor,
        "started_at": _started(uptime),
        "uptime": uptime,
        "nodes": describe_nodes(),
        "tasks_waiting": waiting,
        "space": _space(),
        "counts": {
            "users": User.objects.count(),
            "projects": Project.objects.count(),
            "services_running": Run.objects.filter(status=RunStatus.RUNNING).count(),
        },
        "settings": list(_settings()),
    }


def describe_nodes() -> list[dict[str, Any]]:
    """The newest nodes, the living first, with the number of runs that each holds. Two queries."""
    alive = set(Node.objects.alive().values_list("pk", flat=True))
    held = Count("runs", filter=Q(runs__status__in=HELD_STATUSES))
    nodes = Node.objects.annotate(services=held).order_by("-registered_at")[:_SHOWN_NODES]
    return [
        {
            "id": node.pk,
            "name": node.name,
            "pid": node.pid,
            "alive": node.pk in alive,
            "services": node.services,  # type: ignore[attr-defined]
            "registered_at": node.registered_at,
            "lease_expires_at": node.lease_expires_at,
        }
        for node in sorted(nodes, key=lambda node: node.pk not in alive)
    ]


def _started(uptime: int) -> datetime:
    return timezone.now() - timedelta(seconds=uptime)


def _versions() -> dict[str, str | None]:
    return {
        "m3m": __version__,
        "python": platform.python_version(),
        "django": django.get_version(),
        "engine": version("quickjs-ng"),
        "database": _database_version(),
    }


def _database_version() -> str:
    sql = "SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return str(cursor.fetchone()[0])


def _redis() -> tuple[str | None, int | None]:
    """Its version, and how many tasks wait in Celery's queue."""
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
    )
    try:
        with client:
            return str(client.info("server")["redis_version"]), int(client.llen("celery"))
    except redis.RedisError:
        return None, None


def _space() -> dict[str, int | None]:
    disk = shutil.disk_usage(settings.DATA_DIR)
    return {"total": disk.total, "free": disk.free, "data_directory": MEASURE.bytes(settings.DATA_DIR)}


class Measure:
    """The size of a directory, counted beside the requests: a large one takes longer than an answer may."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: int | None = None
        self._until = 0.0

    def bytes(self, path: Path) -> int | None:
        """The size as it was counted last; None before the first count. Starts a new count when that is old."""
        if time.monotonic() >= self._until and self._lock.acquire(blocking=False):
            threading.Thread(target=self._count, args=(path,), daemon=True).start()
        return self._known

    def _count(self, path: Path) -> None:
        try:
            self._known = size_of(path)
            self._until = time.monotonic() + _MEASURED_FOR
        finally:
            self._lock.release()


MEASURE = Measure()


def size_of(path: Path) -> int:
    """Bytes of all files below; what vanishes meanwhile does not count."""
    total = 0
    for folder, _folders, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _settings() -> list[dict[str, str]]:
    """The configuration without whatever may hold a secret."""
    found = load_config().model_dump(mode="json")
    return [
        {"key": f"{section}.{key}", "value": value if isinstance(value, str) else json.dumps(value)}
        for section, keys in found.items()
        for key, value in keys.items()
        if not any(word in key for word in _SECRET)
    ]
