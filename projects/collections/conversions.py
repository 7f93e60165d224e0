"""Values of one type of field as another, and as the cells of a table."""

from __future__ import annotations

import json
import math
from typing import Any

from django.utils.translation import gettext as _

from projects.choices import FieldType
from projects.collections.values import ValueFlawError, check_value
from projects.schemas import Field

_NUMBERS = (FieldType.NUMBER, FieldType.FLOAT)
_YES, _NO = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


def as_text(value: Any) -> str:  # noqa: ANN401  (any JSON)
    """Any value as text: text as it is, everything else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def convert(value: Any, new: Field) -> Any:  # noqa: ANN401  (any JSON)
    """A stored value as a field of another type, or with other rules, holds it. Raises ValueFlawError."""
    match new.type:
        case FieldType.DOCUMENT:
            wanted = value
        case FieldType.NUMBER | FieldType.FLOAT:
            wanted = _as_number(value)
        case FieldType.BOOL:
            wanted = _as_bool(value)
        case FieldType.MULTISELECT:
            wanted = value if isinstance(value, list) else [as_text(value)]
        case FieldType.DATE:
            wanted = as_text(value)[:10] if _is_moment(value) else value
        case FieldType.DATETIME:
            wanted = f"{value}T00:00:00Z" if isinstance(value, str) and len(value) == 10 else value
        case _:
            alone = value[0] if isinstance(value, list) and len(value) == 1 else value
            wanted = as_text(alone if new.type == FieldType.SELECT else value)
    return check_value(new, wanted)


def _is_moment(value: object) -> bool:
    return isinstance(value, str) and len(value) > 10 and value[10] in "Tt "


def _as_number(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    return number_of(value) if isinstance(value, str) else value


def _as_bool(value: object) -> object:
    if isinstance(value, str):
        return bool_of(value)
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else value


def number_of(text: str) -> int | float:
    """The number that a text spells; raises ValueFlawError."""
    plain = text.strip()
    try:
        # Longer ones are no number that JSON carries exactly, and long ones cost time to read.
        if plain and len(plain) <= 400 and "_" not in plain and plain.isascii():
            number = int(plain) if plain.lstrip("+-").isdigit() else float(plain)
            if math.isfinite(number):
                return number
    except (ValueError, OverflowError):
        pass
    raise ValueFlawError("type_wrong", _("A number is needed here."))


def bool_of(text: str) -> bool:
    """Of true, 1, yes, false, 0, no in any case; raises ValueFlawError."""
    plain = text.strip().lower()
    if plain in _YES or plain in _NO:
        return plain in _YES
    raise ValueFlawError("type_wrong", _("true or false is needed here."))


def to_cell(value: Any) -> str | None:  # noqa: ANN401  (any JSON)
    """A value as a cell of CSV; None, which is missing, is an empty cell without quotes."""
    return None if value is None else as_text(value)


def from_cell(one: Field, cell: str) -> Any:  # noqa: ANN401  (any JSON)
    """What a cell spells for a field, not yet checked; an empty cell is missing. Raises ValueFlawError."""
    if cell == "":
        return None
    if one.type in _NUMBERS:
        return number_of(cell)
    if one.type == FieldType.BOOL:
        return bool_of(cell)
    if one.type == FieldType.DOCUMENT:
        return _json_of(cell)
    if one.type == FieldType.MULTISELECT:
        return _json_of(cell) if cell.lstrip().startswith("[") else [cell]
    return cell


def _json_of(cell: str) -> Any:  # noqa: ANN401  (any JSON)
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        raise ValueFlawError("type_wrong", _("JSON is needed here.")) from None
