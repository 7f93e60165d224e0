"""`/api/projects/:id/goals…`: the goals of a project."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.idempotency import idempotent
from goals.actions.increments import count
from goals.api.base import CONFIRM, NEW_GOAL, SHOWN_GOAL, GoalDoor, GoalsDoor, ProjectHome, answer
from goals.serializers import (
    CountedSerializer,
    GoalConfirmationSerializer,
    GoalSerializer,
    IncrementSerializer,
    ShownGoalSerializer,
)
from projects.api.base import ProjectDoor


class ProjectGoalsView(ProjectHome, GoalsDoor):
    @extend_schema(operation_id="projects_goals_list", responses=ShownGoalSerializer(many=True))
    def get(self, request: Request, project: str) -> Response:
        """The project's goals; `type`, `color` and `search` choose, `ordering` sorts."""
        return self.page()

    @extend_schema(
        request=GoalSerializer, responses={201: ShownGoalSerializer}, examples=[NEW_GOAL, SHOWN_GOAL]
    )
    @idempotent
    def post(self, request: Request, project: str) -> Response:
        """Create a goal."""
        return self.create(GoalSerializer(data=request.data))


class ProjectGoalView(ProjectHome, GoalDoor):
    @extend_schema(responses=ShownGoalSerializer, examples=[SHOWN_GOAL])
    def get(self, request: Request, project: str, goal: str) -> Response:
        """One goal."""
        return answer(self.goal)

    @extend_schema(request=GoalSerializer(partial=True), responses=ShownGoalSerializer)
    def put(self, request: Request, project: str, goal: str) -> Response:
        """Change a goal; what is left out stays."""
        return self.change(GoalSerializer(data=request.data, partial=True))

    patch = put

    @extend_schema(request=GoalConfirmationSerializer, responses={204: None}, parameters=[CONFIRM])
    def delete(self, request: Request, project: str, goal: str) -> Response:
        """Delete a goal with all that it counted; `slug` in the body or `?confirm=` repeats its slug."""
        return self.remove()


class ProjectGoalResetView(ProjectHome, GoalDoor):
    @extend_schema(request=GoalConfirmationSerializer, responses=ShownGoalSerializer, parameters=[CONFIRM])
    @idempotent
    def post(self, request: Request, project: str, goal: str) -> Response:
        """Begin to count at 0 again; `slug` in the body or `?confirm=` repeats its slug."""
        return self.reset()


class ProjectGoalIncrementView(ProjectDoor):
    @extend_schema(request=IncrementSerializer, responses=CountedSerializer)
    @idempotent
    def post(self, request: Request, project: str, goal: str) -> Response:
        """Count: the project's goal of that slug or id, else a global one that lists the project."""
        found = self.project
        data = IncrementSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        counted = count(actor=self.actor, project=found, slug=goal, value=data.validated_data["value"])
        return Response(CountedSerializer(counted).data)
