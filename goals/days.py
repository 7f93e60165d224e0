"""Which day it is for a goal."""

from __future__ import annotations

import logging
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from projects.models import Project

log = logging.getLogger(__name__)

UTC = ZoneInfo("UTC")


def zone_of(project: Project | None) -> ZoneInfo:
    """The time zone that days are counted in: the project's, or UTC for what belongs to none."""
    name = getattr(project, "time_zone", "") or "UTC"
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        # Zones are checked when they are set; this machine may know fewer than the one that did.
        log.warning("time zone %r is unknown here, days are those of UTC", name)
        return UTC


def today(project: Project | None) -> date:
    """The present day of a project, or of the platform."""
    return timezone.now().astimezone(zone_of(project)).date()
