from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.serializers import StrictSerializer
from goals.choices import GoalType, Grouping
from goals.days import zone_of
from goals.limits import ALLOWED_PROJECTS, DESCRIPTION_LENGTH, INCREMENT, STATS_DAYS
from goals.models import Goal
from goals.periods import Period
from goals.stats import GoalStats, Series, StatsQuery
from projects.choices import Color
from projects.limits import NAME_LENGTH, SLUG_LENGTH
from projects.models import Project

# 50 goals by their longest names.
_NAMES_LENGTH = 50 * (2 * SLUG_LENGTH + 2)


@extend_schema_serializer(
    examples=[OpenApiExample("a name", {"name": "Orders placed", "color": "teal"}, request_only=True)]
)
class GoalSerializer(StrictSerializer, serializers.ModelSerializer[Goal]):
    """A goal of a project as somebody wants it."""

    name = serializers.CharField(max_length=NAME_LENGTH)
    slug = serializers.CharField(
        max_length=SLUG_LENGTH,
        required=False,
        allow_blank=True,
        help_text="Made of the name where it is left out.",
    )
    color = serializers.ChoiceField(choices=Color.choices, allow_blank=True, required=False)
    type = serializers.ChoiceField(
        choices=GoalType.choices,
        required=False,
        help_text="Stays as it is once anything was counted.",
    )
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, required=False, allow_blank=True)

    class Meta:
        model = Goal
        fields: tuple[str, ...] = ("name", "slug", "color", "type", "description")

    def answered(self) -> Iterable[str]:
        return ShownGoalSerializer.Meta.fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "who may count", {"allowed_projects": ["91b4a4f0-53f6-4a2e-8a0a-3f6a0f6b9d53"]}, request_only=True
        )
    ]
)
class GlobalGoalSerializer(GoalSerializer):
    """A global goal as the root wants it."""

    allowed_projects = serializers.ListField(
        child=serializers.UUIDField(),
        max_length=ALLOWED_PROJECTS,
        required=False,
        help_text="Ids of the projects that may count the goal.",
    )

    class Meta(GoalSerializer.Meta):
        fields = (*GoalSerializer.Meta.fields, "allowed_projects")


@extend_schema_serializer(component_name="Goal")
class ShownGoalSerializer(serializers.ModelSerializer[Goal]):
    """A goal as people see it; it takes goals `with_projects`."""

    project_ref = serializers.UUIDField(
        source="project_id", read_only=True, allow_null=True, help_text="null for a global goal"
    )
    public_slug = serializers.CharField(read_only=True, help_text="`{project}-{goal}`, or the global slug.")
    color = serializers.ChoiceField(choices=Color.choices, allow_blank=True, read_only=True)
    allowed_projects = serializers.SerializerMethodField(help_text="Those of them that you see.")
    etag = serializers.CharField(read_only=True)

    class Meta:
        model = Goal
        fields = (
            "id",
            "project_ref",
            "name",
            "slug",
            "public_slug",
            "color",
            "type",
            "description",
            "allowed_projects",
            "etag",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_allowed_projects(self, goal: Goal) -> list[str]:
        return [str(project.pk) for project in goal.seen_projects]


@extend_schema_serializer(examples=[OpenApiExample("a confirmation", {"slug": "orders"}, request_only=True)])
class GoalConfirmationSerializer(StrictSerializer):
    slug = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=SLUG_LENGTH, help_text="Repeats the slug."
    )


@extend_schema_serializer(examples=[OpenApiExample("one more", {"value": 1}, request_only=True)])
class IncrementSerializer(StrictSerializer):
    value = serializers.IntegerField(
        min_value=-INCREMENT,
        max_value=INCREMENT,
        default=1,
        help_text="Other than 0; a negative one takes back what was counted too much.",
    )


@extend_schema_serializer(
    examples=[OpenApiExample("three for a shop", {"project": "shop", "value": 3}, request_only=True)]
)
class GlobalIncrementSerializer(IncrementSerializer):
    project = serializers.CharField(
        required=False,
        max_length=SLUG_LENGTH,
        help_text="Id or slug of the project that counts; an API key may leave out its own.",
    )


class CountedSerializer(serializers.Serializer[Any]):
    """Where a project stands after an increment."""

    goal = serializers.UUIDField(source="goal.pk")
    slug = serializers.CharField(source="goal.slug")
    project_ref = serializers.UUIDField(source="project.pk")
    day = serializers.DateField(
        allow_null=True, help_text="The day that was counted for; null for a counter."
    )
    value = serializers.IntegerField(help_text="The project's value, of the day or in all.")


class StatsQuerySerializer(serializers.Serializer[None]):
    """The parameters of statistics."""

    goals = serializers.CharField(
        required=False,
        max_length=_NAMES_LENGTH,
        help_text="Ids or slugs, with commas between them, at most 50; all goals of the place where it is left out.",
    )
    days = serializers.IntegerField(
        required=False, min_value=1, max_value=STATS_DAYS, help_text="The length of the period."
    )
    group_by = serializers.ChoiceField(choices=Grouping.choices, default=Grouping.DAY)
    compare = serializers.BooleanField(default=False, help_text="With the period of the same length before.")
    per_project = serializers.BooleanField(default=False, help_text="Split by project.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `from` is no name of Python's.
        edges = {
            name: serializers.DateField(required=False, source=source, help_text=text)
            for name, source, text in (
                ("from", "first", "The first day."),
                ("to", "last", "The last day; today where it is left out."),
            )
        }
        return {**edges, **super().get_fields()}

    def names(self) -> list[str]:
        """The goals that were named."""
        parts = self.validated_data.get("goals", "").split(",")
        return [part for part in map(str.strip, parts) if part]


class GlobalStatsQuerySerializer(StatsQuerySerializer):
    project = serializers.CharField(
        required=False,
        max_length=SLUG_LENGTH,
        help_text="Id or slug of a project: its values alone.",
    )


class PointSerializer(serializers.Serializer[None]):
    date = serializers.DateField(help_text="The first day of the week or month, or the day itself.")
    value = serializers.IntegerField()


class ComparisonSerializer(serializers.Serializer[None]):
    total = serializers.IntegerField()
    change = serializers.IntegerField()
    change_percent = serializers.FloatField(allow_null=True, help_text="null where the total before was 0")


class SeriesSerializer(serializers.Serializer[None]):
    total = serializers.IntegerField(help_text="Of the period; of a plain counter, all that it counted.")
    points = PointSerializer(many=True, help_text="Gaps are filled with 0; empty for a plain counter.")
    previous = ComparisonSerializer(allow_null=True)


class ProjectSeriesSerializer(SeriesSerializer):
    project_ref = serializers.UUIDField(allow_null=True, help_text="null: all that you do not see")
    slug = serializers.CharField(allow_null=True)


class GoalSeriesSerializer(SeriesSerializer):
    id = serializers.UUIDField()
    project_ref = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    slug = serializers.CharField()
    public_slug = serializers.CharField()
    color = serializers.ChoiceField(choices=Color.choices, allow_blank=True)
    type = serializers.ChoiceField(choices=GoalType.choices)
    time_zone = serializers.CharField(help_text="Whose days they are.")
    projects = ProjectSeriesSerializer(many=True, help_text="Empty without `per_project`.")


class StatsSerializer(serializers.Serializer[None]):
    """Statistics; `represent` makes it."""

    group_by = serializers.ChoiceField(choices=Grouping.choices)
    goals = GoalSeriesSerializer(many=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        edges = {name: serializers.DateField() for name in ("from", "to")}
        previous = PreviousSerializer(allow_null=True)
        return {**edges, "previous": previous, **super().get_fields()}


class PreviousSerializer(serializers.Serializer[None]):
    """The period before."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {name: serializers.DateField() for name in ("from", "to")}


def represent(query: StatsQuery, stats: list[GoalStats]) -> dict[str, Any]:
    """Statistics as JSON has them, without a serializer: they may hold 200 000 points."""
    return {
        **_edges(query.period),
        "previous": _edges(query.period.before) if query.compare else None,
        "group_by": query.grouping,
        "goals": [_goal(one) for one in stats],
    }


def _edges(period: Period) -> dict[str, str]:
    return {"from": period.first.isoformat(), "to": period.last.isoformat()}


def _goal(stats: GoalStats) -> dict[str, Any]:
    goal = stats.goal
    return {
        "id": str(goal.pk),
        "project_ref": str(goal.project_id) if goal.project_id else None,
        "name": goal.name,
        "slug": goal.slug,
        "public_slug": goal.public_slug,
        "color": goal.color,
        "type": goal.type,
        "time_zone": zone_of(goal.project).key,
        **_series(stats.series),
        "projects": [{**_project(project), **_series(series)} for project, series in stats.projects],
    }


def _project(project: Project | None) -> dict[str, Any]:
    return {
        "project_ref": str(project.pk) if project else None,
        "slug": project.slug if project else None,
    }


def _series(series: Series) -> dict[str, Any]:
    before = {"total": series.before, "change": series.change, "change_percent": series.change_percent}
    return {
        "total": series.total,
        "points": [{"date": day.isoformat(), "value": value} for day, value in series.points],
        "previous": None if series.before is None else before,
    }
