"""The log of a run on disk: `[YYYY-MM-DD HH:MM:SS.mmm] [LEVEL] message`, further lines of a message indented.

A run's log is a directory of segments, each named by the position in the whole log that it begins at. So a cursor
is one number, valid as long as its segment is kept.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

SEGMENT_BYTES = 10 * 1024 * 1024
SEGMENTS = 3
SCAN_BYTES = 4 * 1024 * 1024  # one answer reads no more than this
HEAD = re.compile(rb"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})\] \[([A-Z]+)\] ?(.*)", re.DOTALL)
INDENT = "    "


@dataclass(frozen=True)
class Line:
    """One message; `cursor` is where the next one begins."""

    time: str
    level: str
    message: str
    cursor: int


@dataclass(frozen=True)
class Page:
    lines: list[Line]
    cursor: int  # read on from here
    start: int  # where this page begins, for reading backwards
    end: int  # present length of the log


def directory(project_id: UUID, run_id: UUID) -> Path:
    return Path(settings.LOG_ROOT) / str(project_id) / str(run_id)


def kept(project_id: UUID) -> list[UUID]:
    """The runs of a project that have a log."""
    found: list[UUID] = []
    with suppress(FileNotFoundError):
        for path in (Path(settings.LOG_ROOT) / str(project_id)).iterdir():
            with suppress(ValueError):  # put there by somebody else
                found.append(UUID(path.name))
    return found


def clear(project_id: UUID, run_id: UUID) -> None:
    """Remove the log of a run."""
    shutil.rmtree(directory(project_id, run_id), ignore_errors=True)


def clear_project(project_id: UUID) -> None:
    shutil.rmtree(Path(settings.LOG_ROOT) / str(project_id), ignore_errors=True)


class Writer:
    """Appends to one run's log; one per run, in the node that holds it."""

    def __init__(self, project_id: UUID, run_id: UUID) -> None:
        self._directory = directory(project_id, run_id)
        self._directory.mkdir(parents=True, exist_ok=True)
        segments = _segments(self._directory)
        last = segments[-1] if segments else self._directory / _name(0)
        self._start = int(last.stem)
        self._file = last.open("ab", buffering=0)
        self._size = self._file.tell()
        self.lost = 0

    def write(self, level: str, message: str) -> None:
        """Add one message; a full disk loses the line and counts it instead of raising."""
        if self.lost:
            lost, self.lost = self.lost, 0
            self.write("warn", f"{lost} lines were lost: the log could not be written")
            if self.lost:
                self.lost += lost
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        # An indented continuation cannot be mistaken for a line of its own.
        text = message.replace("\r", "").replace("\n", "\n" + INDENT)
        data = f"[{stamp}] [{level.upper()}] {text}\n".encode("utf-8", "replace")
        try:
            if self._size + len(data) > SEGMENT_BYTES:
                self._rotate()
            self._size += self._file.write(data)
        except OSError:
            self.lost += 1

    def _rotate(self) -> None:
        self._file.close()
        self._start += self._size
        self._file = (self._directory / _name(self._start)).open("ab", buffering=0)
        self._size = 0
        for old in _segments(self._directory)[:-SEGMENTS]:
            old.unlink(missing_ok=True)

    def close(self) -> None:
        self._file.close()


def _name(start: int) -> str:
    return f"{start:020d}.log"


def _segments(path: Path) -> list[Path]:
    return sorted(path.glob("*.log"))


def bounds(path: Path) -> tuple[int, int]:
    """First and past-the-last position that the log holds."""
    segments = _segments(path)
    if not segments:
        return 0, 0
    return int(segments[0].stem), int(segments[-1].stem) + segments[-1].stat().st_size


def read(
    path: Path,
    *,
    cursor: int | None = None,
    before: int | None = None,
    limit: int = 200,
    level: str = "",
    search: str = "",
) -> Page:
    """A page of messages from `cursor` on, or the last ones up to `before`, or without both the newest.

    `level` keeps messages of that level and above, `search` those that contain the text, case ignored.
    """
    first, end = bounds(path)
    wanted = _Filter(level, search)
    if cursor is not None:
        start = min(max(cursor, first), end)
        lines, after = _collect(path, start, end, limit, wanted)
        return Page(lines, after, start, end)
    stop = min(end if before is None else before, end)
    return _read_back(path, first, stop, end, limit, wanted)


def _collect(path: Path, start: int, end: int, limit: int, wanted: _Filter) -> tuple[list[Line], int]:
    lines: list[Line] = []
    after = start
    for line in _messages(path, start, end):
        after = line.cursor
        if wanted.keeps(line):
            lines.append(line)
        if len(lines) >= limit or after - start > SCAN_BYTES:
            break
    return lines, after


def _read_back(path: Path, first: int, stop: int, end: int, limit: int, wanted: _Filter) -> Page:
    """The last `limit` messages before `stop`, looked for in windows that double."""
    window = 65536
    while True:
        start = max(first, stop - window)
        lines = [line for line in _messages(path, start, stop, skip=start > first) if wanted.keeps(line)]
        if len(lines) >= limit or start == first or window >= SCAN_BYTES:
            kept = lines[-limit:]
            begins = start if len(lines) <= limit else lines[-limit - 1].cursor
            return Page(kept, stop, begins, end)
        window *= 2


def _messages(path: Path, start: int, end: int, *, skip: bool = False) -> Iterator[Line]:
    """Messages between two positions; `skip` leaves out the first, which may be cut."""
    head: bytes | None = None
    body: list[bytes] = []
    position = start
    for raw in _raw_lines(path, start, end):
        if HEAD.match(raw):
            if head is not None:
                yield _line(head, body, position)
            elif skip:
                skip = False
            head, body = raw, []
        elif head is not None:
            body.append(raw)
        position += len(raw)
    if head is not None:
        yield _line(head, body, position)


def _raw_lines(path: Path, start: int, end: int) -> Iterator[bytes]:
    """Whole lines between two positions; a last line without its end is still being written and left for later."""
    for segment in _segments(path):
        begins = int(segment.stem)
        try:
            with segment.open("rb") as file:
                size = file.seek(0, 2)
                if begins + size <= start or begins >= end:
                    continue
                file.seek(max(0, start - begins))
                while begins + file.tell() < end:
                    line = file.readline()
                    if not line:
                        break
                    if not line.endswith(b"\n"):
                        return
                    yield line
        except FileNotFoundError:  # rotated away meanwhile
            continue


def _line(head: bytes, body: list[bytes], cursor: int) -> Line:
    match = HEAD.match(head)
    assert match is not None  # noqa: S101  (the caller looked)
    rest = [part.decode("utf-8", "replace").removeprefix(INDENT) for part in body]
    message = (match[3].decode("utf-8", "replace") + "".join(rest)).rstrip("\n")
    return Line(match[1].decode(), match[2].decode().lower(), message, cursor)


class _Filter:
    LEVELS = ("debug", "info", "warn", "error")

    def __init__(self, level: str, search: str) -> None:
        self._levels = self.LEVELS[self.LEVELS.index(level) :] if level in self.LEVELS else ()
        self._search = search.lower()

    def keeps(self, line: Line) -> bool:
        if self._levels and line.level not in self._levels:
            return False
        return not self._search or self._search in line.message.lower()


def download(path: Path) -> Iterator[bytes]:
    """The whole log as it is kept, in chunks."""
    for segment in _segments(path):
        try:
            with segment.open("rb") as file:
                while chunk := file.read(262144):
                    yield chunk
        except FileNotFoundError:
            continue
