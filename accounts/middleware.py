"""What every request gets."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

from accounts.audit import Origin, origin
from accounts.authentication import client_ip

_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


class RequestIdMiddleware:
    """Gives each request an id, front's where it sends one, and tells the audit where a change comes from."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
        token = origin.set(Origin(ip=client_ip(request), request_id=request_id))
        try:
            response = self.get_response(request)
        finally:
            origin.reset(token)
        response["X-Request-ID"] = request_id
        return response


class LanguageMiddleware:
    """Pages speak the language that the person chose; who chose none, what LocaleMiddleware found."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if language := _chosen_language(request):
            translation.activate(language)
            request.LANGUAGE_CODE = language
        return self.get_response(request)


def _chosen_language(request: HttpRequest) -> str:
    """Asks no query where there is no session."""
    if not request.path.startswith(("/admin", "/api/")):
        return ""
    try:
        return str(getattr(request.user, "language", ""))
    except (OperationalError, InterfaceError):
        return ""  # what comes next says it better
