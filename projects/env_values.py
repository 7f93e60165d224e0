"""What may stand in an environment variable. No message here quotes a value, for it may be a secret."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable

from django.utils.translation import gettext as _

from accounts.errors import UserError
from projects.choices import EnvType
from projects.limits import ENV_VALUE_BYTES

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
_SAFE_INTEGER = 2**53 - 1
_INTEGER = re.compile(r"[+-]?\d{1,16}", re.ASCII)
_WORDS = {"true": True, "false": False}


def check_key(key: str, pointer: str = "/key") -> str:
    """The key itself; raises UserError for a wrong form."""
    if _KEY.fullmatch(key) is None:
        message = _("A key holds up to 128 letters, digits and underscores and begins with no digit.")
        raise UserError("env_key_invalid", message, pointer=pointer)
    return key


def check_value(kind: str, value: object, pointer: str = "/value") -> object:
    """The value in its type; numbers, booleans and JSON may be spelled as text. Raises UserError."""
    try:
        typed = _READERS[EnvType(kind)](value)
        size = len((typed if isinstance(typed, str) else json.dumps(typed)).encode())
    except (ValueError, TypeError, RecursionError):
        # From nothing: the chained error would carry the value into logs.
        message = _("The value does not fit the type {type}.").format(type=kind)
        raise UserError("env_value_invalid", message, pointer=pointer) from None
    if size > ENV_VALUE_BYTES:
        raise UserError("env_value_too_long", _("A value holds at most 5 KB."), pointer=pointer)
    return typed


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _line(value: object) -> str:
    text = _text(value)
    if "\n" in text or "\r" in text:
        raise ValueError
    return text


def _integer(value: object) -> int:
    if (
        isinstance(value, str)
        and _INTEGER.fullmatch(value.strip())
        or isinstance(value, float)
        and value.is_integer()
    ):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _SAFE_INTEGER:
        raise ValueError
    return value


def _float(value: object) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | str)
        or not math.isfinite(number := float(value))
    ):
        raise ValueError
    return number


def _boolean(value: object) -> bool:
    typed = _WORDS.get(value.strip().lower()) if isinstance(value, str) else value
    if not isinstance(typed, bool):
        raise TypeError
    return typed


def _json(value: object) -> object:
    if isinstance(value, str):
        value = json.loads(value, parse_constant=_no_constant)
    json.dumps(value, allow_nan=False)
    return value


def _no_constant(name: str) -> None:
    raise ValueError


_READERS: dict[EnvType, Callable[[object], object]] = {
    EnvType.STRING: _line,
    EnvType.TEXT: _text,
    EnvType.SECRET: _text,
    EnvType.JSON: _json,
    EnvType.INTEGER: _integer,
    EnvType.FLOAT: _float,
    EnvType.BOOLEAN: _boolean,
}
