"""`/api/projects/:id/pipeline/branches…`: branches as a whole."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Pages
from accounts.api.filters import OrderingFilter, SearchFilter
from accounts.api.idempotency import idempotent
from pipeline.actions.branches import (
    create_branch,
    delete_branch,
    rename_branch,
    reset_branch,
    save_branch,
    save_main,
)
from pipeline.api.base import FILE_EXAMPLE, BranchDoor, condition, saved, shown
from pipeline.models import Branch
from pipeline.serializers import (
    BranchContentSerializer,
    BranchNameSerializer,
    BranchSerializer,
    NewBranchSerializer,
    ResetSerializer,
    SaveBranchSerializer,
    SavedBranchSerializer,
)
from projects.api.base import ProjectDoor

_BRANCH_EXAMPLES = [
    OpenApiExample("from a branch", {"name": "next", "parent_branch": "develop"}, request_only=True),
    OpenApiExample("from a release", {"name": "fix", "created_from_release": "1.2"}, request_only=True),
]
_SAVE_EXAMPLES = [
    OpenApiExample("all files", {"files": [FILE_EXAMPLE]}, request_only=True),
    OpenApiExample("main alone", {"code": FILE_EXAMPLE["code"], "autosave": True}, request_only=True),
]


class BranchesView(ProjectDoor, GenericAPIView[Branch]):
    serializer_class = BranchSerializer
    pagination_class = Pages
    filter_backends = (OrderingFilter, SearchFilter)
    ordering_fields = ("name", "created_at", "updated_at")
    ordering: ClassVar[list[str]] = ["name", "pk"]
    search_fields = ("name",)

    def get_queryset(self) -> QuerySet[Branch]:
        if getattr(self, "swagger_fake_view", False):
            return Branch.objects.none()
        return Branch.objects.filter(project=self.project)

    @extend_schema(operation_id="projects_pipeline_branches_list", responses=BranchSerializer(many=True))
    def get(self, request: Request, project: str) -> Response:
        """The branches, without their code."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(BranchSerializer(page or [], many=True).data)

    @extend_schema(
        request=NewBranchSerializer, responses={201: BranchContentSerializer}, examples=_BRANCH_EXAMPLES
    )
    @idempotent
    def post(self, request: Request, project: str) -> Response:
        """Create a branch from a branch or a release."""
        found = self.project
        data = NewBranchSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        wanted = data.validated_data
        branch = create_branch(
            actor=self.actor,
            project=found,
            name=wanted["name"],
            from_branch=wanted["parent_branch"] or "",
            from_release=wanted["created_from_release"] or "",
        )
        return shown(branch, status.HTTP_201_CREATED)


class BranchView(BranchDoor):
    if_match = ("PUT", "PATCH", "DELETE")

    @extend_schema(responses=BranchContentSerializer)
    def get(self, request: Request, project: str, name: str) -> Response:
        """A branch with its code."""
        return shown(Branch.objects.named(self.project, name))

    @extend_schema(request=SaveBranchSerializer, responses=SavedBranchSerializer, examples=_SAVE_EXAMPLES)
    def put(self, request: Request, project: str, name: str) -> Response:
        """Replace all files, or `main` alone; syntax errors are saved and told as `warnings`."""
        found = self.project
        data = SaveBranchSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        save = (
            partial(save_main, code=data.validated_data["code"])
            if "code" in data.validated_data
            else partial(save_branch, files=data.as_files())
        )
        branch = save(
            actor=self.actor,
            project=found,
            name=name,
            if_match=condition(request),
            autosave=data.validated_data["autosave"],
        )
        return saved(branch)

    @extend_schema(request=BranchNameSerializer, responses=BranchContentSerializer)
    def patch(self, request: Request, project: str, name: str) -> Response:
        """Give the branch another name."""
        found = self.project
        data = BranchNameSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        branch = rename_branch(
            actor=self.actor,
            project=found,
            name=name,
            new_name=data.validated_data["name"],
            if_match=condition(request),
        )
        return shown(branch)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, project: str, name: str) -> Response:
        """Delete a branch with its history, unless it is the last."""
        delete_branch(actor=self.actor, project=self.project, name=name, if_match=condition(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ResetView(BranchDoor):
    if_match = ("POST",)

    @extend_schema(request=ResetSerializer, responses=SavedBranchSerializer)
    def post(self, request: Request, project: str, name: str) -> Response:
        """Make the content that of a release; what was there stands in the history."""
        found = self.project
        data = ResetSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        version = data.validated_data["version"]
        branch = reset_branch(
            actor=self.actor, project=found, name=name, version=version, if_match=condition(request)
        )
        return saved(branch)
