"""The grammar of filters and orders: what callers send, checked against a schema, as conditions.

Two spellings mean the same and may be mixed: objects `{"age": {"$gt": 5}}` and lists of conditions
`[{"field": "age", "operator": "gt", "value": 5}]`. docs/rest/filters.md has the whole of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import UserError
from projects.choices import FieldType
from projects.collections.conditions import (
    KINDS,
    OPERATORS,
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
    both,
)
from projects.collections.operands import OperandError, as_text, from_text, operand, operand_inside
from projects.collections.sorts import parse_sort
from projects.schemas import SYSTEM_FIELDS, Schema

__all__ = ["Filter", "Sort", "both", "parse_filter", "parse_filter_text", "parse_params", "parse_sort"]

DEPTH = 8
CONDITIONS = 100
VALUES = 1000
# SQLite takes 32 766 parameters in one statement.
ALL_VALUES = 10_000
FILTER_CHARACTERS = 100_000
PATH_DEPTH = 8

_STEP = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PARAMETER = re.compile(r"filter\[([^\[\]]{1,600})\](?:\[([^\[\]]{1,40})\])?")
_GROUPS = ("and", "or", "not")
_CONDITION_KEYS = {"field", "operator", "value"}
_ABSENT: Any = object()

# Each spelling of an operator: what is asked, and whether the complement is meant.
_COMPARISONS = {
    **{operator.value: (operator, False) for operator in Operator},
    "ne": (Operator.EQ, True),
    "nin": (Operator.IN, True),
    "notIn": (Operator.IN, True),
}
_EXISTENCE = {"exists": False, "isNotNull": False, "isNull": True}
OPERATOR_NAMES = frozenset({*_COMPARISONS, *_EXISTENCE})


def parse_filter(raw: object, schema: Schema, pointer: str = "") -> Filter | None:
    """The filter that a JSON value means; None where it is empty and holds for all. Raises UserError.

    `pointer` is the place of the value in the caller's body, for the errors' pointers.
    """
    if raw is None or raw in ({}, []):
        return None
    return _Parser(schema).node(raw, pointer, 1)


def parse_filter_text(text: str, schema: Schema, pointer: str = "") -> Filter | None:
    """The same from JSON text, as it comes in a query string; empty text is no filter."""
    if not text:
        return None
    if len(text) > FILTER_CHARACTERS:
        raise _too_complex(pointer)
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raise UserError("filter_invalid", _("The filter is not JSON."), pointer=pointer) from None
    return parse_filter(raw, schema, pointer)


def parse_params(items: Iterable[tuple[str, str]], schema: Schema) -> Filter | None:
    """The filter in parameters `filter[field]=value` and `filter[field][operator]=value`; others are left alone.

    All must hold. Values of `in` are separated by commas, or a JSON list. Raises UserError.
    """
    parser = _Parser(schema)
    found: list[Filter] = []
    for name, text in items:
        if not name.startswith("filter["):
            continue
        match = _PARAMETER.fullmatch(name)
        if match is None:
            message = _("Parameters are filter[field] and filter[field][operator].")
            raise UserError("filter_invalid", message, pointer="/filter")
        field, operator = match[1], match[2] or "eq"
        pointer = f"/filter/{_escape(field)}/{_escape(operator)}"
        target, field_type = parser.target(field, pointer)
        value = _value_of(field_type, _plain(operator), text)
        found.append(parser.condition(target, field_type, operator, value, pointer))
    return AllOf(tuple(found)) if len(found) > 1 else next(iter(found), None)


def _value_of(field_type: str, operator: str, text: str) -> Any:  # noqa: ANN401  (any JSON)
    """What the text of a parameter means to an operator."""
    if operator in _EXISTENCE:
        return _ABSENT if text == "" else {"true": True, "false": False}.get(text, text)
    many = operator in ("in", "nin", "notIn") or (
        field_type == FieldType.MULTISELECT and operator in ("eq", "ne")
    )
    if not many:
        return from_text(field_type, text)
    if text.startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return [from_text(field_type, part) for part in text.split(",")] if text else []


class _Parser:
    """One filter being read; counts what it holds, for a filter is work that others wait for."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.conditions = 0
        self.values = 0

    def node(self, raw: object, pointer: str, depth: int) -> Filter:
        """A list of conditions that all must hold, one condition, or an object."""
        if depth > DEPTH:
            raise _too_complex(pointer)
        if isinstance(raw, list):
            return self._group("and", raw, pointer, depth)
        if not isinstance(raw, dict) or not raw:
            raise UserError("filter_invalid", _("A condition is needed here."), pointer=pointer)
        if self._is_condition(raw):
            return self._listed(raw, pointer)
        found = [self._entry(key, inner, f"{pointer}/{_escape(key)}", depth) for key, inner in raw.items()]
        return found[0] if len(found) == 1 else AllOf(tuple(found))

    def _is_condition(self, raw: Mapping[str, Any]) -> bool:
        """Whether an object is one condition; a field may be called `field` as well."""
        return "field" in raw and ("operator" in raw or "field" not in self.schema.by_key)

    def _listed(self, raw: Mapping[str, Any], pointer: str) -> Filter:
        """`{"field", "operator", "value"}`."""
        for key in raw:
            if key not in _CONDITION_KEYS:
                message = _("A condition has a field, an operator and a value.")
                raise UserError("filter_invalid", message, pointer=f"{pointer}/{_escape(key)}")
        field, operator = raw["field"], raw.get("operator", "eq")
        if not isinstance(operator, str):
            raise _unknown_operator(operator, f"{pointer}/operator")
        if _plain(operator) not in OPERATOR_NAMES:
            raise _unknown_operator(operator, f"{pointer}/operator")
        target, field_type = self.target(field, f"{pointer}/field")
        value = raw.get("value", _ABSENT)
        return self.condition(target, field_type, operator, value, f"{pointer}/value")

    def _entry(self, key: str, raw: object, pointer: str, depth: int) -> Filter:
        """One entry of an object: a group, or a field with what is asked of it."""
        if key not in self.schema.by_key and _plain(key) in _GROUPS:
            return self._group(_plain(key), raw, pointer, depth)
        target, field_type = self.target(key, pointer)
        return self._asked(target, field_type, raw, pointer, depth)

    def _group(self, name: str, raw: object, pointer: str, depth: int) -> Filter:
        if name == "not":
            return Not(self.node(raw, pointer, depth + 1))
        if not isinstance(raw, list) or not raw:
            message = _("A list of at least one condition is needed here.")
            raise UserError("filter_invalid", message, pointer=pointer)
        if len(raw) > CONDITIONS:
            raise _too_complex(pointer)
        items = tuple(self.node(one, f"{pointer}/{index}", depth + 1) for index, one in enumerate(raw))
        if len(items) == 1:
            return items[0]
        return AllOf(items) if name == "and" else AnyOf(items)

    def _asked(self, target: Target, field_type: str, raw: object, pointer: str, depth: int) -> Filter:
        """A plain value, or an object of operators that all must hold."""
        if not isinstance(raw, dict):
            return self.condition(target, field_type, "eq", raw, pointer)
        if not raw:
            raise UserError("filter_invalid", _("An operator is needed here."), pointer=pointer)
        found: list[Filter] = []
        for name, value in raw.items():
            place = f"{pointer}/{_escape(name)}"
            if _plain(name) == "not" and isinstance(value, dict):
                if depth >= DEPTH:
                    raise _too_complex(place)
                found.append(Not(self._asked(target, field_type, value, place, depth + 1)))
            else:
                found.append(self.condition(target, field_type, name, value, place))
        return found[0] if len(found) == 1 else AllOf(tuple(found))

    def target(self, name: object, pointer: str) -> tuple[Target, str]:
        """The field that a name means, and its type; a name with dots leads into a document."""
        if not isinstance(name, str):
            raise _unknown_field(name, pointer)
        if name in SYSTEM_FIELDS:
            return Target(name, Kind.ID if name == "id" else Kind.MOMENT), SYSTEM_FIELDS[name]
        key, *path = name.split(".", PATH_DEPTH + 1)
        field = self.schema.by_key.get(key)
        if field is None or (path and field.type != FieldType.DOCUMENT):
            raise _unknown_field(name, pointer)
        if len(path) > PATH_DEPTH or not all(_STEP.fullmatch(step) for step in path):
            message = _("A path into a document has at most 8 keys of letters, digits, - and _.")
            raise UserError("filter_field_unknown", message, pointer=pointer)
        return Target(key, KINDS[field.type], tuple(path)), field.type

    def condition(
        self, target: Target, field_type: str, operator: str, value: object, pointer: str
    ) -> Filter:
        """One operator applied to one field."""
        self.conditions += 1
        if self.conditions > CONDITIONS:
            raise _too_complex(pointer)
        name = _plain(operator)
        try:
            if name in _EXISTENCE:
                return _existence(target, name, value)
            if name not in _COMPARISONS:
                raise _unknown_operator(operator, pointer)
            kind, negated = _COMPARISONS[name]
            found = self._comparison(target, field_type, kind, value, pointer)
        except OperandError as error:
            raise UserError("filter_value_invalid", str(error), pointer=pointer) from None
        return Not(found) if negated else found

    def _comparison(
        self, target: Target, field_type: str, operator: Operator, value: object, pointer: str
    ) -> Filter:
        inside = bool(target.path)
        if not inside and operator not in OPERATORS[target.kind]:
            raise _unfit_operator(operator, target.kind, pointer)
        if value is _ABSENT:
            raise OperandError(_("A value is needed here."))
        if operator is Operator.IN:
            return self._one_of(target, field_type, value, pointer)
        if value is None and operator is Operator.EQ:
            return Not(Exists(target))
        if inside:
            return _inside(target, operator, value, pointer)
        if target.kind is Kind.OPTIONS and operator is Operator.EQ:
            return Compare(
                target, operator, tuple(as_text(one) for one in self._listed_values(value, pointer))
            )
        return Compare(target, operator, operand(field_type, value))

    def _one_of(self, target: Target, field_type: str, value: object, pointer: str) -> Filter:
        """Any of the listed values; null among them stands for a missing one."""
        listed = self._listed_values(value, pointer)
        by_kind: dict[Kind, list[Scalar]] = {}
        for one in listed:
            if one is None:
                continue
            kind, scalar = operand_inside(one) if target.path else (target.kind, operand(field_type, one))
            by_kind.setdefault(kind, []).append(scalar)
        found: list[Filter] = [
            Compare(replace(target, kind=kind), Operator.IN, tuple(values))
            for kind, values in by_kind.items()
        ]
        if None in listed:
            found.append(Not(Exists(target)))
        return found[0] if len(found) == 1 else AnyOf(tuple(found))

    def _listed_values(self, value: object, pointer: str) -> list[Any]:
        if not isinstance(value, list):
            raise OperandError(_("A list is needed here."))
        self.values += len(value)
        if len(value) > VALUES or self.values > ALL_VALUES:
            raise _too_complex(pointer)
        return value


def _existence(target: Target, name: str, value: object) -> Filter:
    if value is _ABSENT or (value is None and name != "exists"):
        value = True
    if not isinstance(value, bool):
        raise OperandError(_("true or false is needed here."))
    missing = _EXISTENCE[name] == value
    return Not(Exists(target)) if missing else Exists(target)


def _inside(target: Target, operator: Operator, value: object, pointer: str) -> Filter:
    """A comparison inside a document, where the value's type says which values are seen."""
    kind, scalar = operand_inside(value)
    if operator not in OPERATORS[kind]:
        raise _unfit_operator(operator, kind, pointer)
    return Compare(replace(target, kind=kind), operator, scalar)


def _plain(name: str) -> str:
    """A name of an operator or group without the dollar that it may begin with."""
    return name[1:] if name.startswith("$") else name


def _escape(key: str) -> str:
    """A key as a step of a JSON pointer (RFC 6901); what an answer cannot carry is replaced."""
    key = key[:100].encode("utf-8", "replace").decode()
    return key.replace("~", "~0").replace("/", "~1")


def _unknown_field(name: object, pointer: str) -> UserError:
    message = _("The collection has no field {name}.").format(name=_quoted(name))
    return UserError("filter_field_unknown", message, pointer=pointer)


def _unknown_operator(name: object, pointer: str) -> UserError:
    message = _("There is no operator {name}; there are {names}.").format(
        name=_quoted(name), names=", ".join(sorted(OPERATOR_NAMES))
    )
    return UserError("filter_operator_unknown", message, pointer=pointer)


def _unfit_operator(operator: Operator, kind: Kind, pointer: str) -> UserError:
    fit = sorted(
        {*(name for name, (one, _no) in _COMPARISONS.items() if one in OPERATORS[kind]), *_EXISTENCE}
    )
    message = _("The operator {name} does not go with values of this type; these do: {names}.").format(
        name=operator.value, names=", ".join(fit)
    )
    return UserError("filter_operator_unknown", message, pointer=pointer)


def _quoted(name: object) -> str:
    """What was sent for a name, as JSON and no longer than a sentence allows."""
    text = json.dumps(name, ensure_ascii=True)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _too_complex(pointer: str) -> UserError:
    message = _("A filter has at most 8 levels, 100 conditions and 1000 values in a list, 10 000 in all.")
    return UserError("filter_too_complex", message, pointer=pointer)
