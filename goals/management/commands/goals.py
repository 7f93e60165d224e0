from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts.management.console import ActionCommand, add_verbs, table
from accounts.models import SYSTEM
from goals.choices import Grouping
from goals.days import today
from goals.models import Goal
from goals.models.goal import GoalQuerySet
from goals.periods import period_of
from goals.serializers import represent
from goals.stats import StatsQuery, choose_goals, goal_stats
from projects.models import Project


class Command(ActionCommand):
    help = _("Goals: list, stats.")

    # People get a line for each goal, or with --by one for each day, week or month; JSON always has both.
    points = False

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        verbs = add_verbs(parser, {"list": _("all goals"), "stats": _("what was counted in a period")})
        for verb in verbs.values():
            verb.add_argument(
                "project", nargs="?", help=_("slug or id; its goals, and global ones that it may count")
            )
        _add_period(verbs["stats"])

    def act(self, *, verb: str, project: str | None, **options: Any) -> Any:  # noqa: ANN401  (as the base has it)
        found = Project.objects.lookup(SYSTEM, project) if project else None
        scope = Goal.objects.countable_by(found) if found else Goal.objects.everywhere()
        if verb == "list":
            return [_row(goal) for goal in scope.select_related("project").order_by("name", "pk")]
        self.points = options["by"] is not None
        return _stats(scope, found, options)

    def words(self, answer: Any) -> list[str]:  # noqa: ANN401  (what act returned)
        if isinstance(answer, list):
            return table(answer)
        if self.points:
            rows = [row for goal in answer["goals"] for row in _points(goal)]
        else:
            rows = [_total(goal, compared=answer["previous"] is not None) for goal in answer["goals"]]
        return [_("From {first} to {last}").format(first=answer["from"], last=answer["to"]), *table(rows)]


def _add_period(stats: ArgumentParser) -> None:
    stats.add_argument(
        "--goal", action="append", default=[], metavar="SLUG", help=_("this one alone; may be repeated")
    )
    stats.add_argument("--days", type=_count, metavar="COUNT", help=_("length of the period (30)"))
    for name, text in (("--from", _("the first day")), ("--to", _("the last day (today)"))):
        stats.add_argument(name, type=date.fromisoformat, metavar="DAY", help=text)
    stats.add_argument("--by", choices=Grouping.values, help=_("a line for each of them"))
    stats.add_argument("--compare", action="store_true", help=_("beside the period before"))


def _count(text: str) -> int:
    """A number of days; ValueError makes argparse refuse it."""
    if (number := int(text)) < 1:
        raise ValueError
    return number


_count.__name__ = "number"  # what argparse calls it


def _stats(scope: GoalQuerySet, project: Project | None, options: dict[str, Any]) -> dict[str, Any]:
    """Statistics as REST has them. Raises UserError, NotFoundError."""
    period = period_of(options["from"], options["to"], options["days"], today(project))
    query = StatsQuery(period, options["by"] or Grouping.DAY, options["compare"], project=project)
    return represent(query, goal_stats(SYSTEM, choose_goals(scope, options["goal"], project), query))


def _row(goal: Goal) -> dict[str, Any]:
    names = {"slug": goal.slug, "public_slug": goal.public_slug, "name": goal.name, "type": goal.type}
    return {**names, "global": goal.project_id is None, "id": str(goal.pk)}


def _total(goal: dict[str, Any], compared: bool) -> dict[str, Any]:
    row = {"goal": goal["public_slug"], "type": goal["type"], "total": goal["total"]}
    # A plain counter knows no days, so it has no period before.
    before = goal["previous"] or {"total": None, "change": None}
    return {**row, "before": before["total"], "change": before["change"]} if compared else row


def _points(goal: dict[str, Any]) -> list[dict[str, Any]]:
    points = goal["points"] or [{"date": None, "value": goal["total"]}]
    return [{"goal": goal["public_slug"], **point} for point in points]
