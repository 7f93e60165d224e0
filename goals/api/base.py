"""What the doors of global goals and of a project's goals share: they differ in where the goals are at home."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.api.base import Door, Pages
from accounts.api.filters import OrderingFilter, SearchFilter
from accounts.etags import StaleError
from goals.actions.goals import create_goal, delete_goal, reset_goal, update_goal
from goals.models import Goal
from goals.serializers import GoalConfirmationSerializer, ShownGoalSerializer
from projects.api.base import ProjectDoor
from projects.models import Project

CONFIRM = OpenApiParameter("confirm", str, description="The goal's slug, as `slug` in the body.")
NEW_GOAL = OpenApiExample(
    "a daily counter",
    {"name": "Orders", "slug": "orders", "color": "teal", "type": "daily_counter"},
    request_only=True,
)
SHOWN_GOAL = OpenApiExample(
    "a goal",
    {
        "id": "0d8c7be0-3a53-4f0c-a2c5-6a4b7d6bb0a1",
        "project_ref": "91b4f3ae-1a34-4a8c-9c61-0f1a52f3f5d7",
        "name": "Orders",
        "slug": "orders",
        "public_slug": "shop-orders",
        "color": "teal",
        "type": "daily_counter",
        "description": "",
        "allowed_projects": [],
        "etag": '"0d8c7be03a53-1"',
        "created_at": "2026-01-31T12:00:00Z",
        "updated_at": "2026-01-31T12:00:00Z",
    },
    response_only=True,
)


class Home(Door):
    """A door of goals that are at home in one place."""

    def home(self) -> Project | None:
        """The project whose goals these are; None for global ones. Raises NotFoundError, NotAuthenticated."""
        raise NotImplementedError


class GlobalHome(Home):
    def home(self) -> Project | None:
        _reader = self.person  # global goals are for people to read, not for keys
        return None


class ProjectHome(ProjectDoor, Home):
    def home(self) -> Project | None:
        return self.project


class GoalsDoor(Home, GenericAPIView[Goal]):
    """The goals of one place."""

    serializer_class = ShownGoalSerializer
    pagination_class = Pages
    filter_backends = (DjangoFilterBackend, OrderingFilter, SearchFilter)
    filterset_fields = ("type", "color")
    ordering_fields = ("name", "slug", "created_at", "updated_at")
    ordering: ClassVar[list[str]] = ["name", "id"]
    search_fields = ("name", "slug", "description")

    def get_queryset(self) -> QuerySet[Goal]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without anybody asking
            return Goal.objects.none()
        return Goal.objects.filter(project=self.home()).with_projects(self.actor)

    def page(self) -> Response:
        found = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(ShownGoalSerializer(found or [], many=True).data)

    def create(self, data: BaseSerializer[Any]) -> Response:
        home = self.home()
        data.is_valid(raise_exception=True)
        goal = create_goal(actor=self.actor, project=home, **data.validated_data)
        return self._answer(goal, status.HTTP_201_CREATED)

    def _answer(self, goal: Goal, code: int) -> Response:
        return answer(Goal.objects.with_projects(self.actor).get(pk=goal.pk), code)


class GoalDoor(Home):
    """One goal, by its id or short slug."""

    if_match: ClassVar[tuple[str, ...]] = ("PUT", "PATCH", "DELETE")

    @property
    def goal(self) -> Goal:
        """The goal of the address. Raises NotFoundError."""
        goals = Goal.objects.filter(project=self.home()).with_projects(self.actor)
        return goals.lookup(self.kwargs["goal"])

    def change(self, data: BaseSerializer[Any]) -> Response:
        found = self.goal
        data.is_valid(raise_exception=True)
        if_match = self.request.headers.get("If-Match")
        try:
            changed = update_goal(actor=self.actor, goal=found, if_match=if_match, **data.validated_data)
        except StaleError as error:
            error.extra["newer"] = ShownGoalSerializer(self.goal).data
            raise
        return answer(Goal.objects.with_projects(self.actor).get(pk=changed.pk))

    def remove(self) -> Response:
        found = self.goal
        if_match = self.request.headers.get("If-Match")
        try:
            delete_goal(actor=self.actor, goal=found, confirm=self._confirm(), if_match=if_match)
        except StaleError as error:
            error.extra["newer"] = ShownGoalSerializer(self.goal).data
            raise
        return Response(status=status.HTTP_204_NO_CONTENT)

    def reset(self) -> Response:
        found = self.goal
        reset_goal(actor=self.actor, goal=found, confirm=self._confirm())
        return answer(found)

    def _confirm(self) -> str:
        data = GoalConfirmationSerializer(data=self.request.data)
        data.is_valid(raise_exception=True)
        return data.validated_data["slug"] or self.request.query_params.get("confirm", "")


def answer(goal: Goal, code: int = status.HTTP_200_OK) -> Response:
    return Response(ShownGoalSerializer(goal).data, status=code, headers={"ETag": goal.etag})
