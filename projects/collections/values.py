"""What each type of field holds: values of callers are checked and brought into the one form that is stored."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from projects.choices import FieldType
from projects.collections.moments import MomentError, read_date, read_moment, stored_time
from projects.limits import (
    DOCUMENT_BYTES,
    DOCUMENT_DEPTH,
    INDEXED_LENGTH,
    INTEGER,
    STRING_LENGTH,
    TEXT_BYTES,
)
from projects.schemas import Field

NOW = "$now"


class ValueFlawError(Exception):
    """A value that its field cannot hold. `code` is for programs, `detail` for people; neither quotes the value."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(code)


def check_value(field: Field, value: object) -> Any:  # noqa: ANN401  (any JSON)
    """The value in its stored form; None stays None. Raises ValueFlawError. References are not looked up."""
    return None if value is None else _CHECKS[FieldType(field.type)](field, value)


def default_of(field: Field, now: datetime) -> Any:  # noqa: ANN401  (any JSON)
    """The value of a field that was left out, with `$now` resolved; None without one."""
    if field.default_value != NOW or field.type not in (FieldType.DATE, FieldType.DATETIME):
        return field.default_value
    return now.astimezone(UTC).date().isoformat() if field.type == FieldType.DATE else stored_time(now)


def check_characters(text: str) -> str:
    """The text itself; raises ValueFlawError for what a database cannot hold: NUL and lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "\0"
    if "\0" in text:
        raise ValueFlawError("text_invalid", _("Text holds no NUL character and no lone surrogate."))
    return text


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _wrong_type(_("Text is needed here."))
    return check_characters(value)


def _string(field: Field, value: object) -> str:
    text = _text(value)
    longest = INDEXED_LENGTH if field.indexed or field.unique else STRING_LENGTH
    if len(text) > longest:
        raise ValueFlawError("too_long", _("At most {count} characters.").format(count=longest))
    if "\n" in text or "\r" in text:
        raise ValueFlawError("text_invalid", _("This field holds one line."))
    return text


def _long_text(_field: Field, value: object) -> str:
    text = _text(value)
    if len(text.encode()) > TEXT_BYTES:
        raise ValueFlawError("too_long", _("At most {count} KB.").format(count=TEXT_BYTES // 1024))
    return text


def _check_number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(_("A number is needed here."))
    if isinstance(value, int):
        if abs(value) > INTEGER:
            raise ValueFlawError("out_of_range", _("Integers lie within ±(2^53 − 1)."))
    elif not math.isfinite(value):
        raise ValueFlawError("out_of_range", _("A number is finite."))
    return value


def _number(_field: Field, value: object) -> int | float:
    number = _check_number(value)
    # One spelling of each: databases differ in whether 1.0 comes back as 1.
    whole = isinstance(number, float) and number.is_integer() and abs(number) <= INTEGER
    return int(number) if whole else number


def _float(_field: Field, value: object) -> float:
    return float(_check_number(value)) + 0.0  # no -0.0


def _bool(_field: Field, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(_("true or false is needed here."))
    return value


def _document(_field: Field, value: object) -> object:
    _check_depth(value)
    if len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) > DOCUMENT_BYTES:
        raise ValueFlawError("too_long", _("At most {count} KB.").format(count=DOCUMENT_BYTES // 1024))
    return value


def _check_depth(value: object) -> None:
    """Every part of a document, without recursion: the depth is the caller's."""
    stack: list[tuple[object, int]] = [(value, 1)]
    while stack:
        part, depth = stack.pop()
        if isinstance(part, dict | list) and depth > DOCUMENT_DEPTH:
            raise ValueFlawError("too_deep", _("At most {count} levels.").format(count=DOCUMENT_DEPTH))
        match part:
            case dict():
                for key, inner in part.items():
                    _text(key)
                    stack.append((inner, depth + 1))
            case list():
                stack.extend((inner, depth + 1) for inner in part)
            case str():
                check_characters(part)
            case None | bool():
                pass
            case _:
                _check_number(part)


def _file(field: Field, value: object) -> str:
    steps = [step for step in _string(field, value).split("/") if step not in ("", ".")]
    if not steps or ".." in steps:
        raise ValueFlawError("path_invalid", _("The path of a file in the storage is needed here."))
    return "/".join(steps)


def _ref(_field: Field, value: object) -> str:
    try:
        return str(uuid.UUID(_text(value)))
    except ValueError:
        raise ValueFlawError("reference_invalid", _("The id of a record is needed here.")) from None


def _date(_field: Field, value: object) -> str:
    return _read(read_date, value, "date_invalid")


def _datetime(_field: Field, value: object) -> str:
    return _read(read_moment, value, "datetime_invalid")


def _read(reader: Callable[[str], str], value: object, code: str) -> str:
    text = _text(value)
    try:
        return reader(text)
    except MomentError as error:
        raise ValueFlawError(code, str(error)) from None


def _select(field: Field, value: object) -> str:
    text = _text(value)
    if text not in field.options:
        raise ValueFlawError("option_unknown", _("This is none of the field's options."))
    return text


def _multiselect(field: Field, value: object) -> list[str]:
    if not isinstance(value, list):
        raise _wrong_type(_("A list of options is needed here."))
    if len(value) > len(field.options):
        raise ValueFlawError("option_twice", _("Each option may be there once."))
    chosen = [_select(field, one) for one in value]
    _check_distinct(chosen)
    return chosen


def _check_distinct(chosen: Sequence[str]) -> None:
    if len(set(chosen)) < len(chosen):
        raise ValueFlawError("option_twice", _("Each option may be there once."))


def _wrong_type(detail: str) -> ValueFlawError:
    return ValueFlawError("type_wrong", detail)


_CHECKS: dict[FieldType, Callable[[Field, object], Any]] = {
    FieldType.STRING: _string,
    FieldType.TEXT: _long_text,
    FieldType.NUMBER: _number,
    FieldType.FLOAT: _float,
    FieldType.BOOL: _bool,
    FieldType.DOCUMENT: _document,
    FieldType.FILE: _file,
    FieldType.REF: _ref,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.SELECT: _select,
    FieldType.MULTISELECT: _multiselect,
}
