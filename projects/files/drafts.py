"""Local files while they are read or written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from projects.files import trees
from projects.files.errors import system_errors
from projects.files.store import Change, Entry

_CHUNK = 256 * 1024

# Folder of the draft, its name there, path, overwrite, if_match.
Keep = Callable[[int, str, str, bool, str | None], Change]


class LocalDraft:
    """A file in the temporary folder, whose descriptor it owns."""

    def __init__(self, folder: int, keep: Keep) -> None:
        self._folder: int | None = folder
        self._keep = keep
        self._name = trees.new_name()
        self._handle = -1
        try:
            self._handle = trees.create_file(folder, self._name)
        except OSError:
            os.close(folder)
            raise

    def write(self, data: bytes) -> None:
        with system_errors():
            trees.write_all(self._handle, data)

    def keep(self, path: str, *, overwrite: bool = False, if_match: str | None = None) -> Change:
        assert self._folder is not None  # noqa: S101  (kept or discarded once)
        with system_errors():
            trees.touch(self._handle)
            os.fsync(self._handle)
        change = self._keep(self._folder, self._name, path, overwrite, if_match)
        self.discard()
        return change

    def discard(self) -> None:
        if self._folder is None:
            return
        folder, self._folder = self._folder, None
        try:
            os.close(self._handle)
            trees.remove(folder, self._name)
        finally:
            os.close(folder)


class LocalOpened:
    """An open file, whose descriptor it owns; renames and deletions meanwhile do not matter."""

    def __init__(self, handle: int, entry: Entry) -> None:
        self.entry = entry
        self._handle: int | None = handle

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        stop = self.entry.size if stop is None else stop
        while start < stop and self._handle is not None:
            with system_errors():
                data = os.pread(self._handle, min(_CHUNK, stop - start), start)
            if not data:
                return
            start += len(data)
            yield data

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
