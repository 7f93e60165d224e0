"""`…/goals/stats` and `…/goals/stats.csv`, of all goals and of a project's."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Door
from goals.days import today
from goals.models import Goal
from goals.models.goal import GoalQuerySet
from goals.periods import period_of
from goals.serializers import GlobalStatsQuerySerializer, StatsQuerySerializer, StatsSerializer, represent
from goals.stats import GoalStats, StatsQuery, choose_goals, goal_stats
from goals.tables import as_csv
from projects.api.base import ProjectDoor
from projects.models import Project

_CSV = {(200, "text/csv"): OpenApiTypes.STR}


class AcceptsCSV(JSONRenderer):
    """Lets `Accept: text/csv` in. The table is no work of a renderer, and problems are JSON."""

    media_type = "text/csv"
    format = "csv"


class StatsDoor(Door):
    """Statistics of goals."""

    def scope(self, data: StatsQuerySerializer) -> tuple[GoalQuerySet, Project | None, Project | None]:
        """The goals to choose from, the project whose short slugs count, and the one whose values alone do."""
        raise NotImplementedError

    def load(self, data: StatsQuerySerializer) -> tuple[StatsQuery, list[GoalStats]]:
        """Raises NotFoundError, UserError, ValidationError."""
        data.is_valid(raise_exception=True)
        wanted = data.validated_data
        goals, home, project = self.scope(data)
        period = period_of(wanted.get("first"), wanted.get("last"), wanted.get("days"), today(home))
        query = StatsQuery(period, wanted["group_by"], wanted["compare"], wanted["per_project"], project)
        return query, goal_stats(self.actor, choose_goals(goals, data.names(), home), query)

    def json(self, data: StatsQuerySerializer) -> Response:
        return Response(represent(*self.load(data)))

    def csv(self, data: StatsQuerySerializer) -> HttpResponse:
        query, stats = self.load(data)
        headers = {"Content-Disposition": 'attachment; filename="goals.csv"'}
        return HttpResponse(as_csv(stats, query.per_project), "text/csv; charset=utf-8", headers=headers)


class GlobalStatsDoor(StatsDoor):
    def scope(self, data: StatsQuerySerializer) -> tuple[GoalQuerySet, Project | None, Project | None]:
        seen = Goal.objects.visible_to(self.person)
        name = data.validated_data.get("project")
        project = Project.objects.lookup(self.person, name) if name else None
        return seen if data.names() else seen.everywhere(), None, project


class ProjectStatsDoor(ProjectDoor, StatsDoor):
    def scope(self, data: StatsQuerySerializer) -> tuple[GoalQuerySet, Project | None, Project | None]:
        project = self.project
        return Goal.objects.countable_by(project), project, project


class GoalStatsView(GlobalStatsDoor):
    @extend_schema(parameters=[GlobalStatsQuerySerializer], responses=StatsSerializer)
    def get(self, request: Request) -> Response:
        """Statistics of global goals, or of any that you see."""
        return self.json(GlobalStatsQuerySerializer(data=request.query_params))


class GoalStatsTableView(GlobalStatsDoor):
    renderer_classes = (JSONRenderer, AcceptsCSV)

    @extend_schema(operation_id="goals_stats_csv", parameters=[GlobalStatsQuerySerializer], responses=_CSV)
    def get(self, request: Request) -> HttpResponse:
        """The same statistics as a table."""
        return self.csv(GlobalStatsQuerySerializer(data=request.query_params))


class ProjectGoalStatsView(ProjectStatsDoor):
    @extend_schema(parameters=[StatsQuerySerializer], responses=StatsSerializer)
    def get(self, request: Request, project: str) -> Response:
        """What the project counted, in its own goals and in global ones that list it."""
        return self.json(StatsQuerySerializer(data=request.query_params))


class ProjectGoalStatsTableView(ProjectStatsDoor):
    renderer_classes = (JSONRenderer, AcceptsCSV)

    @extend_schema(operation_id="projects_goals_stats_csv", parameters=[StatsQuerySerializer], responses=_CSV)
    def get(self, request: Request, project: str) -> HttpResponse:
        """The same statistics as a table."""
        return self.csv(StatsQuerySerializer(data=request.query_params))
