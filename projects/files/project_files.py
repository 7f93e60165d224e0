"""A project's files as everything above uses them: with the space they take counted and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self
from uuid import UUID

from django.conf import settings

from accounts.errors import NotFoundError, UserError
from projects.files import errors
from projects.files.space import Figures, Reservation, Space
from projects.files.store import Change, Entry, FileStore, Opened, store_of
from projects.limits import TEXT_FILE_BYTES


class Upload:
    """A file that is coming in. Unless it is kept, nothing is left of it after the `with` block."""

    def __init__(self, store: FileStore, reservation: Reservation, limit: int) -> None:
        self._draft = store.draft()
        self._reservation = reservation
        self._limit = limit
        self.size = 0
        reservation.take(0, 1)

    def write(self, data: bytes) -> None:
        """Raises UserError when the file gets too large, the project's space is used up or the disk is full."""
        self.size += len(data)
        if self.size > self._limit:
            raise errors.file_too_large()
        self._reservation.take(len(data))
        self._draft.write(data)

    def finish(self) -> None:
        """Nothing more comes: what was reserved beyond its size is for others."""
        self._reservation.shrink()

    def keep(self, path: str, *, overwrite: bool = False, if_match: str | None = None) -> Entry:
        """Put it at its path, whole and durable. Raises ConflictError, StaleError."""
        change = self._draft.keep(path, overwrite=overwrite, if_match=if_match)
        self._reservation.settle(change)
        return _entry(change)

    def discard(self) -> None:
        """Harmless at any time."""
        try:
            self._draft.discard()
        finally:
            self._reservation.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


class ProjectFiles:
    """Paths are as `projects.names` has them. Everything raises UserError, NotFoundError for what is not there."""

    def __init__(self, project_id: UUID) -> None:
        self.store = store_of(project_id)
        self.space = Space(project_id)

    def stat(self, path: str) -> Entry:
        return self.store.stat(path)

    def exists(self, path: str) -> bool:
        try:
            self.store.stat(path)
        except NotFoundError:
            return False
        return True

    def list(
        self, path: str = "", *, order: str = "name", search: str = "", recursive: bool = False
    ) -> Sequence[Entry]:
        """What is in a folder, folders first; a search looks for names in all that is below it."""
        return self.store.list(path, order=order, search=search, recursive=recursive)

    def figures(self) -> Figures:
        """The space used and allowed. One query."""
        return self.space.figures()

    def open(self, path: str) -> Opened:
        """The caller closes it."""
        return self.store.open(path)

    def read(self, path: str, limit: int) -> tuple[Entry, bytes]:
        """A whole file of at most `limit` bytes."""
        with self.store.open(path) as opened:
            if opened.entry.size > limit:
                raise errors.file_too_large()
            return opened.entry, b"".join(opened.chunks())

    def read_text(self, path: str) -> tuple[Entry, str]:
        """A text file of at most 2 MB. Raises UserError for what is no UTF-8."""
        entry, data = self.read(path, TEXT_FILE_BYTES)
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise errors.not_text() from None
        if "\0" in text:
            raise errors.not_text()
        return entry, text

    def check_free(self, path: str, *, overwrite: bool = False) -> None:
        """Raises ConflictError when a file could not be put there."""
        try:
            there = self.store.stat(path)
        except NotFoundError:
            return
        if there.is_dir or not overwrite:
            raise errors.exists()

    def upload(self, size: int = 0) -> Upload:
        """A new file, of about that size where it is known. Raises UserError when it cannot be taken."""
        if size > settings.STORAGE.upload_limit:
            raise errors.file_too_large()
        reservation = self.space.reserve(size, 1)
        try:
            return Upload(self.store, reservation, settings.STORAGE.upload_limit)
        except UserError:
            reservation.release()
            raise

    def write_stream(
        self, path: str, chunks: Iterable[bytes], *, overwrite: bool = False, if_match: str | None = None
    ) -> Entry:
        """Write a file out of a stream: all of it or, where the stream raises, nothing."""
        with self.upload() as upload:
            for chunk in chunks:
                upload.write(chunk)
            return upload.keep(path, overwrite=overwrite, if_match=if_match)

    def mkdir(self, path: str) -> Entry:
        """Make a folder, with those above it."""
        with self.space.reserved(files=1) as reservation:
            return self._settled(reservation, self.store.mkdir(path))

    def move(self, path: str, new_path: str, *, overwrite: bool = False) -> Entry:
        """Move or rename; folders above the new path are made."""
        with self.space.reserved() as reservation:
            return self._settled(reservation, self.store.move(path, new_path, overwrite=overwrite))

    def copy(self, path: str, new_path: str, *, overwrite: bool = False) -> Entry:
        """Copy a file, or a folder with all that is in it."""
        with self.space.reserved() as reservation:
            change = self.store.copy(path, new_path, overwrite=overwrite, meter=reservation.take)
            return self._settled(reservation, change)

    def delete(self, path: str, *, recursive: bool = False) -> None:
        """Delete a file, an empty folder, or with `recursive` one with all that is in it."""
        with self.space.reserved() as reservation:
            reservation.settle(self.store.delete(path, recursive=recursive))

    def _settled(self, reservation: Reservation, change: Change) -> Entry:
        reservation.settle(change)
        return _entry(change)


def _entry(change: Change) -> Entry:
    assert change.entry is not None  # noqa: S101  (only deletions have none)
    return change.entry
