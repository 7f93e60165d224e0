"""`/api/projects/:id/storage/upload`"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import UserError
from projects.actions.files import begin_upload, check_room, store_upload, store_uploads
from projects.api.incoming import Form, Incoming, keep_unread
from projects.api.storage import FilesDoor, answer_entries
from projects.file_serializers import EntrySerializer, UploadQuerySerializer, UploadSerializer
from projects.files.store import Entry
from projects.models import Project
from projects.names import check_path, path_parts

_FRAMING = 256 * 1024
_IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="ETag of the file that the body replaces; another one is refused with 412. Not for forms.",
)


class UploadView(FilesDoor):
    if_match: ClassVar[tuple[str, ...]] = ("POST",)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        return keep_unread(super().initialize_request(request, *args, **kwargs))

    @extend_schema(
        operation_id="storage_upload",
        parameters=[UploadQuerySerializer, _IF_MATCH],
        request={
            "multipart/form-data": UploadSerializer,
            "application/octet-stream": OpenApiTypes.BINARY,
        },
        responses={201: EntrySerializer(many=True)},
    )
    def post(self, request: Request, project: str) -> Response:
        """Upload the files of a form into a folder, or the body as one file."""
        found = self.project
        options = _options(request.query_params)
        form = (request.content_type or "").startswith("multipart/")
        entries = self._form(found, options) if form else [self._whole(found, options)]
        return answer_entries(found, entries)

    def _whole(self, project: Project, options: dict[str, Any]) -> Entry:
        path = check_path(options["path"])
        incoming = Incoming(self.request._request)
        with begin_upload(actor=self.actor, project=project, size=incoming.length) as upload:
            for chunk in incoming.chunks():
                upload.write(chunk)
            return store_upload(
                actor=self.actor,
                project=project,
                upload=upload,
                path=path,
                overwrite=options["overwrite"],
                if_match=self.request.headers.get("If-Match"),
            )

    def _form(self, project: Project, options: dict[str, Any]) -> list[Entry]:
        path_parts(options["path"])
        incoming = Incoming(self.request._request)
        # What a form has beside its files is little.
        check_room(actor=self.actor, project=project, size=incoming.length - _FRAMING)
        begin = partial(begin_upload, actor=self.actor, project=project)
        with Form(self.request._request, begin) as form:
            fields, files = form.read(incoming)
            if not files:
                raise UserError("file_missing", _("The form has no file."), pointer="/file")
            chosen = _options(fields, options)
            folder = path_parts(chosen["path"])
            uploads = [("/".join((*folder, *path_parts(name, "/file"))), upload) for name, upload in files]
            return store_uploads(
                actor=self.actor, project=project, uploads=uploads, overwrite=chosen["overwrite"]
            )


def _options(given: QueryDict, others: dict[str, Any] | None = None) -> dict[str, Any]:
    """Path and overwrite, checked; what is not given here comes from the others."""
    data = UploadQuerySerializer(data=given)
    data.is_valid(raise_exception=True)
    if others is None:
        return dict(data.validated_data)
    return {key: data.validated_data[key] if key in given else value for key, value in others.items()}
