"""`/api/schema` and `/api/docs`: the API's own description."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Door

# The page runs scripts of its own origin alone; Swagger UI sets styles on its elements.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


class SchemaView(Door, SpectacularAPIView):
    """OpenAPI 3.1 as JSON, or with `?format=yaml` or an `Accept` that says so as YAML."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: ANN401
        """JSON for whoever says nothing, or `*/*`."""
        renderers = sorted(self.get_renderers(), key=lambda one: one.format != "json")
        wanted = request.query_params.get("format", "")
        chosen = (
            [one for one in renderers if one.format == wanted] if wanted in ("json", "yaml") else renderers
        )
        negotiator = self.get_content_negotiator()
        return negotiator.select_renderer(request, chosen or renderers)

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The document, in the language that is asked for."""
        language = request.query_params.get("lang", "")
        if language not in dict(settings.LANGUAGES):
            language = translation.get_language() or settings.LANGUAGE_CODE
        headers = {"Cache-Control": "public, max-age=300", "Vary": "Accept, Accept-Language"}
        return Response(document(language), headers=headers)


@lru_cache(maxsize=len(settings.LANGUAGES))
def document(language: str) -> dict[str, Any]:
    """The OpenAPI document, made once by each process: it costs as much as hundreds of other answers."""
    maker: Any = SchemaGenerator
    maker = maker()
    with translation.override(language):
        made: dict[str, Any] = maker.get_schema(request=None, public=True)
    return made


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from our own static files; its calls go out with the session of whoever looks."""

    authentication_classes = ()
    throttle_classes = ()
    renderer_classes = [*SpectacularSwaggerSplitView.renderer_classes, JSONRenderer]  # noqa: RUF012  (as the base has it)
    url = "/api/schema"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        answer["Content-Security-Policy"] = _POLICY
        return answer
