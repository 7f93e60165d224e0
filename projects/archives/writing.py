"""Writes an archive: a zip file with a manifest and a folder for each part."""

from __future__ import annotations

import errno
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import orjson
from django.utils.translation import gettext as _

from accounts.errors import UserError
from projects.limits import (
    ARCHIVE_BYTES,
    ARCHIVE_CONTENT_BYTES,
    ARCHIVE_ENTRIES,
    ARCHIVE_FREE_BYTES,
    ARCHIVE_RATIO,
)

_CHUNK = 256 * 1024


class Writer:
    """An archive under way. Everything raises UserError once there is more than an import would take."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)
        self._size = 0

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_others: object) -> None:
        if kind is not None:
            self._zip.fp = None  # else it would write its directory into a file that is closed by then
            return
        with _room():
            self._zip.close()
        self._check()

    def put(self, name: str, chunks: Iterator[bytes]) -> None:
        """One file, whole or not at all: an archive that was interrupted is never handed out."""
        if len(self._zip.filelist) >= ARCHIVE_ENTRIES:
            raise _too_large()
        with _room(), self._zip.open(name, "w", force_zip64=True) as entry:
            for chunk in chunks:
                self._size += len(chunk)
                if self._size > ARCHIVE_CONTENT_BYTES or self._target.tell() > ARCHIVE_BYTES:
                    raise _too_large()
                entry.write(chunk)

    def put_json(self, name: str, value: object) -> None:
        self.put(name, iter((orjson.dumps(value, option=orjson.OPT_INDENT_2),)))

    def part(self, name: str) -> PartWriter:
        return PartWriter(self, name)

    def _check(self) -> None:
        """What compresses better than any import believes could not be read back."""
        stored = self._target.seek(0, 2)
        if stored > ARCHIVE_BYTES or self._size > max(ARCHIVE_FREE_BYTES, stored * ARCHIVE_RATIO):
            raise _too_large()


class PartWriter:
    """The folder of one part: projects.parts.ArchiveWriter."""

    def __init__(self, writer: Writer, part: str) -> None:
        self._writer = writer
        self._part = part

    def put_json(self, name: str, value: object) -> None:
        self._writer.put_json(f"{self._part}/{name}", value)

    def put_lines(self, name: str, rows: Iterator[object]) -> None:
        """JSON, one value a line."""
        lines = (orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        self._writer.put(f"{self._part}/{name}", lines)

    def put_stream(self, name: str, stream: IO[bytes]) -> None:
        self._writer.put(f"{self._part}/{name}", iter(lambda: stream.read(_CHUNK), b""))


@contextmanager
def _room() -> Iterator[None]:
    """A full disk is said in words."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise UserError("storage_full", _("There is no room left on the disk."), status=507) from None


def _too_large() -> UserError:
    message = _("The project is too large for one archive; leave out files or records.")
    return UserError("archive_too_large", message, status=413)
