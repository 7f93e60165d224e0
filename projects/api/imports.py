"""`/api/projects/:id/models/:modelId/data/import…`: files in, and how far they are."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import IO, Any, ClassVar

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Pages
from accounts.api.filters import OrderingFilter
from accounts.errors import UserError
from projects.actions.imports import cancel_import, create_import
from projects.api.collections import CollectionDoor
from projects.api.shapes import ImportQuerySerializer, RecordImportSerializer, RecordSerializer
from projects.choices import DataFormat, OnImportError
from projects.models import RecordImport

_PIECE = 64 * 1024
# Each request that waits holds a thread of web; the rest of the pool stays free for everybody else.
_waiters = threading.BoundedSemaphore(4)
LONGEST_WAIT = 30.0
_FORMATS = {
    "text/csv": DataFormat.CSV,
    "application/json": DataFormat.JSON,
    "application/x-ndjson": DataFormat.JSONL,
}
_SUFFIXES = {".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_IMPORT_ID = OpenApiParameter("record_import", OpenApiTypes.UUID, OpenApiParameter.PATH)


class _StreamParser(BaseParser):
    """Hands the body on unread: it may be larger than memory should hold."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (the base class knows no streams)
        return stream


class CSVStreamParser(_StreamParser):
    media_type = "text/csv"


class JSONStreamParser(_StreamParser):
    media_type = "application/json"


class LinesStreamParser(_StreamParser):
    media_type = "application/x-ndjson"


def show_import(row: RecordImport, url: str) -> dict[str, Any]:
    shown = {
        name: getattr(row, name)
        for name in RecordImportSerializer.Meta.fields
        if name not in ("phase", "url")
    }
    writes = not row.dry_run and (row.checked or row.on_error == OnImportError.SKIP)
    shown |= {"phase": "writing" if writes else "checking", "url": url}
    return dict(RecordImportSerializer(shown).data)  # type: ignore[arg-type]


class ImportDoor(CollectionDoor):
    def url_of(self, row: RecordImport) -> str:
        collection = self.collection
        return f"/api/projects/{collection.project.slug}/models/{collection.slug}/data/imports/{row.pk}"

    def show(self, row: RecordImport) -> dict[str, Any]:
        return show_import(row, self.url_of(row))


class RecordImportView(ImportDoor):
    parser_classes = (MultiPartParser, CSVStreamParser, JSONStreamParser, LinesStreamParser)

    @extend_schema(
        operation_id="records_import",
        parameters=[ImportQuerySerializer],
        request={
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
            },
            "text/csv": OpenApiTypes.BINARY,
            "application/json": RecordSerializer(many=True),
            "application/x-ndjson": OpenApiTypes.BINARY,
        },
        responses={202: RecordImportSerializer},
    )
    def post(self, request: Request, project: str, collection: str) -> Response:
        """Have a file of records imported; `?wait=` holds the answer until it is done."""
        found = self.collection
        data = ImportQuerySerializer(data=request.query_params)
        data.is_valid(raise_exception=True)
        wanted = dict(data.validated_data)
        seconds = wanted.pop("wait")
        said, pieces = _file_of(request)
        wanted["format"] = wanted.get("format") or said
        if not wanted["format"]:
            raise UserError(
                "import_format_missing", _("Say by `format` what the file is: csv, json or jsonl.")
            )
        row = create_import(actor=self.actor, collection=found, pieces=pieces, **wanted)
        _wait_for(row, seconds)
        return Response(
            self.show(row), status=status.HTTP_202_ACCEPTED, headers={"Location": self.url_of(row)}
        )


class RecordImportsView(ImportDoor, GenericAPIView[RecordImport]):
    serializer_class = RecordImportSerializer
    pagination_class = Pages
    filter_backends = (OrderingFilter,)
    ordering_fields = ("created_at", "finished_at", "status")
    ordering: ClassVar[list[str]] = ["-created_at", "-id"]

    def get_queryset(self) -> QuerySet[RecordImport]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without anybody asking
            return RecordImport.objects.none()
        return RecordImport.objects.filter(collection=self.collection)

    @extend_schema(operation_id="records_imports_list", responses=RecordImportSerializer(many=True))
    def get(self, request: Request, project: str, collection: str) -> Response:
        """The imports of this collection, the newest first; they are kept for a week."""
        found = self.filter_queryset(self.get_queryset())
        page = self.paginate_queryset(found)
        return self.get_paginated_response([self.show(row) for row in page or []])


class RecordImportStateView(ImportDoor):
    @extend_schema(
        operation_id="records_imports_read", parameters=[_IMPORT_ID], responses=RecordImportSerializer
    )
    def get(self, request: Request, project: str, collection: str, record_import: str) -> Response:
        """How far an import is, and what was wrong with its lines."""
        return Response(self.show(RecordImport.objects.lookup(self.collection, record_import)))

    @extend_schema(operation_id="records_imports_cancel", parameters=[_IMPORT_ID], responses={204: None})
    def delete(self, request: Request, project: str, collection: str, record_import: str) -> Response:
        """Cancel an import; one that has ended is taken off the list."""
        row = RecordImport.objects.lookup(self.collection, record_import)
        cancel_import(actor=self.actor, row=row)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _file_of(request: Request) -> tuple[str, Iterator[bytes]]:
    """What the file is by its type or name, empty when unknown, and its content in pieces."""
    data: Any = request.data
    if isinstance(data, Mapping):  # a form, or no body at all
        file = data.get("file")
        if not isinstance(file, UploadedFile):
            raise UserError("import_empty", _("The file is empty."), pointer="/file")
        known = _FORMATS.get((file.content_type or "").split(";")[0].strip().lower())
        return _SUFFIXES.get(PurePath(file.name or "").suffix.lower(), known or ""), file.chunks(_PIECE)
    media_type = (request.content_type or "").split(";")[0].strip().lower()
    return _FORMATS.get(media_type, ""), iter(lambda: data.read(_PIECE), b"")


def _wait_for(row: RecordImport, seconds: float) -> None:
    """Hold until the import has ended, or `seconds` are over; not at all when too many wait already."""
    deadline = time.monotonic() + min(seconds, LONGEST_WAIT)
    if not seconds or not _waiters.acquire(blocking=False):
        return
    try:
        while not row.is_final and time.monotonic() < deadline:
            time.sleep(0.1)
            row.refresh_from_db()
    finally:
        _waiters.release()
