"""What filters and orders mean, in plain Python over plain values: the model that the databases must agree with.

It reads the callers' JSON by itself and shares no code with the parser or the compiler.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from projects.models import Record
from projects.schemas import Schema

Row = dict[str, Any]
_OWN = {"id": "ref", "created_at": "datetime", "updated_at": "datetime"}
_TEXTS = {"string", "text", "file", "ref", "date", "datetime", "select"}


def row_of(record: Record) -> Row:
    """A record as one flat object, with its own columns."""
    own = {name: _moment(getattr(record, name).isoformat()) for name in ("created_at", "updated_at")}
    return {"id": str(record.pk), **own, **record.data}


class Reference:
    """Filters and sorts rows of one schema."""

    def __init__(self, schema: Schema, rows: Sequence[Row]) -> None:
        self.types = {**{field.key: field.type for field in schema.fields}, **_OWN}
        self.rows = rows

    def matching(self, raw: Any) -> list[str]:  # noqa: ANN401  (any JSON)
        """Ids of the rows that a filter which was accepted matches, in the order of ids."""
        return sorted(row["id"] for row in self.rows if raw in ({}, [], None) or self.holds(raw, row))

    def ordered(self, names: Sequence[str]) -> list[str]:
        """Ids of all rows in an order such as `["-age", "name"]`."""
        terms = [(name.removeprefix("-"), name.startswith("-")) for name in names]
        last = bool(terms) and terms[-1][1]
        key = functools.cmp_to_key(functools.partial(self._compare, terms=[*terms, ("id", last)]))
        return [row["id"] for row in sorted(self.rows, key=key)]

    def _compare(self, left: Row, right: Row, terms: Sequence[tuple[str, bool]]) -> int:
        for name, descending in terms:
            one, other = self._sortable(name, left), self._sortable(name, right)
            if one != other:
                less = other is not None and (one is None or one < other)
                return 1 if less == descending else -1
        return 0

    def _sortable(self, name: str, row: Row) -> Any:  # noqa: ANN401  (any JSON)
        value = row.get(name)
        return value[:200] if self.types[name] == "text" and value is not None else value

    def holds(self, raw: Any, row: Row) -> bool:  # noqa: ANN401  (any JSON)
        if isinstance(raw, list):
            return all(self.holds(one, row) for one in raw)
        if "field" in raw and ("operator" in raw or "field" not in self.types):
            return self._test(raw["field"], raw.get("operator", "eq"), raw.get("value", True), row)
        return all(self._entry(key, value, row) for key, value in raw.items())

    def _entry(self, key: str, value: Any, row: Row) -> bool:  # noqa: ANN401  (any JSON)
        if key not in self.types:
            match key.removeprefix("$"):
                case "and":
                    return all(self.holds(one, row) for one in value)
                case "or":
                    return any(self.holds(one, row) for one in value)
                case "not":
                    return not self.holds(value, row)
        return self._asked(key, value, row)

    def _asked(self, key: str, value: Any, row: Row) -> bool:  # noqa: ANN401  (any JSON)
        if not isinstance(value, dict):
            return self._test(key, "eq", value, row)
        return all(
            not self._asked(key, inner, row)
            if name.removeprefix("$") == "not"
            else self._test(key, name, inner, row)
            for name, inner in value.items()
        )

    def _test(self, key: str, operator: str, value: Any, row: Row) -> bool:  # noqa: ANN401
        name, *path = key.split(".")
        stored, kind = row.get(name), self.types[name]
        for step in path:
            stored = stored.get(step) if isinstance(stored, dict) else None
        inside = bool(path)
        match operator.removeprefix("$"):
            case "exists" | "isNotNull":
                return (stored is not None) == (value is not False)
            case "isNull":
                return (stored is None) == (value is not False)
            case "ne":
                return not _equal(stored, value, kind, inside)
            case "nin" | "notIn":
                return not _one_of(stored, value, kind, inside)
            case "in":
                return _one_of(stored, value, kind, inside)
            case "eq":
                return _equal(stored, value, kind, inside)
            case plain:
                return _beyond(plain, stored, value, kind, inside)


def _equal(stored: Any, value: Any, kind: str, inside: bool) -> bool:  # noqa: ANN401
    if stored is None or value is None:
        return stored is None and value is None
    return _comparable(stored, value, inside) and stored == _normal(value, kind, inside)


def _one_of(stored: Any, values: Any, kind: str, inside: bool) -> bool:  # noqa: ANN401
    if stored is None:
        return None in values
    if isinstance(stored, list) and not inside:
        return any(one in stored for one in values if one is not None)
    return any(_equal(stored, value, kind, inside) for value in values)


def _beyond(operator: str, stored: Any, value: Any, kind: str, inside: bool) -> bool:  # noqa: ANN401
    if stored is None or not _comparable(stored, value, inside):
        return False
    value = _normal(value, kind, inside)
    match operator:
        case "gt":
            return bool(stored > value)
        case "gte":
            return bool(stored >= value)
        case "lt":
            return bool(stored < value)
        case "lte":
            return bool(stored <= value)
        case "contains":
            return value in stored
        case "startsWith":
            return bool(stored.startswith(value))
        case "endsWith":
            return bool(stored.endswith(value))
    raise AssertionError(f"an operator that should have been refused: {operator}")


def _comparable(stored: Any, value: Any, inside: bool) -> bool:  # noqa: ANN401
    """Inside a document, values of different JSON types are never equal nor in any order."""
    return not inside or _json_type(stored) == _json_type(value)


def _json_type(value: Any) -> str:  # noqa: ANN401  (any JSON)
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else type(value).__name__


def _normal(value: Any, kind: str, inside: bool) -> Any:  # noqa: ANN401  (any JSON)
    if inside or kind not in _TEXTS:
        return value
    if kind == "ref":
        return str(uuid.UUID(value))
    return _moment(value) if kind == "datetime" else value


def _moment(text: str) -> str:
    text = text.upper().replace("Z", "+00:00")
    whole, zone = text[:19], text[-6:]
    fraction = text[19:-6].removeprefix(".")[:6].ljust(6, "0")
    moment = datetime.fromisoformat(f"{whole}.{fraction}{zone}").astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
