"""The tabs Overview and Logs; what web answers in place of a service that does not run; the platform's health."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.models import AuditEntry
from accounts.permissions import Actor
from pipeline.models import Release
from projects.models import Project, SlugAlias
from projects.views import page_url
from runtime import logs
from runtime.gateway.answers import MOVED_TO
from runtime.models import Node, Run
from runtime.states import describe_project, route_url
from runtime.words import verb_words

log = logging.getLogger(__name__)

CHECK_SECONDS = 1.0
SHOWN_RUNS = 10
SHOWN_ENTRIES = 12
PICKED_RUNS = 50
_PARAMETER = re.compile(r":(\w+)\??")


@csrf_exempt
def absent_service(request: HttpRequest, slug: str, route: str = "") -> HttpResponse:
    """A route whose service has no socket: 404 for an unknown slug, 308 for a former one, else 503.

    Front words the body, and the Location too: it has the target as the client spelled it.
    """
    known = Project.objects.filter(slug=slug).exists()
    if not known and (present := SlugAlias.objects.slug_behind(slug)):
        return _moved(request, slug, present)
    code, message, status = (
        ("not_running", "This service is not running", 503)
        if known
        else ("not_found", "There is no such service", 404)
    )
    answer = JsonResponse({"error": {"code": code, "message": message}}, status=status)
    if known:
        answer["Retry-After"] = "2"
    return answer


def _moved(request: HttpRequest, slug: str, present: str) -> HttpResponse:
    before, _slug, below = request.get_full_path().partition(f"/r/{slug}")
    answer = HttpResponse(status=308)
    answer["Location"] = f"{before}/r/{present}{below}"
    answer[MOVED_TO] = present
    return answer


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _redis() -> str:
    redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=CHECK_SECONDS, socket_connect_timeout=CHECK_SECONDS
    ).ping()
    return ""


def _node() -> str:
    return "" if Node.objects.alive().exists() else "no runtime node is alive"


CHECKS: dict[str, Callable[[], str]] = {"database": _database, "redis": _redis, "node": _node}


def live(request: HttpRequest) -> JsonResponse:
    """200 while this process answers at all; asks nothing of the database."""
    return JsonResponse({"status": "ok"})


def health(request: HttpRequest) -> JsonResponse:
    """200 when web, database, Redis and a node are well, else 503 with a word on each that is not."""
    report = {"web": "ok"}
    for name, check in CHECKS.items():
        try:
            report[name] = check() or "ok"
        except (DatabaseError, redis.RedisError, OSError) as error:
            log.warning("health: %s: %s", name, error)
            report[name] = "unreachable"
    well = all(word == "ok" for word in report.values())
    return JsonResponse(
        {"status": "ok" if well else "failing", "checks": report}, status=200 if well else 503
    )


def fill_overview(actor: Actor, project: Project, query: Mapping[str, str]) -> dict[str, Any]:
    """Routes of the live run, the newest runs, and who changed what."""
    state = describe_project(project)
    runs = Run.objects.filter(project=project).defer("files", "routes")
    releases = Release.objects.filter(project=project)
    return {
        "live": state,
        "routes": [shown_route(project, route) for route in state["routes"]],
        "runs": list(runs[:SHOWN_RUNS]),
        "entries": [
            shown_entry(entry) for entry in AuditEntry.objects.of_project(project.pk)[:SHOWN_ENTRIES]
        ],
        "has_release": releases.exists(),
        "code_url": page_url(project, "code"),
        "logs_url": page_url(project, "logs"),
    }


def shown_route(project: Project, route: Mapping[str, str]) -> dict[str, str]:
    """A route with the address that tries it: parameters stand there under their own names."""
    path = _PARAMETER.sub(r"\1", route["path"]).lstrip("/")
    tried = f"{route_url(project)}{path}" if route["method"] == "GET" else ""
    return {"method": route["method"], "path": route["path"], "url": tried}


def shown_entry(entry: AuditEntry) -> dict[str, Any]:
    """An audit entry in words, with the one value that says most."""
    values = {**(entry.before or {}), **(entry.after or {})}
    told = next(
        (values[key] for key in ("version", "active_release", "code", "member") if values.get(key)), ""
    )
    if entry.target_type == "pipeline.branch":
        told = entry.target_label
    return {
        "who": entry.actor_label,
        "what": verb_words().get(entry.verb, entry.verb),
        "told": told,
        "at": entry.created_at,
    }


def fill_logs(actor: Actor, project: Project, query: Mapping[str, str]) -> dict[str, Any]:
    """The runs whose logs are kept; `?run=` chooses one, else the page follows the newest."""
    runs = Run.objects.filter(project=project).defer("files", "routes")[:PICKED_RUNS]
    kept = [run for run in runs if logs.directory(project.pk, run.pk).exists()]
    chosen = query.get("run", "")
    return {
        "data": {"run": chosen if chosen in {str(run.pk) for run in kept} else ""},
        "kept": kept,
        "chosen": chosen,
    }
