"""Files themselves: downloads, previews, and what direct links lead to."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header, http_date
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Door
from accounts.errors import NotFoundError, UserError
from projects.api.ranges import RangeError, has_it, wanted_range
from projects.api.storage import FilesDoor
from projects.files import errors
from projects.files.media import served_as
from projects.files.previews import CONTENT_TYPE, has_preview, preview
from projects.files.project_files import ProjectFiles
from projects.files.store import Opened
from projects.models import FileLink

# Whatever it is: no script, no form, no plugin, an origin of its own; a picture or film may show itself.
_POLICY = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
_FILE = {
    (200, "*/*"): OpenApiTypes.BINARY,
    (206, "*/*"): OpenApiTypes.BINARY,
    304: None,
}


class _AnyRenderer(BaseRenderer):
    """Lets `Accept: image/*` and the like through; errors are JSON all the same."""

    media_type = "*/*"
    format = ""

    def render(self, data: object, *args: object, **kwargs: object) -> bytes:
        return bytes(JSONRenderer().render(data))


class _Body:
    """Chunks of an open file, which is closed with them: Django calls `close` whether or not any was sent."""

    def __init__(self, opened: Opened, start: int, stop: int) -> None:
        self._opened = opened
        self._chunks = opened.chunks(start, stop)

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        self._opened.close()


class Bytes(Door):
    """A door that answers with bytes, and with JSON where something is wrong."""

    renderer_classes = (JSONRenderer, _AnyRenderer)

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        if isinstance(exc, RangeError):
            response["Content-Range"] = f"bytes */{exc.size}"
        return response


class DownloadView(Bytes, FilesDoor):
    @extend_schema(operation_id="storage_download", responses=_FILE)
    def get(self, request: Request, project: str, path: str) -> HttpResponseBase:
        """A file, or with `Range` a part of it."""
        files = ProjectFiles(self.readable.pk)
        return file_response(request, files.open(path), download=True)


class PreviewView(Bytes, FilesDoor):
    @extend_schema(
        operation_id="storage_preview",
        responses={(200, CONTENT_TYPE): OpenApiTypes.BINARY, 304: None},
    )
    def get(self, request: Request, project: str, path: str) -> HttpResponseBase:
        """A picture of 50 × 50 pixels of an image."""
        found = self.readable
        entry = ProjectFiles(found.pk).stat(path)
        if not has_preview(entry):
            raise errors.no_preview()
        if has_it(request.headers.get("If-None-Match"), entry.etag):
            response = HttpResponse(status=status.HTTP_304_NOT_MODIFIED)
        else:
            response = HttpResponse(preview(found.pk, entry), content_type=CONTENT_TYPE)
        return _guarded(response, entry.etag)


class PublicFileView(Bytes):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="storage_public", auth=[], responses=_FILE)
    def get(self, request: Request, token: str, filename: str) -> HttpResponseBase:
        """What a direct link leads to."""
        link = FileLink.objects.of_token(token, filename)
        if link is None:
            raise _no_link()
        try:
            opened = ProjectFiles(link.project_id).open(link.path)
        except UserError as error:
            if error.status >= 500:
                raise
            # Whoever guesses may not find out what is missing: the link or the file.
            raise _no_link() from error
        return file_response(request, opened, download=link.download)


def file_response(request: HttpRequest | Request, opened: Opened, *, download: bool) -> HttpResponseBase:
    """The answer for an open file, which it closes: the whole, a part, or that the client has it already."""
    entry, headers = opened.entry, request.headers
    try:
        if has_it(headers.get("If-None-Match"), entry.etag):
            opened.close()
            return _guarded(HttpResponse(status=status.HTTP_304_NOT_MODIFIED), entry.etag)
        part = wanted_range(headers.get("Range"), headers.get("If-Range"), entry.size, entry.etag)
    except RangeError:
        opened.close()
        raise
    start, stop = part or (0, entry.size)
    served = served_as(entry.name, download=download)
    if request.method == "HEAD":
        opened.close()
        response: HttpResponseBase = HttpResponse(content_type=served.content_type)
    else:
        response = StreamingHttpResponse(_Body(opened, start, stop), content_type=served.content_type)
    if part:
        response.status_code = status.HTTP_206_PARTIAL_CONTENT
        response["Content-Range"] = f"bytes {start}-{stop - 1}/{entry.size}"
    response["Content-Length"] = str(stop - start)
    response["Accept-Ranges"] = "bytes"
    response["Last-Modified"] = http_date(entry.updated_at.timestamp())
    response["Content-Disposition"] = (
        content_disposition_header(not served.inline, entry.name) or "attachment"
    )
    return _guarded(response, entry.etag)


def _guarded(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    """What keeps a file from being more than a file, and a cache from outliving a right to see it."""
    response["ETag"] = etag
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = _POLICY
    response["Cache-Control"] = "private, no-cache"
    return response


def _no_link() -> NotFoundError:
    return NotFoundError("link_not_found", _("There is no such link."))
