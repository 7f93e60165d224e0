"""`/api/goals…`: the global goals."""

from __future__ import annotations

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Door
from accounts.api.idempotency import idempotent
from accounts.errors import UserError
from accounts.permissions import KeyActor
from goals.actions.increments import count_global
from goals.api.base import CONFIRM, NEW_GOAL, SHOWN_GOAL, GlobalHome, GoalDoor, GoalsDoor, answer
from goals.models import Goal
from goals.serializers import (
    CountedSerializer,
    GlobalGoalSerializer,
    GlobalIncrementSerializer,
    GoalConfirmationSerializer,
    ShownGoalSerializer,
)


class GoalsView(GlobalHome, GoalsDoor):
    @extend_schema(operation_id="goals_list", responses=ShownGoalSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The global goals; `type`, `color` and `search` choose, `ordering` sorts."""
        return self.page()

    @extend_schema(
        request=GlobalGoalSerializer, responses={201: ShownGoalSerializer}, examples=[NEW_GOAL, SHOWN_GOAL]
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Create a global goal."""
        return self.create(GlobalGoalSerializer(data=request.data))


class GoalView(GlobalHome, GoalDoor):
    @extend_schema(responses=ShownGoalSerializer, examples=[SHOWN_GOAL])
    def get(self, request: Request, goal: str) -> Response:
        """A global goal."""
        return answer(self.goal)

    @extend_schema(request=GlobalGoalSerializer(partial=True), responses=ShownGoalSerializer)
    def put(self, request: Request, goal: str) -> Response:
        """Change a global goal; what is left out stays."""
        return self.change(GlobalGoalSerializer(data=request.data, partial=True))

    patch = put

    @extend_schema(request=GoalConfirmationSerializer, responses={204: None}, parameters=[CONFIRM])
    def delete(self, request: Request, goal: str) -> Response:
        """Delete a global goal with all that it counted; `slug` in the body or `?confirm=` repeats its slug."""
        return self.remove()


class GoalResetView(GlobalHome, GoalDoor):
    @extend_schema(request=GoalConfirmationSerializer, responses=ShownGoalSerializer, parameters=[CONFIRM])
    @idempotent
    def post(self, request: Request, goal: str) -> Response:
        """Begin to count at 0 again, for all projects; `slug` in the body or `?confirm=` repeats its slug."""
        return self.reset()


class GoalIncrementView(Door):
    @extend_schema(request=GlobalIncrementSerializer, responses=CountedSerializer)
    @idempotent
    def post(self, request: Request, goal: str) -> Response:
        """Count for a project that the goal lists."""
        found = Goal.objects.everywhere().lookup(goal)
        data = GlobalIncrementSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        project = data.validated_data.get("project") or self._own_project()
        counted = count_global(
            actor=self.actor, goal=found, project=project, value=data.validated_data["value"]
        )
        return Response(CountedSerializer(counted).data)

    def _own_project(self) -> str:
        """The project of a key; raises UserError for people, who may have several."""
        actor = self.actor
        if isinstance(actor, KeyActor):
            return str(actor.project_id)
        raise UserError("project_missing", _("Name the project that counts."), pointer="/project")
