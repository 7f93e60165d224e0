"""Goals in a project's archive: the project's own with all that they counted. Global goals stay where they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.errors import UserError
from accounts.permissions import Actor
from goals.actions.goals import create_goal
from goals.limits import LAST_DAY, VALUE
from goals.models import Goal, GoalValue
from goals.serializers import GoalSerializer
from projects.models import Project
from projects.parts import ArchiveReader, ArchiveWriter, ExportOptions

_SETTINGS = ("name", "slug", "color", "type", "description")
_CHUNK = 500


class GoalsPart:
    """`goals.json` with the settings, `values.jsonl` with a line for each value; a plain counter's has no day."""

    name = "goals"

    def dump(self, project: Project, archive: ArchiveWriter, options: ExportOptions) -> None:
        goals = Goal.objects.filter(project=project)
        archive.put_json("goals.json", [{key: getattr(goal, key) for key in _SETTINGS} for goal in goals])
        archive.put_lines("values.jsonl", _lines(project))

    def load(self, project: Project, archive: ArchiveReader, actor: Actor) -> None:
        """Raises UserError; ids are new."""
        data = GoalSerializer(data=archive.get_json("goals.json", []), many=True)
        if not data.is_valid() or not all(wanted.get("slug") for wanted in data.validated_data):
            raise _broken()
        goals = {}
        for wanted in data.validated_data:
            goals[wanted["slug"]] = create_goal(actor=actor, project=project, **wanted)
        if "values.jsonl" not in archive.names():
            return
        values = (_value(row, goals, project) for row in archive.get_lines("values.jsonl"))
        try:
            with transaction.atomic():
                while chunk := list(islice(values, _CHUNK)):
                    GoalValue.objects.bulk_create(chunk)
        except IntegrityError:
            raise _broken() from None


def _lines(project: Project) -> Iterator[dict[str, object]]:
    values = GoalValue.objects.filter(goal__project=project, project=project)
    rows = values.order_by("goal__slug", "day").values_list("goal__slug", "day", "value")
    for slug, day, value in rows.iterator():
        yield {
            "goal": slug,
            "day": None if day == GoalValue.TOTAL else day.isoformat(),
            "value": value,
        }


def _value(row: Any, goals: Mapping[str, Goal], project: Project) -> GoalValue:  # noqa: ANN401  (decoded JSON)
    if not isinstance(row, Mapping):
        raise _broken()
    slug, value = row.get("goal"), row.get("value")
    goal = goals.get(slug) if isinstance(slug, str) else None
    if goal is None or not isinstance(value, int) or isinstance(value, bool) or abs(value) > VALUE:
        raise _broken()
    return GoalValue(goal=goal, project=project, day=_day(row.get("day"), goal), value=value)


def _day(text: object, goal: Goal) -> date:
    """Raises UserError for a day where the goal counts none, and for none where it counts days."""
    if not goal.is_daily and text is None:
        return GoalValue.TOTAL
    try:
        day = date.fromisoformat(text) if isinstance(text, str) and goal.is_daily else None
    except ValueError:
        day = None
    if day is None or not GoalValue.TOTAL < day <= LAST_DAY:
        raise _broken()
    return day


def _broken() -> UserError:
    return UserError(
        "archive_invalid", _("The archive's goals are not as an export writes them."), status=422
    )
