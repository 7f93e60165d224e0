"""`/api/projects/:id/pipeline/branches…`"""

from __future__ import annotations

from functools import partial

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Pages
from pipeline.actions.branches import StaleBranch, create_branch, delete_branch, save_branch, save_main
from pipeline.models import Branch
from pipeline.serializers import (
    BranchContentSerializer,
    BranchSerializer,
    NewBranchSerializer,
    SaveBranchSerializer,
)
from projects.api.base import ProjectDoor

_IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="ETag of the content you edited."
)


class BranchesView(ProjectDoor, GenericAPIView[Branch]):
    serializer_class = BranchSerializer
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[Branch]:
        if getattr(self, "swagger_fake_view", False):
            return Branch.objects.none()
        return Branch.objects.filter(project=self.project)

    @extend_schema(operation_id="projects_pipeline_branches_list", responses=BranchSerializer(many=True))
    def get(self, request: Request, project: str) -> Response:
        """The branches, without their code."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(BranchSerializer(page or [], many=True).data)

    @extend_schema(request=NewBranchSerializer, responses={201: BranchContentSerializer})
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
        return _answer(branch, status.HTTP_201_CREATED)


class BranchView(ProjectDoor):
    @extend_schema(responses=BranchContentSerializer)
    def get(self, request: Request, project: str, name: str) -> Response:
        """A branch with its code."""
        return _answer(Branch.objects.named(self.project, name))

    @extend_schema(request=SaveBranchSerializer, responses=BranchContentSerializer, parameters=[_IF_MATCH])
    def put(self, request: Request, project: str, name: str) -> Response:
        """Replace all files, or `main` alone. With If-Match, 412 and the newer content when it is stale."""
        found = self.project
        data = SaveBranchSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        save = (
            partial(save_main, code=data.validated_data["code"])
            if "code" in data.validated_data
            else partial(save_branch, files=data.as_files())
        )
        try:
            branch = save(
                actor=self.actor, project=found, name=name, if_match=request.headers.get("If-Match")
            )
        except StaleBranch as error:
            error.extra["newer"] = BranchContentSerializer(error.branch).data
            raise
        return _answer(branch)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, project: str, name: str) -> Response:
        """Delete a branch, unless it is the last."""
        delete_branch(actor=self.actor, project=self.project, name=name)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _answer(branch: Branch, code: int = status.HTTP_200_OK) -> Response:
    return Response(BranchContentSerializer(branch).data, status=code, headers={"ETag": branch.etag})
