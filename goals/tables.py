"""Statistics as a table."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from goals.stats import GoalStats, Series


def as_csv(stats: Iterable[GoalStats], per_project: bool) -> str:
    """One line for each point, or for the total of a plain counter, which has no date.

    Columns are goal, type, date, value, and project after goal where the values are split by project. Slugs, dates and
    numbers alone, so that no spreadsheet finds a formula in it.
    """
    text = StringIO(newline="")
    table = csv.writer(text)
    table.writerow(["goal", *(["project"] if per_project else []), "type", "date", "value"])
    for one in stats:
        for project, series in _series(one, per_project):
            for day, value in _points(series, one.goal.is_daily):
                table.writerow([one.goal.public_slug, *project, one.goal.type, day, value])
    return text.getvalue()


def _series(stats: GoalStats, per_project: bool) -> Iterator[tuple[list[str], Series]]:
    if not per_project:
        yield [], stats.series
        return
    for project, series in stats.projects:
        yield [project.slug if project else ""], series


def _points(series: Series, daily: bool) -> list[tuple[str, int]]:
    return [(day.isoformat(), value) for day, value in series.points] if daily else [("", series.total)]
