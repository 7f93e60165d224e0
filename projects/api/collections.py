"""`/api/projects/:id/models…`"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Pages
from accounts.api.filters import OrderingFilter, SearchFilter
from accounts.api.idempotency import idempotent
from accounts.etags import StaleError, check_if_match
from projects.actions.collections import create_collection, delete_collection, plan_change, update_collection
from projects.api.base import ProjectDoor
from projects.api.shapes import (
    ChangedCollectionSerializer,
    CollectionSerializer,
    PlannedFieldsSerializer,
    SchemaPlanSerializer,
    WantedCollectionSerializer,
)
from projects.collections.indexes import is_blocking
from projects.models import Collection

_PLAIN = (
    *("id", "name", "slug", "table_config", "form_config", "record_count", "revision"),
    *("created_at", "updated_at"),
)
_EXAMPLE = OpenApiExample(
    "Customers",
    request_only=True,
    value={
        "name": "Customers",
        "fields": [
            {"key": "email", "type": "string", "required": True, "unique": True},
            {"key": "age", "type": "number", "indexed": True},
            {"key": "plan", "type": "select", "options": ["free", "pro"], "default_value": "free"},
            {"key": "joined", "type": "datetime", "default_value": "$now"},
        ],
    },
)


class CollectionDoor(ProjectDoor):
    """A door below `/api/projects/:id/models/<id or slug>/`."""

    @cached_property
    def collection(self) -> Collection:
        """The collection of the address; raises NotFoundError."""
        project = self.project
        found = Collection.objects.lookup(project, self.kwargs["collection"])
        found.project = project
        return found


def show_collection(collection: Collection) -> dict[str, Any]:
    """A collection as callers see it, with the state of its indexes: one query."""
    indexes = [
        {
            "field": row.field,
            "unique": row.unique,
            "status": row.status,
            "error": row.error,
            "blocking": is_blocking(row),
        }
        for row in sorted(collection.indexes.all(), key=lambda row: (row.field, row.name))
    ]
    own = {name: getattr(collection, name) for name in _PLAIN}
    more = {"fields": collection.schema.as_json(), "record_limit": collection.limit, "indexes": indexes}
    return dict(CollectionSerializer({**own, **more}).data)


def answer_collection(collection: Collection, code: int = status.HTTP_200_OK) -> Response:
    return Response(show_collection(collection), status=code, headers={"ETag": collection.etag})


class CollectionsView(ProjectDoor, GenericAPIView[Collection]):
    serializer_class = CollectionSerializer
    pagination_class = Pages
    filter_backends = (OrderingFilter, SearchFilter)
    ordering_fields = ("name", "slug", "record_count", "created_at", "updated_at")
    ordering: ClassVar[list[str]] = ["name", "id"]
    search_fields = ("name", "slug")

    def get_queryset(self) -> QuerySet[Collection]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without anybody asking
            return Collection.objects.none()
        return Collection.objects.filter(project=self.project).prefetch_related("indexes")

    @extend_schema(operation_id="models_list", responses=CollectionSerializer(many=True))
    def get(self, request: Request, project: str) -> Response:
        """The project's collections; `ordering` and `search` choose, `page` and `page_size` cut."""
        found = self.filter_queryset(self.get_queryset())
        page = self.paginate_queryset(found)
        return self.get_paginated_response([show_collection(one) for one in page or []])

    @extend_schema(
        operation_id="models_create",
        request=WantedCollectionSerializer,
        responses={201: CollectionSerializer},
        examples=[_EXAMPLE],
    )
    @idempotent
    def post(self, request: Request, project: str) -> Response:
        """Create a collection."""
        found = self.project
        data = WantedCollectionSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        created = create_collection(actor=self.actor, project=found, **data.validated_data)
        return answer_collection(created, status.HTTP_201_CREATED)


class CollectionView(CollectionDoor):
    if_match: ClassVar[tuple[str, ...]] = ("PUT", "PATCH", "DELETE")

    @extend_schema(operation_id="models_read", responses=CollectionSerializer)
    def get(self, request: Request, project: str, collection: str) -> Response:
        """One collection, with the state of its indexes."""
        return answer_collection(self.collection)

    @extend_schema(
        operation_id="models_update",
        request=ChangedCollectionSerializer(partial=True),
        responses=CollectionSerializer,
    )
    def put(self, request: Request, project: str, collection: str) -> Response:
        """Change name, slug, fields or settings; what is left out stays."""
        return self._change(request)

    @extend_schema(
        operation_id="models_partial_update",
        request=ChangedCollectionSerializer(partial=True),
        responses=CollectionSerializer,
    )
    def patch(self, request: Request, project: str, collection: str) -> Response:
        """The same as PUT."""
        return self._change(request)

    def _change(self, request: Request) -> Response:
        found = self.collection
        data = ChangedCollectionSerializer(data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        try:
            changed = update_collection(
                actor=self.actor,
                collection=found,
                if_match=request.headers.get("If-Match"),
                **data.validated_data,
            )
        except StaleError as error:
            error.extra["newer"] = show_collection(Collection.objects.get(pk=found.pk))
            raise
        return answer_collection(changed)

    @extend_schema(
        operation_id="models_delete",
        parameters=[
            OpenApiParameter("confirm", str, description="The slug, unless the collection is empty.")
        ],
        responses={204: None},
    )
    def delete(self, request: Request, project: str, collection: str) -> Response:
        """Delete a collection with its records."""
        confirm = request.query_params.get("confirm", "")
        found = self.collection
        check_if_match(request.headers.get("If-Match"), found.etag)
        delete_collection(actor=self.actor, collection=found, confirm=confirm)
        return Response(status=status.HTTP_204_NO_CONTENT)


class CollectionPlanView(CollectionDoor):
    @extend_schema(
        operation_id="models_plan", request=PlannedFieldsSerializer, responses=SchemaPlanSerializer
    )
    def post(self, request: Request, project: str, collection: str) -> Response:
        """What a change of fields would do to the records that are there; nothing is changed."""
        found = self.collection
        data = PlannedFieldsSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        plan = plan_change(actor=self.actor, collection=found, fields=data.validated_data["fields"])
        shown = {"possible": plan.is_possible, "loses_data": plan.loses_data}
        return Response({**shown, "changes": [one.as_json() for one in plan.changes]})
