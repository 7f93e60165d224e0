"""Reads an archive that may come from anybody: nothing is believed before it is checked, nothing is unpacked by name."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _

from accounts.errors import UserError
from projects.archives import manifest
from projects.archives.manifest import Manifest, invalid_archive, read_manifest
from projects.limits import (
    ARCHIVE_BYTES,
    ARCHIVE_CONTENT_BYTES,
    ARCHIVE_ENTRIES,
    ARCHIVE_FREE_BYTES,
    ARCHIVE_JSON_BYTES,
    ARCHIVE_LINE_BYTES,
    ARCHIVE_NAME_BYTES,
    ARCHIVE_RATIO,
    MANIFEST_BYTES,
)

# "End of central directory" of APPNOTE.TXT 4.3.16: signature, disks, entries here and in all, size and place of the
# directory, length of the comment that follows.
_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\x05\x06"
_LOCATOR_SIGNATURE = b"PK\x06\x07"
_ENTRY_SIGNATURE = b"PK\x01\x02"
_DIRECTORY_ENTRY = 46 + ARCHIVE_NAME_BYTES
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ODD = re.compile(r"[\x00-\x1f\x7f\\:]")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, struct.error)


class Reader:
    """An archive whose sizes and names are known to be harmless."""

    def __init__(self, source: IO[bytes]) -> None:
        """Raises UserError: 413 for what is too large, 422 for what is no archive of ours."""
        self._check_end(source)
        try:
            self._zip = zipfile.ZipFile(source)
        except (*_BROKEN, ValueError, UnicodeDecodeError):
            raise invalid_archive(_("it is damaged")) from None
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            _check_entry(info)
            if info.filename in self._entries:
                raise invalid_archive(_("a name is there twice"))
            self._entries[info.filename] = info
        self._check_sizes(source)
        self.manifest: Manifest = read_manifest(self.get_json(manifest.NAME))

    @staticmethod
    def _check_end(source: IO[bytes]) -> None:
        """The directory is looked at before zipfile reads it, for it takes as much memory as the archive says."""
        size = source.seek(0, io.SEEK_END)
        if size > ARCHIVE_BYTES:
            raise _too_large()
        source.seek(max(0, size - _END.size - 0xFFFF))
        tail = source.read()
        place = tail.rfind(_END_SIGNATURE)
        if place < 0 or len(tail) - place < _END.size:
            raise invalid_archive(_("it is no zip file"))
        _s, _disk, _first, here, entries, length, _at, _c = _END.unpack_from(tail, place)
        end = size - len(tail) + place
        # A zip64 directory, which no archive below our limits needs, says so by all bits set or by its locator.
        far = tail[max(0, place - 20) : place].startswith(_LOCATOR_SIGNATURE)
        if far or max(here, entries) > ARCHIVE_ENTRIES or length > ARCHIVE_ENTRIES * _DIRECTORY_ENTRY:
            raise _too_large()
        source.seek(max(0, end - length))
        # zipfile reads as many as there are, whatever their declared number.
        if source.read(length).count(_ENTRY_SIGNATURE) > ARCHIVE_ENTRIES:
            raise _too_large()
        source.seek(0)

    def _check_sizes(self, source: IO[bytes]) -> None:
        stored = source.seek(0, io.SEEK_END)
        content = sum(info.file_size for info in self._entries.values())
        if len(self._entries) > ARCHIVE_ENTRIES or content > ARCHIVE_CONTENT_BYTES:
            raise _too_large()
        # Measured by the whole file: entries that share their bytes would each look modest.
        if content > max(ARCHIVE_FREE_BYTES, stored * ARCHIVE_RATIO):
            raise _too_large()

    def part(self, name: str) -> PartReader:
        return PartReader(self, name)

    def has(self, name: str) -> bool:
        return name in self._entries

    def names(self, prefix: str = "") -> list[str]:
        return sorted(name for name in self._entries if name.startswith(prefix) and not name.endswith("/"))

    def get_json(self, name: str, default: Any = None) -> Any:  # noqa: ANN401  (any JSON)
        info = self._entries.get(name)
        if info is None:
            return default
        if info.file_size > (MANIFEST_BYTES if name == manifest.NAME else ARCHIVE_JSON_BYTES):
            raise _too_large()
        with self.get_stream(name) as stream:
            return _parse(stream.read())

    def get_stream(self, name: str) -> IO[bytes]:
        if name not in self._entries:
            raise invalid_archive(_("a file is missing"))
        try:
            opened = self._zip.open(self._entries[name])
        except (*_BROKEN, ValueError):
            raise invalid_archive(_("it is damaged")) from None
        return io.BufferedReader(_Checked(opened), 64 * 1024)


class PartReader:
    """The folder of one part: projects.parts.ArchiveReader."""

    def __init__(self, reader: Reader, part: str) -> None:
        self._reader = reader
        self._folder = f"{part}/"

    def names(self, prefix: str = "") -> list[str]:
        """Names below the folder that begin so, in order."""
        found = self._reader.names(self._folder + prefix)
        return [name.removeprefix(self._folder) for name in found]

    def get_json(self, name: str, default: Any = None) -> Any:  # noqa: ANN401  (any JSON)
        """The value, or `default` where there is no such file."""
        return self._reader.get_json(self._folder + name, default)

    def get_lines(self, name: str) -> Iterator[Any]:
        """The values of a file with one of them a line; none where there is no such file."""
        if not self._reader.has(self._folder + name):
            return
        with self._reader.get_stream(self._folder + name) as stream:
            while line := stream.readline(ARCHIVE_LINE_BYTES + 1):
                if len(line) > ARCHIVE_LINE_BYTES:
                    raise _too_large()
                if not line.isspace():
                    yield _parse(line)

    def get_stream(self, name: str) -> IO[bytes]:
        """The bytes of a file; raises UserError where there is none."""
        return self._reader.get_stream(self._folder + name)


class _Checked(io.RawIOBase):
    """An entry whose damage is a UserError; it never gives more than the size that was checked."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (as the base has it)
        try:
            data = self._source.read(len(buffer))
        except (*_BROKEN, ValueError):
            raise invalid_archive(_("it is damaged")) from None
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._source.close()
        super().close()


def _check_entry(info: zipfile.ZipInfo) -> None:
    """Raises UserError for a name that is no plain path downwards, for links, and for what cannot be read."""
    name = info.filename
    steps = name.removesuffix("/").split("/")
    # zipfile cuts a name at a NUL; the original one still has it.
    odd = _ODD.search(info.orig_filename) or len(name.encode("utf-8", "replace")) > ARCHIVE_NAME_BYTES
    if odd or any(step in ("", ".", "..") for step in steps):
        raise invalid_archive(_("it has a name that leads elsewhere"))
    if stat.S_ISLNK(info.external_attr >> 16):
        raise invalid_archive(_("it has a link"))
    if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
        raise invalid_archive(_("it is encrypted or compressed in an unusual way"))


def _parse(data: bytes) -> Any:  # noqa: ANN401  (any JSON)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise invalid_archive(_("it holds something that is not JSON")) from None


def _too_large() -> UserError:
    return UserError(
        "archive_too_large",
        _("This archive is larger than the platform takes, or unpacks to more."),
        status=413,
    )
