"""Periods of days, and the weeks and months that they touch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from accounts.errors import UserError
from goals.choices import Grouping
from goals.limits import FIRST_DAY, LAST_DAY, STATS_DAYS

DEFAULT_DAYS = 30
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """From one day to another, both of them included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """The period of the same length that ends the day before this one begins."""
        return Period(self.first - timedelta(days=self.days), self.first - _DAY)

    def begins(self, grouping: str) -> list[date]:
        """The first days of all groups that the period touches; the outer ones may reach beyond it."""
        found = [group_of(self.first, grouping)]
        while (following := _after(found[-1], grouping)) <= self.last:
            found.append(following)
        return found


def period_of(first: date | None, last: date | None, days: int | None, now: date) -> Period:
    """The period of at most two of first day, last day and number of days; 30 days up to now unless said otherwise.

    Raises UserError.
    """
    if first and last and days:
        raise UserError("period_invalid", _("Give at most two of `from`, `to` and `days`."))
    length = timedelta(days=(days or DEFAULT_DAYS) - 1)
    for edge in (first, last):
        if edge and not FIRST_DAY <= edge <= LAST_DAY:
            raise UserError("period_invalid", _("A period lies between the years 2000 and 2199."))
    if first and days:
        last = first + length
    last = last or now
    period = Period(first or last - length, last)
    if period.first > period.last:
        raise UserError("period_invalid", _("The period ends before it begins."))
    if period.days > STATS_DAYS:
        raise UserError("period_invalid", _("A period has at most 3660 days."))
    return period


def group_of(day: date, grouping: str) -> date:
    """The first day of the week, which begins on Monday, or month that a day lies in; or the day itself."""
    if grouping == Grouping.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if grouping == Grouping.MONTH else day


def _after(begin: date, grouping: str) -> date:
    """The first day of the following group."""
    if grouping == Grouping.MONTH:
        return group_of(begin + timedelta(days=31), grouping)
    return begin + (7 * _DAY if grouping == Grouping.WEEK else _DAY)
