"""`/api/projects/:id/models/:modelId/data…`"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.idempotency import idempotent
from accounts.errors import NotFoundError, UserError
from accounts.etags import StaleError
from projects.actions.records import (
    create_record,
    create_records,
    delete_record,
    delete_records,
    replace_record,
    update_record,
)
from projects.api.collections import CollectionDoor
from projects.api.queries import (
    CHOOSING_PARAMETERS,
    PAGING_PARAMETERS,
    page_of_body,
    page_of_params,
    query_of_params,
)
from projects.api.shapes import (
    DeletedCountSerializer,
    ExportQuerySerializer,
    RecordBulkDeleteSerializer,
    RecordBulkSerializer,
    RecordPageSerializer,
    RecordQuerySerializer,
    RecordSerializer,
    RecordsSerializer,
)
from projects.choices import DataFormat
from projects.collections.drafts import as_record_id, flat
from projects.collections.exports import CONTENT_TYPES, export_records
from projects.collections.filters import parse_filter
from projects.collections.store import STORE
from projects.models import Record

_RECORD_ID = OpenApiParameter("record", OpenApiTypes.UUID, OpenApiParameter.PATH)
_EXAMPLE = OpenApiExample(
    "A customer", request_only=True, value={"email": "ada@example.org", "age": 36, "plan": "pro"}
)
_QUERY_EXAMPLE = OpenApiExample(
    "Adults on a paid plan",
    request_only=True,
    value={"filter": {"age": {"$gte": 18}, "plan": "pro"}, "sort": "-age", "page_size": 20},
)


def _media_type(form: DataFormat) -> str:
    return CONTENT_TYPES[form].split(";")[0]


class RecordsView(CollectionDoor):
    @extend_schema(
        operation_id="records_list",
        parameters=[*CHOOSING_PARAMETERS, *PAGING_PARAMETERS],
        responses=RecordPageSerializer,
    )
    def get(self, request: Request, project: str, collection: str) -> Response:
        """The records that a filter and a search choose, in an order, by pages or behind a cursor."""
        return page_of_params(request, self.collection)

    @extend_schema(
        operation_id="records_create",
        request=RecordSerializer,
        responses={201: RecordSerializer},
        examples=[_EXAMPLE],
    )
    @idempotent
    def post(self, request: Request, project: str, collection: str) -> Response:
        """Create a record."""
        created = create_record(actor=self.actor, collection=self.collection, body=request.data)
        return Response(
            flat(created.collection.schema, created),
            status=status.HTTP_201_CREATED,
            headers={"ETag": created.etag},
        )


class RecordView(CollectionDoor):
    if_match: ClassVar[tuple[str, ...]] = ("PUT", "PATCH", "DELETE")

    @property
    def record_id(self) -> UUID:
        """The id of the address; raises NotFoundError."""
        found = as_record_id(self.kwargs["record"])
        if found is None:
            raise NotFoundError("record_not_found", _("There is no such record."))
        return found

    @extend_schema(operation_id="records_read", parameters=[_RECORD_ID], responses=RecordSerializer)
    def get(self, request: Request, project: str, collection: str, record: str) -> Response:
        """One record."""
        found = self.collection
        return self._answer(STORE.get(found, self.record_id))

    @extend_schema(
        operation_id="records_replace",
        parameters=[_RECORD_ID],
        request=RecordSerializer,
        responses=RecordSerializer,
    )
    def put(self, request: Request, project: str, collection: str, record: str) -> Response:
        """Replace all values; a field that is left out gets its default."""
        return self._change(request, whole=True)

    @extend_schema(
        operation_id="records_update",
        parameters=[_RECORD_ID],
        request=RecordSerializer,
        responses=RecordSerializer,
    )
    def patch(self, request: Request, project: str, collection: str, record: str) -> Response:
        """Change the values of the fields in the body; others stay."""
        return self._change(request, whole=False)

    @extend_schema(operation_id="records_delete", parameters=[_RECORD_ID], responses={204: None})
    def delete(self, request: Request, project: str, collection: str, record: str) -> Response:
        """Delete a record; what refers to it is refused, deleted or emptied as its field says."""
        found = self.collection
        try:
            delete_record(
                actor=self.actor,
                collection=found,
                record_id=self.record_id,
                if_match=request.headers.get("If-Match"),
            )
        except StaleError as error:
            self._tell_newer(error)
            raise
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, request: Request, *, whole: bool) -> Response:
        action = replace_record if whole else update_record
        try:
            changed = action(
                actor=self.actor,
                collection=self.collection,
                record_id=self.record_id,
                body=request.data,
                if_match=request.headers.get("If-Match"),
            )
        except StaleError as error:
            self._tell_newer(error)
            raise
        return self._answer(changed)

    def _tell_newer(self, error: StaleError) -> None:
        error.extra["newer"] = flat(self.collection.schema, STORE.get(self.collection, self.record_id))

    def _answer(self, record: Record) -> Response:
        return Response(flat(record.collection.schema, record), headers={"ETag": record.etag})


class RecordQueryView(CollectionDoor):
    @extend_schema(
        operation_id="records_query",
        request=RecordQuerySerializer,
        responses=RecordPageSerializer,
        examples=[_QUERY_EXAMPLE],
    )
    def post(self, request: Request, project: str, collection: str) -> Response:
        """The same as a list, with the query in the body."""
        found = self.collection
        data = RecordQuerySerializer(data=request.data)
        data.is_valid(raise_exception=True)
        return page_of_body(found, data.validated_data)


class RecordBulkView(CollectionDoor):
    @extend_schema(
        operation_id="records_create_many", request=RecordBulkSerializer, responses={201: RecordsSerializer}
    )
    @idempotent
    def post(self, request: Request, project: str, collection: str) -> Response:
        """Create up to a thousand records, all or none."""
        found = self.collection
        data = RecordBulkSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        made = create_records(actor=self.actor, collection=found, bodies=data.validated_data["records"])
        shown = [flat(one.collection.schema, one) for one in made]
        return Response({"records": shown}, status=status.HTTP_201_CREATED)


class RecordBulkDeleteView(CollectionDoor):
    @extend_schema(
        operation_id="records_delete_many",
        request=RecordBulkDeleteSerializer,
        responses=DeletedCountSerializer,
    )
    def post(self, request: Request, project: str, collection: str) -> Response:
        """Delete the records of these ids, or all that a filter chooses."""
        found = self.collection
        data = RecordBulkDeleteSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        if ("ids" in given) == ("filter" in given):
            raise UserError("records_not_named", _("Name the records by `ids` or by `filter`."))
        deleted = delete_records(
            actor=self.actor,
            collection=found,
            ids=given.get("ids"),
            chosen=parse_filter(given.get("filter"), found.schema, "/filter"),
            confirm=given["confirm"],
        )
        return Response({"deleted_count": deleted})


class RecordExportView(CollectionDoor):
    @extend_schema(
        operation_id="records_export",
        parameters=[ExportQuerySerializer, *CHOOSING_PARAMETERS],
        responses={
            (200, _media_type(DataFormat.CSV)): OpenApiTypes.STR,
            (200, _media_type(DataFormat.JSON)): RecordSerializer(many=True),
            (200, _media_type(DataFormat.JSONL)): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, project: str, collection: str) -> StreamingHttpResponse:
        """The chosen records as a file of CSV, JSON or JSON Lines."""
        found = self.collection
        data = ExportQuerySerializer(data=request.query_params)
        data.is_valid(raise_exception=True)
        query = query_of_params(request, found, frozenset({"format", "bom"}))
        form = DataFormat(data.validated_data["format"])
        rows = export_records(found, query, form, bom=data.validated_data["bom"])
        named = {"Content-Disposition": f'attachment; filename="{found.slug}.{form}"'}
        return StreamingHttpResponse(rows, content_type=CONTENT_TYPES[form], headers=named)
