"""What happens before and after the processes start: database, first account, demo service, the words that greet."""

from __future__ import annotations

import http.client
import io
import json
import logging
import socket
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError as DjangoCommandError
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import NoReverseMatch, reverse

from m3m_site.console import CommandError, _, complain, say
from runtime.demo import SLUG as DEMO

# Exit codes of the process that prepares the database.
READY = 0
FRESH = 10

HEALTH_WAIT = 30.0
DEMO_WAIT = 10.0

log = logging.getLogger("m3m.launcher")


def prepare() -> int:
    """Migrate when needed and make the first account; READY, FRESH for a database that was empty, or 1."""
    try:
        migrate()
        return FRESH if make_root() else READY
    except (CommandError, DjangoCommandError) as error:
        complain(str(error))
    except DatabaseError as error:
        reason = " ".join(str(error).split())
        complain(
            _("The database cannot be used ({reason}); check the section database of config.yaml.").format(
                reason=reason
            )
        )
    return 1


def migrate() -> None:
    """Run migrations, unless there are none to run."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say(_("Preparing the database"))
        call_command("migrate", interactive=False, verbosity=0)


def make_root() -> bool:
    """Make the first account on an empty database, and say its password once if it was invented here."""
    answer = _ask("ensure_root")
    if not answer["created"]:
        return False
    lines = [
        _("The first account, with all rights:"),
        "",
        _("E-mail:   {email}").format(email=answer["email"]),
    ]
    if password := answer.get("password"):
        lines += [_("Password: {password}").format(password=password), "", _("It is shown this once.")]
    else:
        lines += [_("Password: as given by M3M_ROOT_PASSWORD")]
    say(box(lines))
    return True


def _ask(command: str) -> dict[str, Any]:
    answer = io.StringIO()
    call_command(command, "--json", stdout=answer)
    found = json.loads(answer.getvalue() or "{}")
    return found if isinstance(found, dict) else {}


def box(lines: list[str]) -> str:
    """Lines with a frame around them."""
    width = max(len(line) for line in lines)
    rule = "-" * (width + 2)
    body = [f"| {line.ljust(width)} |" for line in lines]
    return "\n".join([f"+{rule}+", *body, f"+{rule}+"])


def greet(fresh: bool) -> int:
    """Wait until the platform answers, make the demo service on a fresh database, then say where everything is."""
    well, reason = wait_for_health(settings.RUNTIME_DIR / "web.sock", HEALTH_WAIT)
    if not well:
        complain(_("Not everything is well yet: {reason}").format(reason=reason))
    say(welcome(fresh and make_demo()))
    return 0


def make_demo() -> bool:
    """Make and start the demo service; whether that worked. A platform without it is still one."""
    try:
        call_command("demo", wait=DEMO_WAIT, stdout=io.StringIO())
    except Exception:
        log.exception(_("The demo service was not made"))
        return False
    return True


def welcome(demo: bool) -> str:
    """Where everything is, and what to try next."""
    base = settings.PUBLIC_URI
    rows = [(_("Admin"), f"{base}/admin/")]
    if demo:
        rows.append((_("Demo service"), f"{base}/r/{DEMO}/"))
    try:
        rows.append((_("REST API"), base + reverse("api-docs")))
    except NoReverseMatch:
        pass
    rows += [(_("Health"), f"{base}/health"), (_("Documentation"), _("README.md; make docs builds the rest"))]
    width = max(len(name) for name, _where in rows)
    lines = [_("M3M is running."), "", *(f"  {name.ljust(width)}  {where}" for name, where in rows), ""]
    if demo:
        lines.append(_("Try next: curl {uri}").format(uri=f"{base}/r/{DEMO}/"))
        lines.append(
            _("Then open the project Demo in the admin, change its code, release it and call it again.")
        )
    lines.append(_("Ctrl-C stops it."))
    return "\n".join(lines)


def wait_for_health(path: Path, seconds: float) -> tuple[bool, str]:
    """Ask web's /health until it says 200 or the time is over; whether it did, and what it said last."""
    until = time.monotonic() + seconds
    reason = ""
    while time.monotonic() < until:
        status, body = _get(path, "/health")
        # 404: a platform without that view answers, which has to do.
        if status in (200, 404):
            return True, ""
        reason = body or _("web does not answer")
        time.sleep(0.05)
    return False, reason


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=5)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _get(path: Path, target: str) -> tuple[int, str]:
    client = _UnixConnection(path)
    try:
        client.request("GET", target)
        answer = client.getresponse()
        return answer.status, answer.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        client.close()
