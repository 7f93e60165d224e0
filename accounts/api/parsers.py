"""How request bodies are read."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from accounts.errors import UserError
from accounts.json_text import LongIntegerError, loads

# A login is short, and a little text can become much memory.
STRANGERS_BYTES = 64 * 1024


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = _("The request is too large.")


def require_length(request: HttpRequest) -> None:
    """Raises UserError (411) for a body in chunks: its end looks like a client that went away."""
    if not request.META.get("CONTENT_LENGTH") and request.META.get("HTTP_TRANSFER_ENCODING"):
        message = _("A request says how long its body is, in Content-Length.")
        raise UserError("length_required", message, status=HTTPStatus.LENGTH_REQUIRED)


class JSONParser(BaseParser):
    """JSON of bounded size and depth, without NaN and lone surrogates: what the databases and engines can hold."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (any JSON)
        """Raises ParseError, TooLarge."""
        limit = (parser_context or {}).get("limit", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge
        try:
            return loads(body)
        except LongIntegerError as error:
            raise ParseError(str(error)) from None
        except ValueError as error:
            # From nothing: the chained error would carry the whole body into logs.
            reason = getattr(error, "msg", str(error))
            raise ParseError(_("This is not JSON: {reason}").format(reason=reason)) from None
