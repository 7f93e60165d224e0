"""Files of records, read row by row from any row on: CSV and JSON Lines, and lists of JSON made into lines."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import UserError
from accounts.json_text import LongIntegerError, loads
from projects.choices import DataFormat
from projects.collections.conversions import from_cell
from projects.collections.drafts import Flaw, escape
from projects.collections.values import ValueFlawError
from projects.limits import RECORD_BYTES
from projects.models import RecordImport
from projects.schemas import SYSTEM_FIELDS, Schema

# A record as text may be longer than as it is stored, by quotes and escapes.
_LONGEST = 6 * RECORD_BYTES
_PIECE = 64 * 1024
_DELIMITERS = ",;\t"
_NOT_UTF8 = gettext_lazy("The text is not in UTF-8; save the file as CSV in UTF-8.")
# Below the data directory.
FOLDER = "imports"


@dataclass
class Row:
    """One record of a file: where it stands, what it says, and where the next one begins."""

    line: int
    end_offset: int
    end_line: int
    body: Mapping[str, Any] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)


def import_file(row: RecordImport) -> Path:
    """Where the file of an import lies until it is finished."""
    return Path(settings.DATA_DIR) / FOLDER / row.pk.hex


def read_rows(path: Path, form: str, schema: Schema, offset: int = 0, line: int = 0) -> Iterator[Row]:
    """The rows of a file from an `end_offset` and `end_line` on. Raises UserError for what is no such file."""
    with path.open("rb") as file:
        if form == DataFormat.CSV:
            yield from _csv_rows(file, schema, offset, line)
        else:
            file.seek(offset)
            yield from _json_rows(file, offset, line)


def check_start(path: Path, form: str, schema: Schema) -> None:
    """Raises UserError where the first bytes show that a file cannot be read."""
    with path.open("rb") as file:
        if form == DataFormat.CSV:
            _check_header(_open_csv(file)[0], schema)
        elif form == DataFormat.JSON and not file.read(_PIECE).lstrip().startswith(b"["):
            raise UserError("import_not_json", _("The file is no list in JSON."))


class _Lines:
    """Lines of a file as text, counting what was taken: csv takes as many as a row has, and no more."""

    def __init__(self, file: IO[bytes], offset: int, line: int) -> None:
        self._file = file
        self.offset = offset
        self.line = line

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        data = self._file.readline(_LONGEST)
        if not data:
            raise StopIteration
        if len(data) >= _LONGEST:
            raise _too_long(self.line + 1)
        self.offset += len(data)
        self.line += 1
        # What is no UTF-8 becomes lone surrogates, which no value may hold.
        return data.decode("utf-8", "surrogateescape")


def _open_csv(file: IO[bytes]) -> tuple[list[str], _Lines, str]:
    """Header, lines behind it and delimiter."""
    start = file.read(len(codecs.BOM_UTF8))
    offset = len(start) if start == codecs.BOM_UTF8 else 0
    file.seek(offset)
    first = file.readline(_LONGEST).decode("utf-8", "surrogateescape")
    if not _is_utf8(first):
        raise UserError("import_not_utf8", _NOT_UTF8, line=1)
    delimiter = max(_DELIMITERS, key=first.count)
    file.seek(offset)
    lines = _Lines(file, offset, 0)
    header = next(_cells(lines, delimiter), [])
    return [name.strip() for name in header], lines, delimiter


def _is_utf8(text: str) -> bool:
    """Whether text read with surrogateescape held nothing to escape."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _cells(lines: _Lines, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST)
    try:
        yield from csv.reader(lines, delimiter=delimiter, strict=True)
    except csv.Error:
        message = _("Line {line} is no CSV.").format(line=lines.line)
        raise UserError("import_not_csv", message, line=lines.line) from None


def _check_header(header: list[str], schema: Schema) -> None:
    known = {*schema.by_key, *SYSTEM_FIELDS}
    wrong = [name for place, name in enumerate(header) if name not in known or name in header[:place]]
    if wrong or not header or len(set(header)) < len(header):
        shown = ", ".join(name.encode("utf-8", "replace").decode()[:64] for name in wrong[:10])
        message = _("The first line has to name fields of the collection, each once. Wrong: {names}.")
        raise UserError("import_header_invalid", message.format(names=shown or "–"))


def _csv_rows(file: IO[bytes], schema: Schema, offset: int, line: int) -> Iterator[Row]:
    header, lines, delimiter = _open_csv(file)
    _check_header(header, schema)
    if offset:
        file.seek(offset)
        lines.offset, lines.line = offset, line
    begin = lines.line + 1
    for cells in _cells(lines, delimiter):
        if cells:
            yield _csv_row(Row(begin, lines.offset, lines.line), header, cells, schema)
        begin = lines.line + 1


def _csv_row(row: Row, header: list[str], cells: list[str], schema: Schema) -> Row:
    body: dict[str, Any] = {}
    if len(cells) > len(header):
        row.flaws.append(Flaw("", "cells_too_many", _("The line has more cells than the first one.")))
    for name, cell in zip(header, cells, strict=False):
        if not cell.isascii() and not _is_utf8(cell):
            row.flaws.append(Flaw(f"/{escape(name)}", "text_invalid", str(_NOT_UTF8)))
            continue
        one = schema.by_key.get(name)
        try:
            body[name] = from_cell(one, cell) if one else cell or None
        except ValueFlawError as flaw:
            row.flaws.append(Flaw(f"/{escape(name)}", flaw.code, flaw.detail))
    row.body = body
    return row


def _json_rows(file: IO[bytes], offset: int, line: int) -> Iterator[Row]:
    while data := file.readline(_LONGEST):
        if len(data) >= _LONGEST:
            raise _too_long(line + 1)
        offset, line = offset + len(data), line + 1
        if line == 1:
            data = data.removeprefix(codecs.BOM_UTF8)
        if data.strip():
            yield _json_row(Row(line, offset, line), data)


def _json_row(row: Row, data: bytes) -> Row:
    try:
        body = loads(data)
    except LongIntegerError as error:
        row.flaws.append(Flaw("", "out_of_range", str(error)))
        return row
    except ValueError:
        row.flaws.append(Flaw("", "import_not_json", _("This line is no JSON.")))
        return row
    if isinstance(body, dict):
        row.body = body
    else:
        row.flaws.append(Flaw("", "type_wrong", _("A record is an object.")))
    return row


def split_list(source: Path, target: Path) -> None:
    """Write a JSON list as one line for each of its parts. Raises UserError `import_not_json`."""
    with source.open("rb") as file, target.open("wb") as lines:
        for part in _list_parts(file):
            lines.write(json.dumps(part, separators=(",", ":")).encode() + b"\n")


def _list_parts(file: IO[bytes]) -> Iterator[Any]:
    """The parts of a JSON list; holds one of them and a piece of the file at a time."""
    decode = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape").decode
    parse = json.JSONDecoder().raw_decode
    buffer, number, opened = "", 0, False
    while True:
        data = file.read(_PIECE)
        buffer += decode(data, final=not data)
        while buffer := buffer.lstrip(" \t\r\n"):
            if not opened:
                buffer, opened = _after(buffer, "[", number), True
                continue
            if buffer[0] == "]":
                return
            if number and buffer[0] != ",":
                raise _not_json(number)
            text = buffer.removeprefix(",").lstrip(" \t\r\n") if number else buffer
            part, end = _part(parse, text)
            # What ends with the buffer may go on in the next piece.
            if end is None or (end == len(text) and data):
                break
            yield part
            buffer, number = text[end:], number + 1
        if not data or len(buffer) > _LONGEST:
            raise _not_json(number)


def _part(parse: Any, text: str) -> tuple[Any, int | None]:  # noqa: ANN401  (a bound method)
    try:
        return parse(text)  # type: ignore[no-any-return]
    except (ValueError, RecursionError):
        return None, None


def _after(text: str, sign: str, number: int) -> str:
    if not text.startswith(sign):
        raise _not_json(number)
    return text[len(sign) :]


def _not_json(number: int) -> UserError:
    message = _("The file is no list in JSON; record {number} cannot be read.").format(number=number + 1)
    return UserError("import_not_json", message, line=number + 1)


def _too_long(line: int) -> UserError:
    message = _("Line {line} is too long.").format(line=line)
    return UserError("import_line_too_long", message, line=line)
