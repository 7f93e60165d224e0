from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class GoalType(TextChoices):
    COUNTER = "counter", _("counter")
    DAILY_COUNTER = "daily_counter", _("daily counter")


class Grouping(TextChoices):
    """What the points of statistics stand for."""

    DAY = "day", _("day")
    WEEK = "week", _("week")
    MONTH = "month", _("month")
