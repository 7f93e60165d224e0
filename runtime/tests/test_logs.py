from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from runtime import logs


@pytest.fixture
def log(tmp_path: Path, settings: object) -> Iterator[tuple[logs.Writer, Path]]:
    settings.LOG_ROOT = tmp_path  # type: ignore[attr-defined]
    project, run = uuid.uuid4(), uuid.uuid4()
    writer = logs.Writer(project, run)
    yield writer, logs.directory(project, run)
    writer.close()


def test_a_line_has_the_documented_form(log: tuple[logs.Writer, Path]) -> None:
    writer, path = log
    writer.write("info", "hello\nworld")
    text = b"".join(logs.download(path)).decode()
    first, second = text.splitlines()
    assert logs.HEAD.match(first.encode())
    assert first.endswith("[INFO] hello")
    assert second == "    world"


def test_a_message_cannot_forge_a_line(log: tuple[logs.Writer, Path]) -> None:
    writer, path = log
    writer.write("info", "a\n[2026-01-01 00:00:00.000] [ERROR] forged")
    lines = logs.read(path).lines
    assert [line.level for line in lines] == ["info"]
    assert lines[0].message == "a\n[2026-01-01 00:00:00.000] [ERROR] forged"


def test_cursors_page_through_everything_once(log: tuple[logs.Writer, Path]) -> None:
    writer, path = log
    for number in range(25):
        writer.write("info", f"line {number}")
    seen: list[str] = []
    cursor = 0
    while True:
        page = logs.read(path, cursor=cursor, limit=10)
        if not page.lines:
            break
        seen += [line.message for line in page.lines]
        cursor = page.cursor
    assert seen == [f"line {number}" for number in range(25)]


def test_without_a_cursor_the_newest_come_and_before_leads_back(log: tuple[logs.Writer, Path]) -> None:
    writer, path = log
    for number in range(25):
        writer.write("info", f"line {number}")
    newest = logs.read(path, limit=10)
    assert [line.message for line in newest.lines] == [f"line {number}" for number in range(15, 25)]
    earlier = logs.read(path, before=newest.start, limit=10)
    assert [line.message for line in earlier.lines] == [f"line {number}" for number in range(5, 15)]
    writer.write("info", "more")
    assert [line.message for line in logs.read(path, cursor=newest.cursor).lines] == ["more"]


def test_levels_and_search_filter(log: tuple[logs.Writer, Path]) -> None:
    writer, path = log
    for level in ("debug", "info", "warn", "error"):
        writer.write(level, f"The {level} LINE")
    assert [line.level for line in logs.read(path, level="warn").lines] == ["warn", "error"]
    assert [line.level for line in logs.read(path, search="info line").lines] == ["info"]


def test_segments_rotate_and_cursors_stay_true(log: tuple[logs.Writer, Path]) -> None:
    writer, path = log
    with mock.patch.object(logs, "SEGMENT_BYTES", 1000):
        for number in range(200):
            writer.write("info", f"line {number}")
    assert len(list(path.glob("*.log"))) == logs.SEGMENTS
    page = logs.read(path, cursor=0, limit=1000)
    assert page.start > 0
    assert page.lines[-1].message == "line 199"
    numbers = [int(line.message.split()[1]) for line in page.lines]
    assert numbers == list(range(numbers[0], 200))


def test_a_writer_goes_on_where_the_last_one_ended(log: tuple[logs.Writer, Path]) -> None:
    writer, path = log
    writer.write("info", "one")
    other = logs.Writer(uuid.UUID(path.parent.name), uuid.UUID(path.name))
    other.write("info", "two")
    other.close()
    assert [line.message for line in logs.read(path).lines] == ["one", "two"]


def test_a_full_disk_loses_lines_and_says_how_many(log: tuple[logs.Writer, Path]) -> None:
    writer, path = log
    real = writer._file
    writer._file = mock.Mock(write=mock.Mock(side_effect=OSError("disk full")))
    writer.write("info", "lost")
    writer.write("info", "lost too")
    writer._file = real
    writer.write("info", "back")
    messages = [line.message for line in logs.read(path).lines]
    assert messages[-1] == "back"
    assert "lines were lost" in messages[0]
