"""Conditional requests (RFC 9110, section 13): who saves names the content that he began with."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from accounts.errors import ConflictError


class StaleError(ConflictError):
    """Somebody saved meanwhile; a door may put the newer content into `extra["newer"]`. Answered with 412."""

    def __init__(self) -> None:
        message = _("Somebody changed this after you opened it.")
        super().__init__("stale", message, status=412)


def matches(if_match: str, etag: str) -> bool:
    """Whether an If-Match header, one etag or several or `*`, names the present content."""
    named = [tag.strip().removeprefix("W/") for tag in if_match.split(",")]
    return "*" in named or etag in named


def check_if_match(if_match: str | None, etag: str) -> None:
    """Raises StaleError unless the header is missing or names the present content. Call it with the row locked."""
    if if_match is not None and not matches(if_match, etag):
        raise StaleError


def is_fresh(request: Request, response: HttpResponseBase) -> bool:
    """Whether the caller of a GET has what would be sent, by its ETag in If-None-Match (compared weakly)."""
    named, etag = request.headers.get("If-None-Match"), response.headers.get("ETag")
    if (
        request.method not in ("GET", "HEAD")
        or response.status_code != HTTPStatus.OK
        or not named
        or not etag
    ):
        return False
    return matches(named, etag.removeprefix("W/"))
