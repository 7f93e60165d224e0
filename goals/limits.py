from __future__ import annotations

from datetime import date

PROJECT_GOALS = 100
GLOBAL_GOALS = 1000
ALLOWED_PROJECTS = 1000
DESCRIPTION_LENGTH = 2000
# What JavaScript holds without loss.
VALUE = 2**53 - 1
INCREMENT = 10**9
STATS_DAYS = 3660
STATS_GOALS = 50
STATS_POINTS = 200_000
# Periods lie between these, so that the one before and whole weeks are dates too.
FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2199, 12, 31)
