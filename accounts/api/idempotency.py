"""`Idempotency-Key`: a repeated request has one effect and gets the first answer again.

As the IETF draft "The Idempotency-Key HTTP Header Field" has it: same key and same request replay the answer, the
same key with another request is 422.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.core.files import File
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from accounts.api.base import Door
from accounts.authentication import digest
from accounts.errors import UserError
from accounts.models import IdempotentAnswer, KeyActor, User

HEADER = "Idempotency-Key"
LONGEST = 255
_KEPT_HEADERS = ("ETag", "Location")

Method = TypeVar("Method", bound=Callable[..., Response])


def idempotent(method: Method) -> Method:
    """For a method of a Door whose effects are all in the database and whose answer holds no secret.

    With the header, the effect and the kept answer share one transaction: after a crash there are both or neither.
    An answer that is an error rolls back and keeps nothing, so that the request may be tried again.
    """

    @wraps(method)
    def wrapped(door: Door, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER, "")
        if not key:
            return method(door, request, *args, **kwargs)
        if len(key) > LONGEST:
            raise UserError("idempotency_key_invalid", _("An Idempotency-Key holds at most 255 characters."))
        name = digest("\n".join((_who(door.actor), door.place, request.method or "", request.path, key)))
        return _once(name, _fingerprint(request), lambda: method(door, request, *args, **kwargs))

    wrapped.idempotent = True  # type: ignore[attr-defined]  # read by the API's document
    return wrapped  # type: ignore[return-value]


def _once(name: str, fingerprint: str, answer: Callable[[], Response]) -> Response:
    with transaction.atomic():
        if not IdempotentAnswer.objects.claim(name, fingerprint):
            return _replay(name, fingerprint)
        response = answer()
        if response.status_code >= status.HTTP_400_BAD_REQUEST:
            transaction.set_rollback(True)
            return response
        headers = {header: response[header] for header in _KEPT_HEADERS if header in response}
        IdempotentAnswer.objects.filter(digest=name).update(
            status=response.status_code, body=_plain(response.data), headers=headers
        )
    return response


def _replay(name: str, fingerprint: str) -> Response:
    found = IdempotentAnswer.objects.filter(digest=name).first()
    if found is None or found.fingerprint != fingerprint:
        message = _("This Idempotency-Key was used for another request.")
        raise UserError("idempotency_key_reused", message, status=422)
    headers = {**found.headers, "Idempotency-Replayed": "true"}
    return Response(found.body, status=found.status, headers=headers)


def _who(actor: User | KeyActor) -> str:
    return f"key {actor.project_id}" if isinstance(actor, KeyActor) else f"user {actor.pk}"


def _fingerprint(request: Request) -> str:
    """Of the parameters and of the body as it was understood: the order of keys does not matter."""
    data = request.data
    if isinstance(data, MultiValueDict):
        data = {name: [_told(value) for value in values] for name, values in data.lists()}
    body = json.dumps([request.query_params.urlencode(), data], sort_keys=True, default=str)
    # Keyed: a body may hold what must not be found out by guessing.
    keyed = salted_hmac("accounts.idempotency", body.encode("utf-8", "replace"), algorithm="sha256")
    return keyed.hexdigest()


def _told(value: object) -> object:
    """A part of a form; of a file its name and what it holds."""
    if not isinstance(value, File):
        return value
    whole = hashlib.sha256()
    for chunk in value.chunks():
        whole.update(chunk)
    value.seek(0)
    return [value.name, whole.hexdigest()]


def _plain(data: object) -> Any:  # noqa: ANN401  (any JSON)
    """The answer's data as JSON has it."""
    return json.loads(json.dumps(data, cls=JSONEncoder))
