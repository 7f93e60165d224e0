"""Dates and moments: how they are read, and the one spelling in which records store them and queries compare them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from django.utils.translation import gettext as _

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DIGITS_BELOW_MICROSECONDS = re.compile(r"(\.[0-9]{6})[0-9]+")


class MomentError(ValueError):
    """A text that is no date, or no moment; its own text, for people, says what would be."""


def read_date(text: str) -> str:
    """`YYYY-MM-DD`, of a day that there is. Raises MomentError."""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise MomentError(_("A date is needed here, such as 2026-01-31."))


def read_moment(text: str) -> str:
    """The stored form of RFC 3339's date-time; digits below microseconds are cut. Raises MomentError."""
    try:
        if _MOMENT.fullmatch(text):
            plain = _DIGITS_BELOW_MICROSECONDS.sub(r"\1", text.upper())
            return stored_time(datetime.fromisoformat(plain))
    except (ValueError, OverflowError):
        pass
    message = _("A date and time with its offset is needed here, such as 2026-01-31T08:00:00Z.")
    raise MomentError(message)


def moment_of(stored: str) -> datetime:
    """The moment that a stored form names."""
    return datetime.fromisoformat(stored)


def stored_time(moment: datetime) -> str:
    """The one spelling of moments, whose order as text is that in time: `2026-01-31T08:00:00.000000Z`."""
    plain = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return f"{plain}Z"
