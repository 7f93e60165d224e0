"""What all REST doors share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.parsers import STRANGERS_BYTES, require_length
from accounts.api.throttling import rate_headers
from accounts.errors import NotFoundError, UserError
from accounts.etags import is_fresh
from accounts.models import KeyActor, User
from accounts.permissions import actor_of, asking


class Door(APIView):
    """Parse, call one action, answer."""

    # The chapter of the API's document, where the path does not tell.
    tag: ClassVar[str] = ""
    # Methods that take If-Match; the others of such a door answer an ETag.
    if_match: ClassVar[Sequence[str]] = ()

    @property
    def actor(self) -> User | KeyActor:
        """Who asks: a person or a project's key; raises NotAuthenticated."""
        return asking(self.request)

    @property
    def person(self) -> User:
        """The person who asks, where a key will not do; raises NotAuthenticated."""
        return actor_of(self.request)

    @property
    def place(self) -> str:
        """What a repeated request has to find again, beside its path. Raises NotFoundError where it cannot."""
        return ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        require_length(request._request)
        if request.headers.get("If-Match") and request.method not in (*SAFE_METHODS, *self.if_match):
            message = _("This call knows no If-Match; nothing was done.")
            raise UserError("if_match_unknown", message)

    def perform_authentication(self, request: Request) -> None:
        try:
            super().perform_authentication(request)
        except AuthenticationFailed:
            # Whoever tries out tokens and keys is counted too, by his address.
            self.check_throttles(request)
            raise
        if not (request.auth or request.user.is_authenticated):
            request.parser_context["limit"] = STRANGERS_BYTES

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        """Which methods there are, in `Allow`."""
        return Response(status=status.HTTP_204_NO_CONTENT)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Adds the headers of the rate; answers 304 to whoever names the present ETag in If-None-Match."""
        if is_fresh(request, response):
            kept = {name: response[name] for name in ("ETag", "Cache-Control", "Expires") if name in response}
            response = Response(status=status.HTTP_304_NOT_MODIFIED, headers=kept)
        answer = super().finalize_response(request, response, *args, **kwargs)
        for name, value in rate_headers(request).items():
            answer[name] = value
        return answer


class Pages(PageNumberPagination):
    """`{count, next, previous, results}`, chosen by `page` and `page_size`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int:
        """Raises UserError for what is no number from 1 to the largest."""
        text = request.query_params.get(self.page_size_query_param or "")
        if text is None:
            return self.page_size or self.max_page_size
        if not (
            text.isascii() and text.isdecimal() and len(text) < 6 and 0 < int(text) <= self.max_page_size
        ):
            message = _("page_size is a number from 1 to {largest}.").format(largest=self.max_page_size)
            raise UserError("page_size_invalid", message)
        return int(text)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:  # noqa: ANN401  (as the base has it)
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return [
            {
                "name": self.page_query_param,
                "in": "query",
                "description": "Which page, from 1 on.",
                "schema": {"type": "integer", "minimum": 1, "default": 1},
            },
            {
                "name": self.page_size_query_param,
                "in": "query",
                "description": "How many results a page holds.",
                "schema": size,
            },
        ]


class UnknownPath(Door):
    """Every address below /api/ that leads nowhere."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def initial(self, request: object, *args: object, **kwargs: object) -> None:
        raise NotFoundError("path_unknown", _("There is no such address."))
