"""Cursors: where a page ended, as the sort values and the id of its last record."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import UserError
from projects.collections.compiler import is_at, steps_after
from projects.collections.conditions import Kind, Scalar, Sort
from projects.collections.dialects import Sql
from projects.collections.operands import OperandError, as_bool, as_id, as_moment, as_number, as_text
from projects.models import Record

CURSOR_CHARACTERS = 64 * 1024
_CHECKS: dict[Kind, Callable[[object], Scalar]] = {
    Kind.TEXT: as_text,
    Kind.NUMBER: as_number,
    Kind.BOOL: as_bool,
    Kind.ID: as_id,
    Kind.MOMENT: as_moment,
}


def cursor_at(record: Record, sorts: Sequence[Sort]) -> str:
    """A cursor behind this record in a complete order."""
    place = [_spelled(sorts), *(_value_of(record, one) for one in sorts)]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def steps_behind(cursor: str, sorts: Sequence[Sort]) -> list[list[Sql]]:
    """What stands behind a cursor, as one list of conditions for each stretch of the order.

    The stretches follow each other without overlap, and each is one range of an index over the sort's first key:
    first what is level in all keys but the last, at the end what lies behind the first key. Raises UserError.
    """
    values = _read(cursor, sorts)
    found: list[list[Sql]] = []
    for depth in reversed(range(len(sorts))):
        level = [is_at(sort, value) for sort, value in zip(sorts[:depth], values[:depth], strict=True)]
        found += [[*level, step] for step in steps_after(sorts[depth], values[depth])]
    return found


def _read(cursor: str, sorts: Sequence[Sort]) -> list[Scalar | None]:
    try:
        if len(cursor) > CURSOR_CHARACTERS:
            raise ValueError
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(place, list) or len(place) != len(sorts) + 1 or place[0] != _spelled(sorts):
            raise ValueError
        return [_checked(value, sort) for value, sort in zip(place[1:], sorts, strict=True)]
    except (ValueError, OperandError, RecursionError):
        message = _("This cursor does not come from a list in this order.")
        raise UserError("cursor_invalid", message, pointer="/cursor") from None


def _checked(value: object, sort: Sort) -> Scalar | None:
    if value is None and sort.target.kind not in (Kind.ID, Kind.MOMENT):
        return None
    return _CHECKS[sort.target.kind](value)


def _spelled(sorts: Sequence[Sort]) -> str:
    return ",".join(("-" if one.descending else "") + one.target.key for one in sorts)


def _value_of(record: Record, sort: Sort) -> Any:  # noqa: ANN401  (any JSON)
    """What the database sorted this record by."""
    match sort.target.kind:
        case Kind.ID:
            return str(record.pk)
        case Kind.MOMENT:
            moment: datetime = getattr(record, sort.target.key)
            return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case Kind.NUMBER:
            value = record.data.get(sort.target.key)
            return None if value is None else float(value)
        case _:
            value = record.data.get(sort.target.key)
            return value[: sort.length] if isinstance(value, str) and sort.length else value
