"""What web answers in place of a service that does not run, and the health of the platform."""

from __future__ import annotations

import logging
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from projects.models import Project
from runtime.models import Node

log = logging.getLogger(__name__)

CHECK_SECONDS = 1.0


@csrf_exempt
def absent_service(request: HttpRequest, slug: str, route: str = "") -> HttpResponse:
    """A route whose service has no socket: 404 for an unknown slug, else 503. Front words the body."""
    known = Project.objects.filter(slug=slug).exists()
    code, message, status = (
        ("not_running", "This service is not running", 503)
        if known
        else ("not_found", "There is no such service", 404)
    )
    answer = JsonResponse({"error": {"code": code, "message": message}}, status=status)
    if known:
        answer["Retry-After"] = "2"
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
