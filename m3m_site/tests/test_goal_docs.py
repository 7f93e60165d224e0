"""The page on goals has every field, parameter and choice."""

from __future__ import annotations

from goals.choices import GoalType, Grouping
from goals.serializers import (
    CountedSerializer,
    GlobalGoalSerializer,
    GlobalIncrementSerializer,
    GlobalStatsQuerySerializer,
    GoalSeriesSerializer,
    ProjectSeriesSerializer,
    ShownGoalSerializer,
    StatsSerializer,
)
from m3m_site.tests.test_docs import missing, page


class GoalDocsTest:
    def test_every_field_and_parameter_is_there(self) -> None:
        serializers = (
            *(ShownGoalSerializer, GlobalGoalSerializer, GlobalIncrementSerializer, CountedSerializer),
            *(GlobalStatsQuerySerializer, StatsSerializer, GoalSeriesSerializer, ProjectSeriesSerializer),
        )
        names = {name for serializer in serializers for name in serializer().fields}
        assert {"allowed_projects", "per_project", "change_percent"} - names == {"change_percent"}
        text = page("rest/goals.md")
        assert {name for name in names if f"`{name}`" not in text and f'"{name}"' not in text} == set()

    def test_every_choice_is_there(self) -> None:
        assert missing({*GoalType.values, *Grouping.values}, page("rest/goals.md")) == set()
