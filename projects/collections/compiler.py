"""Conditions and orders as SQL of the configured database."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from projects.collections.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Exists,
    Filter,
    Kind,
    Not,
    Operator,
    Scalar,
    Sort,
    Target,
)
from projects.collections.dialects import Dialect, Sql, dialect

NEVER = Sql("1 = 0")
_SIGNS = {
    Operator.EQ: "=",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
}
_LAST_CHARACTER = "\U0010ffff"


def where(condition: Filter) -> Sql:
    """A condition that is true exactly for the records that the filter matches."""
    return _compile(dialect(), condition, False)


def order_by(sorts: Sequence[Sort]) -> str:
    """The keys of an order that `complete` has made whole."""
    spoken = dialect()
    return ", ".join(_order_term(spoken, one) for one in sorts)


def complete(sorts: Sequence[Sort]) -> tuple[Sort, ...]:
    """The order ended by the id, so that no two records are level; nothing stands behind the id."""
    for place, one in enumerate(sorts):
        if one.target.kind is Kind.ID:
            return tuple(sorts[: place + 1])
    return (*sorts, Sort(Target("id", Kind.ID), bool(sorts) and sorts[-1].descending))


def is_at(sort: Sort, value: Scalar | None) -> Sql:
    """Whether a record's sort value is this one."""
    spoken = dialect()
    expression = sort_value(spoken, sort)
    if value is None:
        return Sql(f"{expression} IS NULL")
    given = spoken.given(sort.target.kind, value)
    return Sql(f"{expression} = {given.text}", given.params)


def steps_after(sort: Sort, value: Scalar | None) -> list[Sql]:
    """Where an order goes on behind a value, as ranges of an index, one after the other."""
    spoken = dialect()
    expression = sort_value(spoken, sort)
    never_missing = sort.target.kind in (Kind.ID, Kind.MOMENT)
    if value is None:
        return [] if sort.descending else [Sql(f"{expression} IS NOT NULL")]
    given = spoken.given(sort.target.kind, value)
    beyond = Sql(f"{expression} {'<' if sort.descending else '>'} {given.text}", given.params)
    if sort.descending and not never_missing:
        return [beyond, Sql(f"{expression} IS NULL")]
    return [beyond]


def sort_value(spoken: Dialect, sort: Sort) -> str:
    expression = spoken.value(sort.target)
    return spoken.head(expression, sort.length) if sort.length else expression


def _order_term(spoken: Dialect, sort: Sort) -> str:
    expression = sort_value(spoken, sort)
    if sort.target.kind in (Kind.ID, Kind.MOMENT):
        return f"{expression} {'DESC' if sort.descending else 'ASC'}"
    missing = spoken.missing_last if sort.descending else spoken.missing_first
    return f"{expression} {'DESC' if sort.descending else 'ASC'}{missing}"


def _compile(spoken: Dialect, node: Filter, negated: bool) -> Sql:
    """Negation goes down to the leaves. Above them, a NULL counts as false, which AND, OR and WHERE preserve,
    so that a plain comparison stays one that an index answers."""
    match node:
        case Not(item):
            return _compile(spoken, item, not negated)
        case AllOf(items):
            return _joined(spoken, items, negated, "OR" if negated else "AND")
        case AnyOf(items):
            return _joined(spoken, items, negated, "AND" if negated else "OR")
        case Exists(target):
            return Sql(f"{spoken.value(target)} IS {'' if negated else 'NOT '}NULL")
        case Compare():
            leaf = _leaf(spoken, node)
            return Sql(f"({leaf.text}) IS NOT TRUE", leaf.params) if negated else leaf


def _joined(spoken: Dialect, items: Sequence[Filter], negated: bool, word: str) -> Sql:
    if not items:
        return NEVER if word == "OR" else Sql("1 = 1")
    parts = [_compile(spoken, item, negated) for item in items]
    text = f" {word} ".join(part.text for part in parts)
    return Sql(f"({text})", tuple(param for part in parts for param in part.params))


def _leaf(spoken: Dialect, node: Compare) -> Sql:
    target, operator, value = node.target, node.operator, node.value
    if target.kind is Kind.OPTIONS:
        return _options_leaf(spoken, target, operator, value if isinstance(value, tuple) else (value,))
    if operator is Operator.IN:
        return _in(spoken, target, value if isinstance(value, tuple) else (value,))
    if operator in _TEXT_LEAVES:
        return _TEXT_LEAVES[operator](spoken, spoken.value(target), str(value))
    if isinstance(value, tuple):
        raise TypeError("only IN compares with several values")
    given = spoken.given(target.kind, value)
    return Sql(f"{spoken.value(target)} {_SIGNS[operator]} {given.text}", given.params)


def _options_leaf(spoken: Dialect, target: Target, operator: Operator, options: tuple[Scalar, ...]) -> Sql:
    if operator is Operator.EQ:
        return spoken.same_options(target, options)
    return spoken.has_any(target, options) if options else NEVER


def _in(spoken: Dialect, target: Target, values: tuple[Scalar, ...]) -> Sql:
    if not values:
        return NEVER
    given = [spoken.given(target.kind, value) for value in values]
    marks = ", ".join(one.text for one in given)
    return Sql(f"{spoken.value(target)} IN ({marks})", tuple(param for one in given for param in one.params))


def _contains(spoken: Dialect, expression: str, text: str) -> Sql:
    if not text:
        return Sql(f"{expression} IS NOT NULL")
    return Sql(f"{spoken.position(expression)} > 0", (text,))


def _starts_with(_spoken: Dialect, expression: str, text: str) -> Sql:
    """As a range, which an index answers: from the text itself up to where its last character is the next one."""
    end = text_after(text)
    if not text:
        return Sql(f"{expression} IS NOT NULL")
    if not end:
        return Sql(f"{expression} >= %s", (text,))
    return Sql(f"({expression} >= %s AND {expression} < %s)", (text, end))


def _ends_with(spoken: Dialect, expression: str, text: str) -> Sql:
    if not text:
        return Sql(f"{expression} IS NOT NULL")
    return Sql(f"{spoken.tail(expression, len(text))} = %s", (text,))


_TEXT_LEAVES: dict[Operator, Callable[[Dialect, str, str], Sql]] = {
    Operator.CONTAINS: _contains,
    Operator.STARTS_WITH: _starts_with,
    Operator.ENDS_WITH: _ends_with,
}


def text_after(text: str) -> str:
    """The first text above all that begin with this one, by code points; empty where there is none."""
    text = text.rstrip(_LAST_CHARACTER)
    if not text:
        return ""
    following = ord(text[-1]) + 1
    if 0xD800 <= following <= 0xDFFF:
        following = 0xE000
    return text[:-1] + chr(following)
