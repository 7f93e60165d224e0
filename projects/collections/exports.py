"""Records written out as CSV, JSON or JSON Lines, in portions of bytes: memory does not grow with their number."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator

from projects.choices import DataFormat
from projects.collections.conversions import to_cell
from projects.collections.drafts import flat
from projects.collections.store import STORE, Query
from projects.models import Collection
from projects.schemas import SYSTEM_FIELDS

_PORTION = 64 * 1024
CONTENT_TYPES = {
    DataFormat.CSV: "text/csv; charset=utf-8",
    DataFormat.JSON: "application/json",
    DataFormat.JSONL: "application/x-ndjson",
}


def export_records(
    collection: Collection, query: Query, form: DataFormat, *, bom: bool = False
) -> Iterator[bytes]:
    """What a file of these records holds. Rows come as they are when they are reached: no lock is held meanwhile.

    In CSV a missing value is an empty cell and an empty text is `""`; documents and lists are JSON. Cells are exact:
    a text that a spreadsheet would take for a formula stays as it is.
    """
    lines = _csv(collection, query) if form == DataFormat.CSV else _json(collection, query, form)
    yield from _portions(lines, codecs.BOM_UTF8 if bom and form == DataFormat.CSV else b"")


def _csv(collection: Collection, query: Query) -> Iterator[str]:
    schema = collection.schema
    yield _row([*SYSTEM_FIELDS, *schema.by_key])
    for record in STORE.iterate(collection, query):
        yield _row([to_cell(value) for value in flat(schema, record).values()])


def _row(cells: Iterable[str | None]) -> str:
    """A line as RFC 4180 has it. Python's writer of this version cannot tell a missing value from an empty text."""
    return ",".join(map(_cell, cells)) + "\r\n"


def _cell(text: str | None) -> str:
    if text is None:
        return ""
    plain = text != "" and text == text.strip() and not any(sign in text for sign in ',;\t"\r\n')
    return text if plain else '"' + text.replace('"', '""') + '"'


def _json(collection: Collection, query: Query, form: DataFormat) -> Iterator[str]:
    schema = collection.schema
    listed = form == DataFormat.JSON
    between = "["
    for record in STORE.iterate(collection, query):
        text = json.dumps(flat(schema, record), ensure_ascii=False, separators=(",", ":"))
        yield f"{between}\n{text}" if listed else f"{text}\n"
        between = ","
    if listed:
        yield "[]\n" if between == "[" else "\n]\n"


def _portions(lines: Iterable[str], first: bytes) -> Iterator[bytes]:
    portion = bytearray(first)
    for line in lines:
        portion += line.encode()
        if len(portion) >= _PORTION:
            yield bytes(portion)
            portion.clear()
    if portion:
        yield bytes(portion)
