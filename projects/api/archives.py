"""`/api/projects/:id/export` and `/api/projects/import`"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Door
from accounts.api.parsers import TooLarge
from projects.actions.archives import export_project, import_project
from projects.api.base import UNCACHED, ProjectDoor
from projects.limits import ARCHIVE_BYTES, NAME_LENGTH, SLUG_LENGTH
from projects.parts import ExportOptions
from projects.serializers import ExportSerializer, ImportedSerializer, ImportSerializer, represent

ZIP = "application/zip"
# Names and boundaries that a form puts around the file.
_FORM = 64 * 1024


class ArchiveParser(BaseParser):
    """A zip file as the whole body: written to disk while it arrives, never held in memory."""

    media_type = ZIP

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, File[bytes]]:
        target = tempfile.TemporaryFile(dir=settings.TEMPORARY_DIR)  # noqa: SIM115  (lives as long as the request)
        shutil.copyfileobj(stream, target, 256 * 1024)
        target.flush()  # its size is asked of the disk
        return {"archive": File(target, name="archive.zip")}


class ZipRenderer(BaseRenderer):
    """Lets callers accept zip files; the door answers with a file of its own making."""

    media_type = ZIP
    format = "zip"
    charset = None

    def render(self, data: Any, *_args: Any, **_kwargs: Any) -> bytes:  # noqa: ANN401  (as the base has it)
        """What is said in its place: a problem, as JSON."""
        return JSONRenderer().render(data)


class ExportView(ProjectDoor):
    renderer_classes = (JSONRenderer, ZipRenderer)

    @extend_schema(
        operation_id="projects_export",
        parameters=[ExportSerializer],
        responses={(200, ZIP): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, project: str) -> FileResponse:
        """The whole project as one zip file: code, releases, schemas, environment without secrets, goals."""
        found = self.project
        wanted = ExportSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        options = ExportOptions(**wanted.validated_data)
        archive = export_project(actor=self.actor, project=found, options=options)
        name = f"{found.slug}-{timezone.now():%Y%m%d-%H%M%S}.zip"
        return FileResponse(archive, as_attachment=True, filename=name, content_type=ZIP, headers=UNCACHED)


class ImportView(Door):
    parser_classes = (ArchiveParser, MultiPartParser)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises TooLarge before anything of the body is read."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > ARCHIVE_BYTES + _FORM:
            raise TooLarge
        super().initial(request, *args, **kwargs)

    @extend_schema(
        operation_id="projects_import",
        request={"multipart/form-data": ImportSerializer, ZIP: OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter("name", str, description=f"at most {NAME_LENGTH} characters; else as exported"),
            OpenApiParameter(
                "slug", str, description=f"at most {SLUG_LENGTH} characters; else one that is free"
            ),
        ],
        responses={201: ImportedSerializer},
    )
    def post(self, request: Request) -> Response:
        """A new project out of an archive: a form with the file, or the file as the whole body."""
        data = ImportSerializer(data={**request.query_params.dict(), **self._body(request)})
        data.is_valid(raise_exception=True)
        wanted = data.validated_data
        with wanted["archive"].open("rb") as file:
            done = import_project(
                actor=self.actor, archive=file.file, name=wanted["name"], slug=wanted["slug"]
            )
        body = {"project": represent([done.project])[0], "missing_secrets": done.missing_secrets}
        return Response(body, status=status.HTTP_201_CREATED)

    @staticmethod
    def _body(request: Request) -> dict[str, Any]:
        body = request.data
        return body.dict() if hasattr(body, "dict") else dict(body)
