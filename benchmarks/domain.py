"""What people keep: increments of goals, records, imports and files, beside the same work done by hand."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.stage import measure
from tests.platform import Answer, Platform

PROJECT = "bench-data"
FIELDS: list[dict[str, Any]] = [
    {"key": "title", "type": "string", "required": True},
    {"key": "price", "type": "number", "indexed": True},
    {"key": "sold", "type": "bool"},
]
LINES = 20_000


def measure_all(platform: Platform, *, seconds: float) -> list[Figure]:
    """A project of its own with a goal and a collection; each figure is a rate and its share of the yardstick."""
    _call(platform, "POST", "/projects", {"name": PROJECT, "slug": PROJECT})
    _call(
        platform,
        "POST",
        f"/projects/{PROJECT}/goals",
        {"name": "Visits", "slug": "visits", "type": "counter"},
    )
    _call(
        platform, "POST", f"/projects/{PROJECT}/models", {"name": "Goods", "slug": "goods", "fields": FIELDS}
    )
    commits = commits_by_hand(seconds)
    rates = {
        "goal increments": _post_rate(platform, f"/projects/{PROJECT}/goals/visits/increment", {}, seconds),
        "records created one by one": _post_rate(platform, _goods("/data"), _record(1), seconds),
    }
    figures = [
        Figure(name, rate, "/s", note=f"{rate / commits:.2f} of {commits:,.0f} commits/s by hand")
        for name, rate in rates.items()
    ]
    return [*figures, _import(platform), _query(platform, seconds), _upload(platform)]


def commits_by_hand(seconds: float) -> float:
    """Single-row commits per second of a bare SQLite with the platform's settings."""
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(f"{folder}/yardstick.sqlite3", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("CREATE TABLE yardstick (id INTEGER PRIMARY KEY, value INTEGER)")
        database.execute("INSERT INTO yardstick VALUES (1, 0)")
        begun, count = time.monotonic(), 0
        while time.monotonic() - begun < seconds:
            database.execute("UPDATE yardstick SET value = value + 1")
            count += 1
        return count / (time.monotonic() - begun)


def _import(platform: Platform) -> Figure:
    """Lines per second of a CSV import, start of its process included."""
    lines = "\n".join(["title,price,sold", *(f"Thing {number},{number},true" for number in range(LINES))])
    headers = {"Authorization": f"Bearer {platform.login()}", "Content-Type": "text/csv"}
    begun = time.monotonic()
    answer = platform.send("POST", f"/api{_goods('/data/import')}", lines.encode(), headers)
    url = f"{_goods('/data/imports')}/{json.loads(answer.text)['id']}"
    while (state := platform.api("GET", url).json)["status"] not in ("done", "failed", "cancelled"):
        time.sleep(0.05)
    if state["status"] != "done":
        raise RuntimeError(f"the import ended as {state['status']}")
    return Figure("lines of CSV imported", LINES / (time.monotonic() - begun), "/s")


def _query(platform: Platform, seconds: float) -> Figure:
    """Pages of an indexed query per second, over REST."""
    path = f"/api{_goods('/data')}?filter%5Bprice%5D%5Bgte%5D=10000&sort=price&page_size=20"
    rate = measure(platform.processes.port, 4, seconds, _request(platform, "GET", path)).rate
    return Figure(f"pages of an indexed query over {LINES:,} records".replace(",", " "), rate, "/s")


def _upload(platform: Platform) -> Figure:
    """An upload of 64 MB beside the same bytes written and synced by hand."""
    content = os.urandom(1024 * 1024) * 64
    with tempfile.NamedTemporaryFile() as file:
        begun = time.monotonic()
        Path(file.name).write_bytes(content)
        os.fsync(file.fileno())
        by_hand = time.monotonic() - begun
    headers = {"Authorization": f"Bearer {platform.login()}", "Content-Type": "application/octet-stream"}
    begun = time.monotonic()
    answer = platform.send("POST", f"/api/projects/{PROJECT}/storage/upload?path=big.bin", content, headers)
    lasted = time.monotonic() - begun
    if answer.status != 201:
        raise RuntimeError(f"the upload answered {answer.status}")
    return Figure(
        "64 MB uploaded", 64 / lasted, "MB/s", note=f"{by_hand / lasted:.2f} of writing them by hand"
    )


def _post_rate(platform: Platform, path: str, body: object, seconds: float) -> float:
    request = _request(platform, "POST", f"/api{path}", json.dumps(body))
    return measure(platform.processes.port, 8, seconds, request).rate


def _request(platform: Platform, method: str, path: str, body: str = "") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {platform.login()}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def _record(number: int) -> dict[str, object]:
    return {"title": f"Thing {number}", "price": number, "sold": False}


def _goods(rest: str) -> str:
    return f"/projects/{PROJECT}/models/goods{rest}"


def _call(platform: Platform, method: str, path: str, body: object) -> Answer:
    answer = platform.api(method, path, body)
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path} answered {answer.status}: {answer.text[:200]}")
    return answer
