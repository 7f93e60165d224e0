"""Errors that the caller can mend, and their one form over HTTP: RFC 9457 `application/problem+json`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils.translation import gettext_lazy as _
from django.views import csrf, defaults
from rest_framework import exceptions
from rest_framework.response import Response

logger = logging.getLogger(__name__)

MOST_ERRORS = 100  # in one answer
CONTENT_TYPE = "application/problem+json"
_BAD_REQUEST = _("The request cannot be understood.")
_TOO_LARGE = _("The request is too large.")


class UserError(Exception):
    """What was asked cannot be done, by the caller's input or the present state.

    `code` is stable and for programs, `message` is for people and never quotes a secret, `pointer` is the JSON
    pointer of the wrong part of the body. Where several parts are wrong at once, `errors` has a mapping for each,
    with `pointer`, `code` and `detail`.
    """

    default_status = 400

    def __init__(
        self,
        code: str,
        message: object,
        *,
        status: int | None = None,
        pointer: str | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        **extra: Any,
    ) -> None:
        self.code = code
        self.message = message
        self.status = status or self.default_status
        self.pointer = pointer
        self.errors = errors
        self.extra = extra
        super().__init__(code)

    def __str__(self) -> str:
        return str(self.message)


class ConflictError(UserError):
    """Somebody else was faster, or the present state forbids it; `extra` may carry the newer state."""

    default_status = 409


class NotFoundError(UserError):
    """The thing does not exist or the actor may not know that it does."""

    default_status = 404

    def __init__(self, code: str = "not_found", message: object = _("There is no such thing here.")) -> None:
        super().__init__(code, message)


def problem(
    status: int, code: str, detail: object, errors: Sequence[Mapping[str, str]] = (), **extra: Any
) -> dict[str, Any]:
    """The body of a problem answer."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": str(detail),
        "code": code,
        "errors": list(errors),
        **extra,
    }


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """REST framework's exception handler; None for our own faults, which become an anonymous 500."""
    body, headers = _body_of(error)
    if body is None:
        return None
    request = context.get("request")
    if request is not None:
        body["instance"] = request.path
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def problem_page(request: HttpRequest, status: int, code: str, detail: object) -> HttpResponse:
    """A problem answer from outside REST framework."""
    body = problem(status, code, detail, instance=request.path)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: no detail leaves the platform, the request id does (in its header)."""
    if request.path.startswith("/api/"):
        return problem_page(request, 500, "internal_error", _("Something went wrong on our side."))
    return defaults.server_error(request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    if request.path.startswith("/api/"):
        return problem_page(request, 404, "not_found", _("There is no such address."))
    return defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: an unknown host, too much in a form, and the like."""
    if request.path.startswith("/api/"):
        if isinstance(exception, RequestDataTooBig):
            return problem_page(request, 413, "too_large", _TOO_LARGE)
        return problem_page(request, 400, "bad_request", _BAD_REQUEST)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    if request.path.startswith("/api/"):
        return problem_page(request, 403, "permission_denied", _("You may not do that."))
    return defaults.permission_denied(request, exception)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    if request.path.startswith("/api/"):
        return problem_page(request, 403, "csrf_failed", _("The CSRF token is missing or wrong."))
    return csrf.csrf_failure(request, reason)


def _body_of(error: Exception) -> tuple[dict[str, Any] | None, dict[str, str]]:
    match error:
        case UserError():
            one = [{"pointer": error.pointer, "detail": str(error)}] if error.pointer else []
            return problem(error.status, error.code, error, error.errors or one, **error.extra), {}
        case exceptions.ValidationError():
            code = "unknown_field" if _codes(error.get_codes()) == {"unknown_field"} else "invalid"
            return _invalid(list(islice(_flat(error.detail), MOST_ERRORS)), code), {}
        case ValidationError():
            return _invalid([{"pointer": "", "detail": text} for text in error.messages]), {}
        case RequestDataTooBig():
            return problem(413, "too_large", _TOO_LARGE), {}
        case SuspiciousOperation() | UnreadablePostError():
            return problem(400, "bad_request", _BAD_REQUEST), {}
        case Http404() | ObjectDoesNotExist():  # the latter vanished between two looks at it
            return problem(404, "not_found", _("There is no such thing here.")), {}
        case PermissionDenied():
            return problem(403, "permission_denied", str(error) or _("You may not do that.")), {}
        case exceptions.APIException():
            return _api_problem(error)
        case IntegrityError() | OperationalError() | InterfaceError():
            return _database_problem(error)
    return None, {}


def _database_problem(error: Exception) -> tuple[dict[str, Any], dict[str, str]]:
    if isinstance(error, IntegrityError):
        logger.error("a change was refused by the database", exc_info=error)
        return problem(409, "conflict", _("Something else was changed at the same moment; look again.")), {}
    logger.error("the database cannot be used", exc_info=error)
    message = _("The database cannot be used right now; try again.")
    return problem(503, "database_unavailable", message), {"Retry-After": "1"}


def _api_problem(error: exceptions.APIException) -> tuple[dict[str, Any], dict[str, str]]:
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    detail: object = error.detail
    code: object = error.default_code
    if isinstance(detail, dict):  # simplejwt packs several messages
        code, detail = detail.get("code", code), detail.get("detail", error.default_detail)
    else:
        code = getattr(detail, "code", None) or code
    return problem(error.status_code, str(code), detail), headers


def _invalid(errors: list[dict[str, str]], code: str = "invalid") -> dict[str, Any]:
    detail = errors[0]["detail"] if len(errors) == 1 else _("Some values cannot be taken.")
    return problem(400, code, detail, errors)


def _codes(nested: object) -> set[str]:
    """The codes of REST framework's errors, nested by field and index, as a flat set."""
    if isinstance(nested, Mapping):
        return set().union(*map(_codes, nested.values()))
    if isinstance(nested, list | tuple):
        return set().union(*map(_codes, nested))
    return {str(nested)}


def _flat(detail: object, pointer: str = "") -> Iterator[dict[str, str]]:
    """Errors of REST framework, nested by field and index, as pairs of JSON pointer and text."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            step = "" if key == "non_field_errors" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            yield from _flat(value, pointer + step)
    elif isinstance(detail, list | tuple):
        for index, value in enumerate(detail):
            yield from _flat(value, f"{pointer}/{index}" if isinstance(value, Mapping) else pointer)
    else:
        yield {"pointer": pointer, "detail": str(detail)}
