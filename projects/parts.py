"""What an archive of a project consists of: each app registers the part that it knows how to write and read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Protocol


@dataclass(frozen=True)
class ExportOptions:
    """What an export takes along beside code, releases, schemas, environment (without secrets) and goals."""

    records: bool = True
    files: bool = False


class ArchiveWriter(Protocol):
    """Where parts write to; names are paths below the part's own folder."""

    def put_json(self, name: str, value: object) -> None: ...
    def put_lines(self, name: str, rows: Iterator[object]) -> None: ...
    def put_stream(self, name: str, stream: IO[bytes]) -> None: ...


class ArchiveReader(Protocol):
    """What parts read from. Each raises UserError for content that is no archive of ours; sizes are bounded."""

    def names(self, prefix: str = "") -> list[str]: ...
    def get_json(self, name: str, default: Any = None) -> Any: ...  # noqa: ANN401
    def get_lines(self, name: str) -> Iterator[Any]: ...
    def get_stream(self, name: str) -> IO[bytes]: ...


class Part(Protocol):
    """One app's share. A plain value cannot import the models above it: projects are projects.models.Project."""

    name: str

    def dump(self, project: Any, archive: ArchiveWriter, options: ExportOptions) -> None:  # noqa: ANN401
        """Write what belongs to the project. Never secrets."""

    def load(self, project: Any, archive: ArchiveReader, actor: Any) -> None:  # noqa: ANN401
        """Fill a new, empty project, inside the caller's transaction. Raises UserError for what cannot be taken."""


_parts: dict[str, Part] = {}


def register(part: Part) -> None:
    """A second part of one name raises ValueError."""
    if _parts.setdefault(part.name, part) is not part:
        raise ValueError(f"part '{part.name}' is registered twice")


def registered() -> list[Part]:
    return [_parts[name] for name in sorted(_parts)]
