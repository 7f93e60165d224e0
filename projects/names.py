"""What names of files and paths may look like, wherever people and scripts choose them."""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext as _

from accounts.errors import UserError
from projects.limits import PATH_BYTES, PATH_DEPTH, PATH_NAME_BYTES

# Control, format (bidirectional overrides are among them), surrogate, private, unassigned; line and paragraph ends.
_FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def is_name(name: str) -> bool:
    """Whether one step of a path has no tricks in it. Its length is not looked at."""
    if name in ("", ".", "..") or "/" in name or "\\" in name or name != name.strip():
        return False
    if name.isascii():
        return name.isprintable()
    return not any(unicodedata.category(char) in _FORBIDDEN for char in name)


def path_parts(path: str, pointer: str = "/path") -> tuple[str, ...]:
    """The steps of a path in Unicode's normal form C; none for the root. Raises UserError for tricks and lengths.

    Slashes at either end do not count, so `/docs/` is `docs`.
    """
    if len(path) > PATH_BYTES + 2:
        raise _too_long(pointer)
    inner = path.strip("/")
    if not inner:
        return ()
    parts = tuple(unicodedata.normalize("NFC", part) for part in inner.split("/"))
    if not all(is_name(part) for part in parts):
        message = _(
            "A path is like `docs/report.txt`: without `..`, `\\` and hidden characters, no step empty or with a space at its ends."
        )
        raise UserError("path_invalid", message, pointer=pointer)
    sizes = [len(part.encode()) for part in parts]
    if max(sizes) > PATH_NAME_BYTES or sum(sizes) + len(sizes) - 1 > PATH_BYTES or len(parts) > PATH_DEPTH:
        raise _too_long(pointer)
    return parts


def check_path(path: str, pointer: str = "/path") -> str:
    """The normalised path of something below the root. Raises UserError."""
    parts = path_parts(path, pointer)
    if not parts:
        raise UserError("path_missing", _("A path is needed."), pointer=pointer)
    return "/".join(parts)


def _too_long(pointer: str) -> UserError:
    message = _("A name holds at most 255 bytes, a path 1024 bytes and 32 steps.")
    return UserError("path_too_long", message, pointer=pointer)
