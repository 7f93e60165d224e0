"""Parts of files, and files that the client has already (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from accounts.errors import UserError

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class RangeError(UserError):
    """The part that was asked for is outside the file."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__("range_invalid", _("The file has no such part."), status=416)


def wanted_range(header: str | None, if_range: str | None, size: int, etag: str) -> tuple[int, int] | None:
    """Start and end (not included) of the one part that is asked for; None for the whole file.

    Several parts at once are answered with the whole, as the standard allows. Raises RangeError.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or not (found[1] or found[2]) or (if_range is not None and if_range.strip() != etag):
        return None
    if not found[1]:
        length = int(found[2])
        if not length or not size:
            raise RangeError(size)
        return max(size - length, 0), size
    start = int(found[1])
    if found[2] and int(found[2]) < start:
        return None
    if start >= size:
        raise RangeError(size)
    return start, min(int(found[2]) + 1, size) if found[2] else size


def has_it(if_none_match: str | None, etag: str) -> bool:
    """Whether the client named the present content."""
    if if_none_match is None:
        return False
    named = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in named or etag in named
