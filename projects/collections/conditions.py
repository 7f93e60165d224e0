"""What a checked filter and a checked order are: plain values between the grammar and the databases' SQL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from projects.choices import FieldType

# Multi-line text is ordered by its beginning, so that a cursor, which carries the values, fits into an address.
SORTED_CHARACTERS = 200


class Kind(StrEnum):
    """How values are stored and compared; several types of fields share one."""

    TEXT = "text"
    NUMBER = "number"
    BOOL = "bool"
    OPTIONS = "options"
    DOCUMENT = "document"
    ID = "id"
    MOMENT = "moment"


class Operator(StrEnum):
    """What a condition asks of a value. The complements (`ne`, `nin` …) are these within `Not`."""

    EQ = "eq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    CONTAINS = "contains"
    STARTS_WITH = "startsWith"
    ENDS_WITH = "endsWith"


KINDS = {
    **dict.fromkeys(FieldType.values, Kind.TEXT),
    FieldType.NUMBER: Kind.NUMBER,
    FieldType.FLOAT: Kind.NUMBER,
    FieldType.BOOL: Kind.BOOL,
    FieldType.MULTISELECT: Kind.OPTIONS,
    FieldType.DOCUMENT: Kind.DOCUMENT,
}
# Kinds of single values, which have an order and may have an index.
ORDERED_KINDS = frozenset({Kind.TEXT, Kind.NUMBER, Kind.BOOL, Kind.ID, Kind.MOMENT})

ORDER_OPERATORS = frozenset({Operator.GT, Operator.GTE, Operator.LT, Operator.LTE})
EQUAL_OPERATORS = frozenset({Operator.EQ, Operator.IN})
TEXT_OPERATORS = frozenset({Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH})
OPERATORS: dict[Kind, frozenset[Operator]] = {
    Kind.TEXT: EQUAL_OPERATORS | ORDER_OPERATORS | TEXT_OPERATORS,
    Kind.NUMBER: EQUAL_OPERATORS | ORDER_OPERATORS,
    Kind.BOOL: EQUAL_OPERATORS,
    Kind.OPTIONS: EQUAL_OPERATORS | {Operator.CONTAINS},
    Kind.DOCUMENT: frozenset(),
    Kind.ID: EQUAL_OPERATORS | ORDER_OPERATORS,
    Kind.MOMENT: EQUAL_OPERATORS | ORDER_OPERATORS,
}

Scalar = str | float | bool
Value = Scalar | tuple[Scalar, ...]


@dataclass(frozen=True)
class Target:
    """What is looked at: a field, or with `path` a place in a document, or one of the record's own columns.

    At a place in a document, only a JSON value of this very kind is seen; others count as missing.
    """

    key: str
    kind: Kind
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Compare:
    """False where the value is missing."""

    target: Target
    operator: Operator
    value: Value


@dataclass(frozen=True)
class Exists:
    """Whether there is a value that is not null."""

    target: Target


@dataclass(frozen=True)
class Not:
    """The exact complement."""

    item: Filter


@dataclass(frozen=True)
class AllOf:
    items: tuple[Filter, ...]


@dataclass(frozen=True)
class AnyOf:
    items: tuple[Filter, ...]


Filter = Compare | Exists | Not | AllOf | AnyOf


@dataclass(frozen=True)
class Sort:
    """One key of an order: missing values first, or last where descending. `length` cuts long text."""

    target: Target
    descending: bool = False
    length: int | None = None


def both(first: Filter | None, second: Filter | None) -> Filter | None:
    """What holds where both hold; None holds everywhere."""
    given = tuple(one for one in (first, second) if one is not None)
    return AllOf(given) if len(given) > 1 else next(iter(given), None)
