"""Records made through REST in processes of their own, which tests may kill; run by `python -c` with a name of a job.

Each job says on its standard output what it has been acknowledged, line by line.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from rest_framework.test import APIClient

from accounts.models import User
from accounts.permissions import SYSTEM
from m3m_site.conf import BASE_DIR
from projects.actions.import_runs import run_import
from projects.actions.imports import create_import
from projects.models import Collection, Project, Record, RecordImport

MAIN = "import django; django.setup(); from tests.record_writer import main; main()"
DATA = "/api/projects/shop/models/things/data"


def peak_memory() -> int:
    """Kilobytes; the usage that the system keeps would begin with that of the process which started this one."""
    [line] = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM")]
    return int(line.split()[1])


def job(environment: dict[str, str], *arguments: object, output: Path) -> subprocess.Popen[bytes]:
    """Start a job; what it says goes to a file, so that nothing is lost with it."""
    command = [sys.executable, "-c", MAIN, *map(str, arguments)]
    with output.open("wb") as file:
        return subprocess.Popen(command, cwd=BASE_DIR, env=environment, stdout=file)  # noqa: S603


def main() -> None:
    jobs: dict[str, Callable[..., None]] = {
        "prepare": prepare,
        "write": write,
        "count": count,
        "import": import_lines,
    }
    jobs[sys.argv[1]](*sys.argv[2:])


def prepare() -> None:
    """An account, a project `shop` and in it a collection `things` with a unique number."""
    client = _client(User.objects.create_superuser("root@example.org"))
    client.post("/api/projects", {"name": "Shop", "slug": "shop"})
    fields = [{"key": "number", "type": "string", "unique": True}]
    _say(client.post("/api/projects/shop/models", {"name": "Things", "fields": fields}).status_code)


def write(writer: str, amount: str) -> None:
    """Make records, each under a key of its own; says for each whether it was made now or before."""
    client = _client(User.objects.get())
    for number in range(int(amount)):
        name = f"{writer}-{number}"
        answer = client.post(DATA, {"number": name}, headers={"Idempotency-Key": name})
        if answer.status_code != 201:
            raise SystemExit(answer.content.decode())
        _say("again" if "Idempotency-Replayed" in answer else "made")


def import_lines(amount: str) -> None:
    """Import lines of CSV in this process; says how far it was now and then, then its end and the memory in KB."""
    home = Collection.objects.get(project=Project.objects.get(slug="shop"))
    lines = (f"line-{number}\n".encode() for number in range(int(amount)))
    row = create_import(actor=SYSTEM, collection=home, pieces=chain([b"number\n"], lines), format="csv")

    def look() -> bool:
        found = RecordImport.objects.get(pk=row.pk)
        _say("progress", found.processed, found.total)
        return False

    run_import(import_id=row.pk, worker="test", stopping=look)
    row.refresh_from_db()
    _say(row.status, row.inserted, peak_memory())


def count() -> None:
    """How many records there are: by the collection, and counted."""
    home = Collection.objects.get(project=Project.objects.get(slug="shop"))
    _say(home.record_count, Record.objects.filter(collection=home).count())


def _client(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()
