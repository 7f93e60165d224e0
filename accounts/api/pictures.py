"""How pictures of people come in and go out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request

from accounts.api.parsers import TooLarge
from accounts.errors import NotFoundError, UserError
from accounts.etags import matches
from accounts.limits import AVATAR_BYTES
from accounts.models import Avatar, User

# A picture has an address of its own, so it may be kept; whoever signs out on a shared machine leaves small faces.
CACHE = "private, max-age=31536000, immutable"


class ImageParser(BaseParser):
    """An image as the body itself; what it really is, its content says later."""

    media_type = "image/*"

    def parse(  # type: ignore[override]  # a body need be no mapping
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Raises TooLarge after as much as may be sent."""
        data: bytes = stream.read(AVATAR_BYTES + 1)
        if len(data) > AVATAR_BYTES:
            raise TooLarge
        return data


class BytesParser(ImageParser):
    media_type = "application/octet-stream"


PARSERS = (MultiPartParser, ImageParser, BytesParser)


def uploaded_picture(request: Request) -> bytes:
    """The image of a request: its body, or the part `file` (or `avatar`) of a form. Raises UserError."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    # Before the body is read; the frame of a form takes a little more.
    if length.isdecimal() and int(length) > AVATAR_BYTES + 10_000:
        raise TooLarge
    data: object = request.data
    if isinstance(data, bytes):
        return data
    file = request.FILES.get("file") or request.FILES.get("avatar")
    if file is None:
        raise UserError("image_missing", _("Send the image as the body, or as the file `file` of a form."))
    if (file.size or 0) > AVATAR_BYTES:
        raise TooLarge
    content: bytes = file.read()
    return content


def picture_answer(request: Request, user: User) -> HttpResponse:
    """Raises NotFoundError for who has none."""
    etag = f'"{user.avatar_digest[:32]}"'
    named = request.headers.get("If-None-Match", "")
    if named and user.avatar_digest and matches(named, etag):
        answer = HttpResponse(status=status.HTTP_304_NOT_MODIFIED)
    else:
        picture = Avatar.objects.filter(user=user).first()
        if picture is None:
            raise NotFoundError("avatar_not_found", _("This person has no picture."))
        answer = HttpResponse(bytes(picture.data), content_type="image/webp")
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["ETag"] = etag
    answer["Cache-Control"] = CACHE
    patch_vary_headers(answer, ["Authorization", "Cookie"])
    return answer
