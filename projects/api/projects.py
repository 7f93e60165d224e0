"""`/api/projects…`"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.filters import SearchFilter
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Door, Pages
from accounts.api.filters import OrderingFilter
from accounts.errors import NotFoundError
from accounts.serializers import PersonSerializer
from projects.actions.members import add_member, remove_member
from projects.actions.projects import create_project, delete_project, update_project
from projects.api.base import ProjectDoor
from projects.models import Project
from projects.serializers import ConfirmationSerializer, MemberSerializer, ProjectSerializer, represent
from projects.slugs import as_id


class ProjectsView(Door, GenericAPIView[Project]):
    serializer_class = ProjectSerializer
    pagination_class = Pages
    filter_backends = (OrderingFilter, SearchFilter)
    ordering_fields = ("name", "slug", "created_at", "updated_at")
    ordering: ClassVar[list[str]] = ["name", "id"]
    search_fields = ("name", "slug")

    def get_queryset(self) -> QuerySet[Project]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without anybody asking
            return Project.objects.none()
        return Project.objects.visible_to(self.actor).select_related("owner").prefetch_related("members")

    @extend_schema(operation_id="projects_list", responses=ProjectSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The projects you see; `ordering` and `search` choose, `page` and `page_size` cut."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(represent(page or []))

    @extend_schema(responses={201: ProjectSerializer})
    def post(self, request: Request) -> Response:
        """Create a project."""
        data = ProjectSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        project = create_project(actor=self.actor, **data.validated_data)
        return Response(represent([project])[0], status=status.HTTP_201_CREATED)


class ProjectView(ProjectDoor):
    @extend_schema(responses=ProjectSerializer)
    def get(self, request: Request, project: str) -> Response:
        """One project."""
        return Response(represent([self.project])[0])

    @extend_schema(request=ProjectSerializer(partial=True), responses=ProjectSerializer)
    def put(self, request: Request, project: str) -> Response:
        """Change settings; what is left out stays."""
        found = self.project
        data = ProjectSerializer(data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        changed = update_project(actor=self.actor, project=found, **data.validated_data)
        return Response(represent([changed])[0])

    patch = put

    @extend_schema(
        request=ConfirmationSerializer,
        responses={204: None},
        parameters=[OpenApiParameter("confirm", str, description="The project's slug, once more.")],
    )
    def delete(self, request: Request, project: str) -> Response:
        """Delete a project and all in it; `slug` in the body or `?confirm=` has to repeat its slug."""
        found = self.project
        data = ConfirmationSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        confirm = data.validated_data["slug"] or request.query_params.get("confirm", "")
        delete_project(actor=self.actor, project=found, confirm=confirm)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MembersDoor(ProjectDoor):
    @property
    def peopled(self) -> Project:
        """The project of the address, also for who manages users and does not see it. Raises NotFoundError."""
        return Project.objects.lookup(self.actor, self.kwargs["project"], people=True)


class MembersView(MembersDoor):
    @extend_schema(responses=PersonSerializer(many=True))
    def get(self, request: Request, project: str) -> Response:
        """Who belongs to the project beside its owner."""
        return Response(PersonSerializer(self.project.members.all(), many=True).data)

    @extend_schema(request=MemberSerializer, responses={201: PersonSerializer})
    def post(self, request: Request, project: str) -> Response:
        """Let a person in."""
        found = self.peopled
        data = MemberSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        membership = add_member(actor=self.actor, project=found, **data.validated_data)
        return Response(PersonSerializer(membership.user).data, status=status.HTTP_201_CREATED)


class MemberView(MembersDoor):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, project: str, user: str) -> Response:
        """Let a person go."""
        found = self.peopled
        remove_member(actor=self.actor, project=found, user_id=_user_id(user))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _user_id(text: str) -> UUID:
    key = as_id(text)
    if key is None:
        raise NotFoundError
    return key
