"""The narrow interface behind which a project's files are kept, whoever keeps them."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

# Told before so many bytes and files more are written; raises UserError to stop it.
Meter = Callable[[int, int], None]

# By name, so that only the chosen one is loaded: boto3 weighs 30 MB.
_DRIVERS = {"local": "projects.files.local.LocalStore", "s3": "projects.files.s3.S3Store"}
# Python's own table: an answer must not depend on what the machine has in /etc.
_TYPES = mimetypes.MimeTypes()
_TYPES.add_type("image/webp", ".webp")
_TYPES.add_type("text/markdown", ".md")
_TYPES.add_type("application/yaml", ".yaml")
_TYPES.add_type("application/yaml", ".yml")
_TYPES.add_type("font/woff2", ".woff2")
UNKNOWN_TYPE = "application/octet-stream"


def mime_type(name: str) -> str:
    """What a file of this name most likely is."""
    kind, encoding = _TYPES.guess_type(name, strict=False)
    return UNKNOWN_TYPE if encoding or kind is None else kind


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder. `etag` is in quotes and changes with the content; that of a folder is empty."""

    path: str
    is_dir: bool
    size: int
    updated_at: datetime
    etag: str = ""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def mime_type(self) -> str:
        return "" if self.is_dir else mime_type(self.name)


@dataclass(frozen=True, slots=True)
class Change:
    """What an operation did to the space: bytes and files (folders count too) more than before, maybe below 0."""

    bytes: int = 0
    files: int = 0
    entry: Entry | None = None


class Opened(Protocol):
    """A file as it was when it was opened."""

    entry: Entry

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`. Raises UserError."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Draft(Protocol):
    """A file that is being written: nobody sees it before `keep`, and nothing is left of it after `discard`."""

    def write(self, data: bytes) -> None: ...

    def keep(self, path: str, *, overwrite: bool = False, if_match: str | None = None) -> Change:
        """Put it at its path, all at once and durable; missing folders are made.

        Raises ConflictError when something is there that may not be replaced, StaleError when what is there is not
        what `if_match` names.
        """

    def discard(self) -> None:
        """Harmless at any time, also after `keep`."""


class FileStore(Protocol):
    """The files of one project. Paths are as `projects.names` has them, the root is "".

    Everything raises UserError; NotFoundError for what is not there.
    """

    def __init__(self, project_id: UUID) -> None: ...

    def stat(self, path: str) -> Entry: ...

    def list(
        self, path: str = "", *, order: str = "name", search: str = "", recursive: bool = False
    ) -> Sequence[Entry]:
        """What is in a folder, folders first. A search looks for names in all that is below it.

        `order` is one of ORDERS. Where it is by name, only the slices that are asked for cost anything.
        """

    def open(self, path: str) -> Opened: ...

    def draft(self) -> Draft: ...

    def mkdir(self, path: str) -> Change: ...

    def move(self, path: str, new_path: str, *, overwrite: bool = False) -> Change: ...

    def copy(self, path: str, new_path: str, *, overwrite: bool = False, meter: Meter) -> Change: ...

    def delete(self, path: str, *, recursive: bool = False) -> Change: ...

    def usage(self) -> Change:
        """All bytes and files, counted."""

    def sweep(self, before: datetime) -> int:
        """Remove what killed processes have left before that time; how many things these were."""

    def holds_anything(self) -> bool:
        """Whether `destroy` would find anything, unfinished files included."""

    def destroy(self) -> None:
        """Remove everything of the project."""


ORDERS = ("name", "-name", "size", "-size", "updated_at", "-updated_at")


def sorted_entries(entries: list[Entry], order: str) -> list[Entry]:
    """In one of ORDERS, folders first, equal ones by path."""
    entries.sort(key=lambda entry: name_key(entry.path))
    key = order.removeprefix("-")
    backwards = order.startswith("-")
    if key == "name":
        entries.sort(key=lambda entry: name_key(entry.path), reverse=backwards)
    elif key == "size":
        entries.sort(key=lambda entry: entry.size, reverse=backwards)
    else:
        entries.sort(key=lambda entry: entry.updated_at, reverse=backwards)
    entries.sort(key=lambda entry: not entry.is_dir)
    return entries


def name_key(path: str) -> tuple[str, str]:
    """Sorts as people expect it, and never two alike."""
    return path.casefold(), path


def store_of(project_id: UUID) -> FileStore:
    """The configured store for one project."""
    driver: type[FileStore] = import_string(_DRIVERS[settings.STORAGE.driver])
    return driver(project_id)
