"""Values that conditions compare with: checked against the kind of field, in the form that records store."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from projects.choices import FieldType
from projects.collections.conditions import Kind, Scalar
from projects.collections.moments import MomentError, read_date, read_moment

TEXT_LENGTH = 10_000
LARGEST_INTEGER = 2**53 - 1
_NUMBER = re.compile(r"-?[0-9]{1,309}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?")


class OperandError(ValueError):
    """The value cannot stand there; its text, for people, says what could."""


def as_text(value: object) -> str:
    """Text that every database can take; raises OperandError."""
    if not isinstance(value, str):
        raise OperandError(_("Text is needed here."))
    if len(value) > TEXT_LENGTH:
        raise OperandError(_("At most {count} characters.").format(count=TEXT_LENGTH))
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise OperandError(_("Text holds no NUL character and no lone surrogate."))
    return value


def as_number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OperandError(_("A number is needed here."))
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise OperandError(_("Integers lie within ±(2^53 − 1)."))
    if not math.isfinite(value):
        raise OperandError(_("A number is finite."))
    return float(value) + 0.0  # no -0.0


def as_bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise OperandError(_("true or false is needed here."))
    return value


def as_id(value: object) -> str:
    try:
        return str(UUID(as_text(value)))
    except ValueError:
        raise OperandError(_("The id of a record is needed here.")) from None


def as_date(value: object) -> str:
    return _read(read_date, value)


def as_moment(value: object) -> str:
    return _read(read_moment, value)


def _read(reader: Callable[[str], str], value: object) -> str:
    try:
        return reader(as_text(value))
    except MomentError as error:
        raise OperandError(str(error)) from None


_CHECKS: dict[str, Callable[[object], Scalar]] = {
    FieldType.NUMBER: as_number,
    FieldType.FLOAT: as_number,
    FieldType.BOOL: as_bool,
    FieldType.REF: as_id,
    FieldType.DATE: as_date,
    FieldType.DATETIME: as_moment,
}


def operand(field_type: str, value: object) -> Scalar:
    """The value as a field of that type stores it; raises OperandError. Options are any text here."""
    return _CHECKS.get(field_type, as_text)(value)


def operand_inside(value: object) -> tuple[Kind, Scalar]:
    """A value to compare with one inside a document, and the kind that its JSON type makes it."""
    if isinstance(value, bool):
        return Kind.BOOL, value
    if isinstance(value, int | float):
        return Kind.NUMBER, as_number(value)
    if isinstance(value, str):
        return Kind.TEXT, as_text(value)
    raise OperandError(_("Text, a number, true, false or null is needed here."))


def from_text(field_type: str, text: str) -> Any:  # noqa: ANN401  (any JSON)
    """What a text in a query string means to a field of that type; what it cannot mean stays text.

    Inside a document there is no type: what reads as a JSON number, true, false, null or quoted text is that.
    """
    if field_type in (FieldType.NUMBER, FieldType.FLOAT, FieldType.BOOL, FieldType.DOCUMENT):
        return _scalar_of(text, quoted=field_type == FieldType.DOCUMENT)
    return text


def _scalar_of(text: str, *, quoted: bool) -> Any:  # noqa: ANN401  (any JSON)
    words = {"true": True, "false": False, "null": None}
    if text in words:
        return words[text]
    if _NUMBER.fullmatch(text):
        return _number_of(text)
    if quoted and text.startswith('"'):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _number_of(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdecimal() else float(text)
