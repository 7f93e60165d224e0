"""`/api/projects/:id/regenerate-key` and `/api/projects/:id/key`"""

from __future__ import annotations

from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from projects.actions.keys import regenerate_key, revoke_key
from projects.api.base import UNCACHED, ProjectDoor
from projects.keys import prefix_of
from projects.serializers import ApiKeySerializer

_EXAMPLE = {
    "api_key": "m3m_1f2e3d4c_Hx2cT0vYw4nJqL8sBd6fGk1mZr5pXe9aUi3oQy7tWhE",
    "prefix": "m3m_1f2e3d4c",
}


class RegenerateKeyView(ProjectDoor):
    @extend_schema(
        operation_id="projects_regenerate_key",
        request=None,
        responses={201: ApiKeySerializer},
        examples=[OpenApiExample("a new key", value=_EXAMPLE, response_only=True)],
    )
    @sensitive_variables("text")
    def post(self, request: Request, project: str) -> Response:
        """Make a new API key, shown this once; the one before counts no more."""
        text = regenerate_key(actor=self.actor, project=self.project)
        body = {"api_key": text, "prefix": prefix_of(text)}
        return Response(body, status=status.HTTP_201_CREATED, headers=UNCACHED)


class KeyView(ProjectDoor):
    @extend_schema(operation_id="projects_revoke_key", responses={204: None})
    def delete(self, request: Request, project: str) -> Response:
        """Revoke the API key."""
        revoke_key(actor=self.actor, project=self.project)
        return Response(status=status.HTTP_204_NO_CONTENT)
