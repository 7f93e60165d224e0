from __future__ import annotations

from django.urls import path

from goals.api.goals import GoalIncrementView, GoalResetView, GoalsView, GoalView
from goals.api.project_goals import (
    ProjectGoalIncrementView,
    ProjectGoalResetView,
    ProjectGoalsView,
    ProjectGoalView,
)
from goals.api.stats import (
    GoalStatsTableView,
    GoalStatsView,
    ProjectGoalStatsTableView,
    ProjectGoalStatsView,
)

urlpatterns = [
    path("goals", GoalsView.as_view()),
    # Before goals by their slug; no goal is called so.
    path("goals/stats", GoalStatsView.as_view()),
    path("goals/stats.csv", GoalStatsTableView.as_view()),
    path("goals/<str:goal>", GoalView.as_view()),
    path("goals/<str:goal>/increment", GoalIncrementView.as_view()),
    path("goals/<str:goal>/reset", GoalResetView.as_view()),
    path("projects/<str:project>/goals", ProjectGoalsView.as_view()),
    path("projects/<str:project>/goals/stats", ProjectGoalStatsView.as_view()),
    path("projects/<str:project>/goals/stats.csv", ProjectGoalStatsTableView.as_view()),
    path("projects/<str:project>/goals/<str:goal>", ProjectGoalView.as_view()),
    path("projects/<str:project>/goals/<str:goal>/increment", ProjectGoalIncrementView.as_view()),
    path("projects/<str:project>/goals/<str:goal>/reset", ProjectGoalResetView.as_view()),
]
