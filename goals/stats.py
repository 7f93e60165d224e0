"""Statistics of goals: periods with their gaps filled, by day, week or month, beside the period before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db.models import Q, Sum, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _

from accounts.errors import NotFoundError, UserError
from accounts.permissions import Actor
from goals.choices import Grouping
from goals.limits import STATS_GOALS, STATS_POINTS
from goals.models import Goal, GoalValue
from goals.models.goal import GoalQuerySet
from goals.models.value import GoalValueQuerySet
from goals.periods import Period, group_of
from projects.models import Project
from projects.slugs import as_id

# Goal, project (None for those that have no name here) and day to value.
_Sums = Mapping[UUID, Mapping[UUID | None, Mapping[date, int]]]


@dataclass(frozen=True)
class StatsQuery:
    """What is asked for; `project` counts the values of that project alone."""

    period: Period
    grouping: str = Grouping.DAY
    compare: bool = False
    per_project: bool = False
    project: Project | None = None


@dataclass(frozen=True)
class Series:
    """Values of one goal, of all projects or one. `before` is the sum of the period before, where it was asked for.

    A plain counter knows no days: its `total` is what it has counted since its reset, and it has no points.
    """

    total: int
    points: list[tuple[date, int]] = field(default_factory=list)
    before: int | None = None

    @property
    def change(self) -> int | None:
        return None if self.before is None else self.total - self.before

    @property
    def change_percent(self) -> float | None:
        """None where there was nothing to compare with."""
        if self.change is None or not self.before:
            return None
        return round(100 * self.change / abs(self.before), 2)


@dataclass(frozen=True)
class GoalStats:
    """A goal's series, and one for each project that the actor sees; None stands for all others together."""

    goal: Goal
    series: Series
    projects: list[tuple[Project | None, Series]] = field(default_factory=list)


def choose_goals(scope: GoalQuerySet, names: Sequence[str], project: Project | None = None) -> list[Goal]:
    """The goals of `scope` that the names mean, in their order; all of them where no name is given. One query.

    A name is an id, the short slug of a goal of `project`, the slug of a global goal, or a public slug; where several
    fit, the first of these. Raises NotFoundError, and UserError for a public slug that two goals share.
    """
    if names:
        ids = [key for key in map(as_id, names) if key]
        short = Q(project=None) | Q(project=project) if project else Q(project=None)
        scope = scope.annotate(public=Concat("project__slug", Value("-"), "slug")).filter(
            Q(pk__in=ids) | (short & Q(slug__in=names)) | Q(public__in=names)
        )
    found = list(scope.select_related("project").order_by("name", "pk"))
    chosen = list(dict.fromkeys(_meant(name, found, project) for name in names)) if names else found
    if len(chosen) > STATS_GOALS:
        raise UserError("stats_too_many_goals", _("Name at most 50 goals."))
    return chosen


def goal_stats(actor: Actor, goals: Sequence[Goal], query: StatsQuery) -> list[GoalStats]:
    """Statistics of some goals, in their order: one query, three with `per_project`, for any number of goals.

    The actor gets by name the projects that he sees; the rest is one sum. Raises UserError for too many points.
    """
    values = _values(goals, query)
    if not query.per_project:
        sums = _sums(values.values_list("goal", "day").annotate(sum=Sum("value")).order_by())
        return [GoalStats(goal, _series(goal, sums[goal.pk][None], query)) for goal in goals]
    pairs = values.order_by().values_list("goal", "project").distinct().count()
    if pairs * query.period.days > STATS_POINTS:
        message = _("These are too many values; ask for fewer goals or days, or for one project.")
        raise UserError("stats_too_many_points", message)
    rows = list(values.values_list("goal", "day", "project").annotate(sum=Sum("value")).order_by())
    keys = {project for _goal, _day, project, _sum in rows}
    seen = {project.pk: project for project in Project.objects.visible_to(actor).filter(pk__in=keys)}
    sums = _sums(
        (goal, day, value, project if project in seen else None) for goal, day, project, value in rows
    )
    return [_split(goal, sums[goal.pk], seen, query) for goal in goals]


def _meant(name: str, found: Iterable[Goal], project: Project | None) -> Goal:
    ranks: dict[int, list[Goal]] = defaultdict(list)
    for goal in found:
        if (rank := _rank(name, goal, project)) is not None:
            ranks[rank].append(goal)
    if not ranks:
        raise NotFoundError("goal_not_found", _("There is no goal “{goal}” here.").format(goal=name))
    best = ranks[min(ranks)]
    if len(best) > 1:
        message = _("Several goals are called “{goal}”; give the id.").format(goal=name)
        raise UserError("goal_ambiguous", message)
    return best[0]


def _rank(name: str, goal: Goal, project: Project | None) -> int | None:
    """How well a name fits a goal, 0 best; None where it does not."""
    if goal.pk == as_id(name):
        return 0
    if goal.slug == name and project is not None and goal.project_id == project.pk:
        return 1
    if goal.slug == name and goal.project_id is None:
        return 2
    return 3 if goal.public_slug == name else None


def _values(goals: Sequence[Goal], query: StatsQuery) -> GoalValueQuerySet:
    first = query.period.before.first if query.compare else query.period.first
    daily = Q(goal__in=[goal for goal in goals if goal.is_daily], day__range=(first, query.period.last))
    plain = Q(goal__in=[goal for goal in goals if not goal.is_daily], day=GoalValue.TOTAL)
    values = GoalValue.objects.filter(daily | plain)
    return values.filter(project=query.project) if query.project else values


def _sums(rows: Iterable[tuple[UUID, date, int] | tuple[UUID, date, int, UUID | None]]) -> _Sums:
    """Rows of goal, day, value and project as nested dictionaries, empty for what has no row."""
    found: dict[UUID, dict[UUID | None, dict[date, int]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(int))
    )
    for goal, day, value, *project in rows:
        found[goal][project[0] if project else None][day] += int(value)
    return found


def _series(goal: Goal, values: Mapping[date, int], query: StatsQuery) -> Series:
    if not goal.is_daily:
        return Series(values.get(GoalValue.TOTAL, 0))
    points = dict.fromkeys(query.period.begins(query.grouping), 0)
    before = 0
    for day, value in values.items():
        if day < query.period.first:
            before += value
        else:
            points[group_of(day, query.grouping)] += value
    return Series(sum(points.values()), list(points.items()), before if query.compare else None)


def _split(
    goal: Goal,
    sums: Mapping[UUID | None, Mapping[date, int]],
    seen: Mapping[UUID, Project],
    query: StatsQuery,
) -> GoalStats:
    total: dict[date, int] = defaultdict(int)
    for values in sums.values():
        for day, value in values.items():
            total[day] += value
    named = sorted((seen[key] for key in sums if key), key=lambda project: project.slug)
    shown: list[Project | None] = [*named, *([None] if None in sums else [])]
    projects = [(one, _series(goal, sums[one.pk if one else None], query)) for one in shown]
    return GoalStats(goal, _series(goal, total, query), projects)
