"""`/api/projects/:id/storage/links…`"""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Pages
from accounts.api.filters import OrderingFilter, SearchFilter
from accounts.errors import NotFoundError
from projects.actions.file_links import create_file_link, delete_file_link
from projects.api.storage import FilesDoor
from projects.file_serializers import LinkSerializer, NewLinkAnswerSerializer, NewLinkSerializer
from projects.models import FileLink
from projects.slugs import as_id


class FileLinksView(FilesDoor, GenericAPIView[FileLink]):
    serializer_class = LinkSerializer
    pagination_class = Pages
    filter_backends = (OrderingFilter, SearchFilter)
    ordering_fields = ("path", "created_at", "expires_at")
    ordering: ClassVar[list[str]] = ["-created_at", "id"]
    search_fields = ("path",)

    def get_queryset(self) -> QuerySet[FileLink]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without anybody asking
            return FileLink.objects.none()
        return FileLink.objects.living().filter(project=self.readable).select_related("created_by")

    @extend_schema(operation_id="storage_links_list", responses=LinkSerializer(many=True))
    def get(self, request: Request, project: str) -> Response:
        """The living direct links of the project; their tokens are told when they are made, and never again."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(LinkSerializer(page, many=True).data)

    @extend_schema(
        operation_id="storage_links_create",
        request=NewLinkSerializer,
        responses={201: NewLinkAnswerSerializer},
        examples=[
            OpenApiExample("a week", value={"path": "docs/a.pdf", "expires_in": "168h"}, request_only=True)
        ],
    )
    def post(self, request: Request, project: str) -> Response:
        """Let whoever has the link read a file."""
        found = self.project
        data = NewLinkSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        link, token = create_file_link(actor=self.actor, project=found, **data.validated_data)
        answer = NewLinkAnswerSerializer(link, context={"token": token}).data
        return Response(answer, status=status.HTTP_201_CREATED)


class FileLinkView(FilesDoor):
    @extend_schema(operation_id="storage_links_delete", responses={204: None})
    def delete(self, request: Request, project: str, link: str) -> Response:
        """Revoke a direct link: it answers 404 from now on."""
        found, key = self.project, as_id(link)
        if key is None:
            raise NotFoundError("link_not_found", _("There is no such link."))
        delete_file_link(actor=self.actor, project=found, link_id=key)
        return Response(status=status.HTTP_204_NO_CONTENT)
