"""Files in an archive of a project."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO, Any

from projects.files.project_files import ProjectFiles
from projects.files.store import Opened
from projects.models import Project
from projects.parts import ArchiveReader, ArchiveWriter, ExportOptions

_BELOW = "tree/"
_CHUNK = 256 * 1024


class FilesPart:
    """Folders as a list of paths, files as they are. Only where an export asks for files."""

    name = "files"

    def dump(self, project: Project, archive: ArchiveWriter, options: ExportOptions) -> None:
        if not options.files:
            return
        files = ProjectFiles(project.pk)
        entries = files.list(recursive=True)[:]
        archive.put_json("folders.json", [entry.path for entry in entries if entry.is_dir])
        for entry in entries:
            if not entry.is_dir:
                with files.open(entry.path) as opened:
                    archive.put_stream(_BELOW + entry.path, as_stream(opened))

    def load(self, project: Project, archive: ArchiveReader, actor: Any) -> None:  # noqa: ANN401
        """Nothing is left behind where the import fails: the sweep removes files of projects that never came to be."""
        files = ProjectFiles(project.pk)
        for path in sorted(str(path) for path in archive.get_json("folders.json", [])):
            if not files.exists(path):  # made already, above another one
                files.mkdir(path)
        for name in archive.names(_BELOW):
            with archive.get_stream(name) as stream:
                files.write_stream(name.removeprefix(_BELOW), _chunks(stream))


def as_stream(opened: Opened) -> IO[bytes]:
    """An open file as something that can be read."""
    return io.BufferedReader(_Raw(opened.chunks()), _CHUNK)


class _Raw(io.RawIOBase):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (a writable buffer)
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while data := stream.read(_CHUNK):
        yield data
