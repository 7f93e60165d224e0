"""`/api/projects…`"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from accounts.api.base import Door, Pages
from accounts.api.filters import OrderingFilter, SearchFilter
from accounts.api.idempotency import idempotent
from accounts.errors import NotFoundError
from accounts.etags import StaleError, check_if_match
from accounts.serializers import PersonSerializer
from projects.actions.members import add_member, remove_member, transfer_project
from projects.actions.projects import create_project, delete_project, update_project
from projects.api.base import ProjectDoor
from projects.api.filters import ProjectFilter
from projects.models import Project
from projects.serializers import ConfirmationSerializer, MemberSerializer, ProjectSerializer, represent
from projects.slugs import as_id

# What a GET names beside the settings: status, members and whatever else floors above put in.
_SHOWN_PART = re.compile(r'\.[0-9a-f]{8}"')
_WANTED = {"name": "Shop", "slug": "shop", "color": "teal", "time_zone": "Europe/Berlin"}


def answer(project: Project, code: int = status.HTTP_200_OK) -> Response:
    """A project with its ETag: the settings', which changes are compared with, and the rest of what is shown."""
    body = represent([project])[0]
    shown = hashlib.sha256(json.dumps(body, cls=JSONEncoder).encode()).hexdigest()[:8]
    etag = f'{project.etag[:-1]}.{shown}"'
    return Response(body, status=code, headers={"ETag": etag})


class ProjectsView(Door, GenericAPIView[Project]):
    serializer_class = ProjectSerializer
    pagination_class = Pages
    filter_backends = (DjangoFilterBackend, OrderingFilter, SearchFilter)
    filterset_class = ProjectFilter
    ordering_fields = ("name", "slug", "created_at", "updated_at")
    ordering: ClassVar[list[str]] = ["name", "id"]
    search_fields = ("name", "slug")

    def get_queryset(self) -> QuerySet[Project]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without anybody asking
            return Project.objects.none()
        # Which projects there are is a person's to ask; a key has one, and knows it.
        return Project.objects.visible_to(self.person).for_showing()

    @extend_schema(operation_id="projects_list", responses=ProjectSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The projects you see; filters, `ordering` and `search` choose, `page` and `page_size` cut."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(represent(page or []))

    @extend_schema(
        responses={201: ProjectSerializer},
        examples=[OpenApiExample("a project", value=_WANTED, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Create a project."""
        data = ProjectSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        project = create_project(actor=self.actor, **data.validated_data)
        return answer(project, status.HTTP_201_CREATED)


class ProjectView(ProjectDoor):
    if_match: ClassVar[tuple[str, ...]] = ("PUT", "PATCH", "DELETE")

    @property
    def wanted_etag(self) -> str | None:
        """The settings that the caller began with: a start or a new member in between is no conflict."""
        named = self.request.headers.get("If-Match")
        return None if named is None else _SHOWN_PART.sub('"', named)

    @extend_schema(responses=ProjectSerializer)
    def get(self, request: Request, project: str) -> Response:
        """One project."""
        return answer(self.project)

    @extend_schema(request=ProjectSerializer(partial=True), responses=ProjectSerializer)
    def put(self, request: Request, project: str) -> Response:
        """Change settings; what is left out stays."""
        found = self.project
        data = ProjectSerializer(data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        changes: dict[str, Any] = data.validated_data
        try:
            changed = update_project(actor=self.actor, project=found, if_match=self.wanted_etag, **changes)
        except StaleError as error:
            error.extra["newer"] = represent([self.project])[0]
            raise
        return answer(changed)

    patch = put

    @extend_schema(
        request=ConfirmationSerializer,
        parameters=[
            OpenApiParameter("confirm", str, description="The project's slug, in place of the body.")
        ],
        responses={204: None},
    )
    def delete(self, request: Request, project: str) -> Response:
        """Delete a project and all in it; `slug` in the body or `?confirm=` has to repeat its slug."""
        found = self.project
        data = ConfirmationSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        confirm = data.validated_data["slug"] or request.query_params.get("confirm", "")
        check_if_match(self.wanted_etag, found.etag)
        delete_project(actor=self.actor, project=found, confirm=confirm)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MembersDoor(ProjectDoor):
    @property
    def peopled(self) -> Project:
        """The project of the address, also for who manages users and does not see it. Raises NotFoundError."""
        return Project.objects.lookup(self.actor, self.kwargs["project"], people=True)


class OwnerView(ProjectDoor):
    @extend_schema(operation_id="projects_transfer", request=MemberSerializer, responses=ProjectSerializer)
    def put(self, request: Request, project: str) -> Response:
        """Give the project to another person; who owned it becomes a member."""
        found = self.project
        data = MemberSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        return answer(transfer_project(actor=self.actor, project=found, **data.validated_data))


class MembersView(MembersDoor):
    @extend_schema(responses=PersonSerializer(many=True))
    def get(self, request: Request, project: str) -> Response:
        """Who belongs to the project beside its owner."""
        return Response(PersonSerializer(self.project.members.all(), many=True).data)

    @extend_schema(request=MemberSerializer, responses={201: PersonSerializer})
    @idempotent
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
