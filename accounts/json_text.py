"""JSON as text: read without losing a digit."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
from django.utils.translation import gettext as _

_LONG = re.compile(rb"[0-9]{19}")
_LEAST, _MOST = -(2**63), 2**64 - 1


class LongIntegerError(ValueError):
    """An integer of more than 64 bits."""

    def __init__(self) -> None:
        super().__init__(_("An integer has at most 64 bits; send a longer one as text."))


def loads(data: bytes) -> Any:  # noqa: ANN401  (any JSON)
    """Any JSON without NaN, infinities and lone surrogates. Raises ValueError.

    orjson makes doubles of integers that are too long for it, which nobody would notice: they are refused.
    """
    value = orjson.loads(data)
    if _LONG.search(data):
        try:
            json.loads(data, parse_int=_whole)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
    return value


def _whole(text: str) -> int:
    if len(text) > 20 or not _LEAST <= (value := int(text)) <= _MOST:
        raise LongIntegerError
    return value
