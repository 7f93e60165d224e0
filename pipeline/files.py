"""What a branch may hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from accounts.errors import NotFoundError, UserError
from pipeline.limits import FILE_BYTES, FILE_NAME_BYTES, FILES
from projects.names import is_name

MAIN = "main"


def _in_list(index: int, part: str) -> str:
    return f"/files/{index}/{part}"


def in_code(_index: int, _part: str) -> str:
    """Where the code of the one file stands that was sent."""
    return "/code"


def check_files(files: Mapping[str, str], pointer_of: Callable[[int, str], str] = _in_list) -> dict[str, str]:
    """The files under normalised names. Raises UserError that points to the wrong one.

    `pointer_of` says where `name` and `code` of the file at an index stand in what was sent.
    """
    if len(files) > FILES:
        raise UserError("files_too_many", _("A branch holds at most 256 files."), pointer="/files")
    checked: dict[str, str] = {}
    for index, (name, code) in enumerate(files.items()):
        normal = check_file_name(name, pointer_of(index, "name"))
        if normal in checked:
            raise UserError(
                "file_twice", _("Two files have the same name."), pointer=pointer_of(index, "name")
            )
        checked[normal] = _check_code(code, pointer_of(index, "code"))
    if MAIN not in checked:
        raise UserError(
            "main_missing", _("A branch needs the file `main`, where the service begins."), pointer="/files"
        )
    return checked


def check_file_name(name: str, pointer: str = "/name") -> str:
    """The name in Unicode's normal form C; raises UserError unless it is a relative path without tricks."""
    name = unicodedata.normalize("NFC", name)
    if not all(is_name(part) for part in name.split("/")):
        message = _(
            "A file name is `main` or a path such as `lib/tools.js`, without `..` and without hidden characters."
        )
        raise UserError("file_name_invalid", message, pointer=pointer)
    if len(name.encode()) > FILE_NAME_BYTES:
        raise UserError("file_name_too_long", _("A file name holds at most 255 bytes."), pointer=pointer)
    return name


def get_file(files: Mapping[str, str], name: str) -> str:
    """The code of a file. Raises NotFoundError."""
    if name not in files:
        raise NotFoundError("branch_file_not_found", _("The branch has no such file."))
    return files[name]


def _check_code(code: str, pointer: str) -> str:
    try:
        size = len(code.encode())
    except UnicodeEncodeError:
        size = -1
    if size < 0 or "\0" in code:
        raise UserError("code_invalid", _("Code is Unicode text without NUL characters."), pointer=pointer)
    if size > FILE_BYTES:
        raise UserError("code_too_long", _("A file holds at most 1 MB."), pointer=pointer)
    return code
