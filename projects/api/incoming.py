"""Bodies of uploads, from the socket straight into the store: nothing of them is gathered or spooled on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.api.parsers import TooLarge
from accounts.errors import UserError
from projects.files.project_files import Upload

CHUNK = 256 * 1024


def keep_unread(request: Request) -> Request:
    """Have nobody read the body by the way; the check against forgery looks for a form's field otherwise."""
    request._request._post = request._data = request._full_data = QueryDict()  # type: ignore[attr-defined]
    request._request._files = request._files = MultiValueDict()  # type: ignore[attr-defined]
    return request


class Incoming:
    """The body of a request, exactly as long as it said to be. Raises UserError where it ends before that."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.length = _length(request)
        self._left = self.length

    def read(self, size: int = CHUNK) -> bytes:
        wanted = min(size, self._left)
        if wanted <= 0:
            return b""
        try:
            data = self._request.read(wanted)
        except UnreadablePostError as error:
            raise _broken_off() from error
        if not data:
            raise _broken_off()
        self._left -= len(data)
        return data

    def chunks(self) -> Iterator[bytes]:
        while data := self.read():
            yield data


class _StoreHandler(FileUploadHandler):
    """Writes each file of a form into an upload of its own."""

    chunk_size = CHUNK

    def __init__(self, begin: Callable[[], Upload]) -> None:
        super().__init__()
        self._begin = begin
        self.uploads: list[tuple[str, Upload]] = []

    def new_file(self, field_name: str, file_name: str, *args: object, **kwargs: object) -> None:
        if field_name != "file":
            raise UserError("field_unknown", _("Files are sent in fields called `file`."), pointer="/file")
        self.uploads.append((file_name, self._begin()))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.uploads[-1][1].write(raw_data)

    def file_complete(self, file_size: int) -> None:
        self.uploads[-1][1].finish()

    def discard(self) -> None:
        for _name, upload in self.uploads:
            upload.discard()


class Form:
    """A multipart form whose files are uploads. Whatever is not kept goes with the `with` block."""

    def __init__(self, request: HttpRequest, begin: Callable[[], Upload]) -> None:
        self._request = request
        self._handler = _StoreHandler(begin)

    def __enter__(self) -> Form:
        return self

    def __exit__(self, *_error: object) -> None:
        self._handler.discard()

    def read(self, incoming: Incoming) -> tuple[QueryDict, list[tuple[str, Upload]]]:
        """The form's fields, and its files by name. Raises UserError, TooLarge."""
        try:
            parser = MultiPartParser(self._request.META, incoming, [self._handler])  # type: ignore[arg-type]
            fields, _files = parser.parse()
        except MultiPartParserError as error:
            raise UserError("form_invalid", _("This is no form that can be read.")) from error
        except RequestDataTooBig as error:
            raise TooLarge from error
        except SuspiciousOperation as error:
            raise UserError("form_invalid", _("The form has too many fields or files.")) from error
        return fields, self._handler.uploads


def _length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text) if text.isascii() and text.isdigit() else 0


def _broken_off() -> UserError:
    return UserError("upload_incomplete", _("The upload ended before its end."))
