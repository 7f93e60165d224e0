"""What the databases spell differently. Keys and ids are literals, for only then are partial indexes over
expressions found; each is checked here, and values never come near the text of a statement."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from projects.collections.conditions import Kind, Scalar, Target
from projects.collections.moments import moment_of

TABLE = "projects_record"
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_STEP = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Sql(NamedTuple):
    """A piece of a statement with its parameters in their order."""

    text: str
    params: tuple[Any, ...] = ()


class Dialect(ABC):
    """Expressions over the table of records, whose columns are unqualified: the table stands alone."""

    # What makes an ascending order begin with missing values, and a descending one end with them.
    missing_first = ""
    missing_last = ""
    # How JSON text is handed to the column of data.
    json_parameter = "%s"

    @abstractmethod
    def collection(self, pk: UUID) -> str:
        """The condition that a record is one of this collection, as indexes have it, too."""

    @abstractmethod
    def value(self, target: Target) -> str:
        """The value of a target, NULL where it is missing or of another kind."""

    @abstractmethod
    def given(self, kind: Kind, value: Scalar) -> Sql:
        """A value of the caller as a parameter that compares with values of this kind."""

    @abstractmethod
    def has_any(self, target: Target, options: Sequence[object]) -> Sql:
        """Whether a list of options holds one of these."""

    @abstractmethod
    def same_options(self, target: Target, options: Sequence[object]) -> Sql:
        """Whether a list of options is this list."""

    @abstractmethod
    def position(self, text: str) -> str:
        """Where a parameter begins in a text, from 1; 0 where it does not occur."""

    @abstractmethod
    def tail(self, text: str, length: int) -> str:
        """The last characters of a text."""

    @abstractmethod
    def head(self, text: str, length: int) -> str:
        """The first characters of a text."""

    @abstractmethod
    def read_id(self, column: Any) -> UUID:  # noqa: ANN401  (what the driver gives)
        """An id as a driver's row has it."""

    @abstractmethod
    def read_moment(self, column: Any) -> datetime:  # noqa: ANN401  (what the driver gives)
        """A time as a driver's row has it."""

    def unordered(self, expression: str) -> str:
        """The same value, in a form that makes the planner look for an index by the conditions only."""
        return expression


class Sqlite(Dialect):
    def collection(self, pk: UUID) -> str:
        return f"\"collection_id\" = '{pk.hex}'"

    def value(self, target: Target) -> str:
        if target.kind in (Kind.ID, Kind.MOMENT):
            return f'"{_key(target.key)}"'
        path = self._path(target)
        plain = f'json_extract("data", {path})'
        if not target.path:
            return plain
        kind = f'json_type("data", {path})'
        match target.kind:
            case Kind.TEXT:
                return f"(CASE WHEN {kind} = 'text' THEN {plain} END)"
            case Kind.NUMBER:
                return f"(CASE WHEN {kind} IN ('integer', 'real') THEN {plain} END)"
            case Kind.BOOL:
                return f"(CASE WHEN {kind} IN ('true', 'false') THEN {plain} END)"
            case _:
                return plain

    def given(self, kind: Kind, value: Scalar) -> Sql:
        match kind:
            case Kind.NUMBER:
                # Read by the same routine as the stored number, so that both are rounded alike.
                # (A cast would do, too, but its affinity hides indexes over expressions.)
                return Sql("json_extract(%s, '$')", (repr(value),))
            case Kind.BOOL:
                return Sql("%s", (int(value),))
            case Kind.ID:
                return Sql("%s", (UUID(str(value)).hex,))
            case Kind.MOMENT:
                return Sql("%s", (connection.ops.adapt_datetimefield_value(moment_of(str(value))),))
            case _:
                return Sql("%s", (value,))

    def has_any(self, target: Target, options: Sequence[object]) -> Sql:
        marks = ", ".join(["%s"] * len(options))
        items = f'json_each("data", {self._path(target)})'
        return Sql(f"EXISTS (SELECT 1 FROM {items} WHERE value IN ({marks}))", tuple(options))  # noqa: S608

    def same_options(self, target: Target, options: Sequence[object]) -> Sql:
        # Both lists are written anew, for stored text may spell a character plainly or escaped.
        path = self._path(target)
        stored = f'(SELECT json_group_array(value) FROM json_each("data", {path}))'  # noqa: S608
        given = "(SELECT json_group_array(value) FROM json_each(%s))"
        text = f"(json_type(\"data\", {path}) = 'array' AND {stored} = {given})"
        return Sql(text, (json.dumps(list(options)),))

    def position(self, text: str) -> str:
        return f"instr({text}, %s)"

    def tail(self, text: str, length: int) -> str:
        return f"substr({text}, -{length:d})"

    def head(self, text: str, length: int) -> str:
        return f"substr({text}, 1, {length:d})"

    def read_id(self, column: Any) -> UUID:  # noqa: ANN401  (what the driver gives)
        return UUID(column)

    def read_moment(self, column: Any) -> datetime:  # noqa: ANN401  (what the driver gives)
        moment: datetime = column  # naive: Django's driver reads a column's declared type
        return moment.replace(tzinfo=UTC)

    def unordered(self, expression: str) -> str:
        return f"+{expression}"

    def _path(self, target: Target) -> str:
        return "'$" + "".join(f'."{step}"' for step in _steps(target)) + "'"


class Postgres(Dialect):
    missing_first = " NULLS FIRST"
    missing_last = " NULLS LAST"
    json_parameter = "%s::jsonb"

    def collection(self, pk: UUID) -> str:
        return f"\"collection_id\" = '{pk}'::uuid"

    def value(self, target: Target) -> str:
        if target.kind in (Kind.ID, Kind.MOMENT):
            return f'"{_key(target.key)}"'
        item, text = self._json(target), self._text(target)
        match target.kind:
            case Kind.TEXT if target.path:
                return f"((CASE WHEN jsonb_typeof({item}) = 'string' THEN {text} END) COLLATE \"C\")"
            case Kind.TEXT:
                return f'({text} COLLATE "C")'
            case Kind.NUMBER:
                # Rows of other collections have anything under this key: a cast must not meet them.
                return f"(CASE WHEN jsonb_typeof({item}) = 'number' THEN {text}::double precision END)"
            case Kind.BOOL:
                return f"(CASE WHEN jsonb_typeof({item}) = 'boolean' THEN {text}::boolean END)"
            case _:
                return text

    def given(self, kind: Kind, value: Scalar) -> Sql:
        match kind:
            case Kind.NUMBER:
                return Sql("%s::double precision", (value,))
            case Kind.ID:
                return Sql("%s::uuid", (str(value),))
            case Kind.MOMENT:
                return Sql("%s::timestamptz", (moment_of(str(value)),))
            case _:
                return Sql("%s", (value,))

    def has_any(self, target: Target, options: Sequence[object]) -> Sql:
        return Sql(f"({self._json(target)} ?| %s::text[])", (list(options),))

    def same_options(self, target: Target, options: Sequence[object]) -> Sql:
        return Sql(f"({self._json(target)} = to_jsonb(%s::text[]))", (list(options),))

    def position(self, text: str) -> str:
        return f"strpos({text}, %s)"

    def tail(self, text: str, length: int) -> str:
        return f"right({text}, {length:d})"

    def head(self, text: str, length: int) -> str:
        return f"left({text}, {length:d})"

    def read_id(self, column: Any) -> UUID:  # noqa: ANN401  (what the driver gives)
        pk: UUID = column
        return pk

    def read_moment(self, column: Any) -> datetime:  # noqa: ANN401  (what the driver gives)
        moment: datetime = column
        return moment

    def _json(self, target: Target) -> str:
        return '("data"' + "".join(f" -> '{step}'" for step in _steps(target)) + ")"

    def _text(self, target: Target) -> str:
        *ways, last = _steps(target)
        return '("data"' + "".join(f" -> '{step}'" for step in ways) + f" ->> '{last}')"


_DIALECTS: dict[str, Dialect] = {"sqlite": Sqlite(), "postgresql": Postgres()}


@cache
def dialect() -> Dialect:
    """Of the database that is configured, which stays the same while the process lives."""
    return _DIALECTS[connection.vendor]


def _steps(target: Target) -> list[str]:
    """The keys that lead to a value; raises ValueError for one that may not stand in a literal."""
    if not all(_STEP.fullmatch(step) for step in target.path):
        raise ValueError("not a path of plain keys")
    return [_key(target.key), *target.path]


def _key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError("not the key of a field")
    return key
