"""`/api/projects/:id/pipeline/releases…`"""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Pages
from accounts.api.filters import OrderingFilter, SearchFilter
from accounts.api.idempotency import idempotent
from pipeline.actions.branches import create_branch
from pipeline.actions.releases import activate_release, delete_release, publish_release, purge_releases
from pipeline.api.base import shown
from pipeline.api.filters import ReleaseFilter
from pipeline.models import Release
from pipeline.serializers import (
    BranchContentSerializer,
    BranchNameSerializer,
    PublishSerializer,
    PurgedSerializer,
    PurgeSerializer,
    ReleaseContentSerializer,
    ReleaseSerializer,
)
from projects.api.base import ProjectDoor


class ReleasesView(ProjectDoor, GenericAPIView[Release]):
    serializer_class = ReleaseSerializer
    pagination_class = Pages
    filter_backends = (DjangoFilterBackend, OrderingFilter, SearchFilter)
    filterset_class = ReleaseFilter
    ordering_fields = ("version", "created_at", "tag", "branch")
    ordering_columns: ClassVar[dict[str, tuple[str, ...]]] = {"version": ("major", "minor")}
    ordering: ClassVar[list[str]] = ["-major", "-minor"]
    search_fields = ("comment",)

    def get_queryset(self) -> QuerySet[Release]:
        if getattr(self, "swagger_fake_view", False):
            return Release.objects.none()
        return Release.objects.filter(project=self.project).select_related("author").defer("files")

    @extend_schema(operation_id="projects_pipeline_releases_list", responses=ReleaseSerializer(many=True))
    def get(self, request: Request, project: str) -> Response:
        """The releases, newest first unless `ordering` says otherwise, without their code."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(ReleaseSerializer(page or [], many=True).data)

    @extend_schema(
        request=PublishSerializer,
        responses={201: ReleaseSerializer},
        examples=[
            OpenApiExample(
                "a release",
                {"branch": "develop", "bump": "minor", "tag": "stable", "comment": "Counts visits"},
                request_only=True,
            )
        ],
    )
    @idempotent
    def post(self, request: Request, project: str) -> Response:
        """Freeze the content of a branch under the next number; code with a syntax error is refused."""
        found = self.project
        data = PublishSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        release = publish_release(actor=self.actor, project=found, **data.validated_data)
        return Response(ReleaseSerializer(release).data, status=status.HTTP_201_CREATED)


class PurgeView(ProjectDoor):
    @extend_schema(
        operation_id="projects_pipeline_releases_purge",
        request=PurgeSerializer,
        responses=PurgedSerializer,
        examples=[OpenApiExample("a look", {"keep_last": 5, "dry_run": True}, request_only=True)],
    )
    def post(self, request: Request, project: str) -> Response:
        """Delete all releases but the active one, a running one and the newest `keep_last`."""
        found = self.project
        data = PurgeSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        gone = purge_releases(actor=self.actor, project=found, **data.validated_data)
        return Response(PurgedSerializer({"deleted": gone, "dry_run": data.validated_data["dry_run"]}).data)


class ReleaseView(ProjectDoor):
    @extend_schema(responses=ReleaseContentSerializer)
    def get(self, request: Request, project: str, version: str) -> Response:
        """A release with its code."""
        return Response(ReleaseContentSerializer(Release.objects.get_version(self.project, version)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, project: str, version: str) -> Response:
        """Delete a release, unless it is the active one or runs."""
        delete_release(actor=self.actor, project=self.project, version=version)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ActivateView(ProjectDoor):
    @extend_schema(
        operation_id="projects_pipeline_releases_activate", request=None, responses=ReleaseSerializer
    )
    def post(self, request: Request, project: str, version: str) -> Response:
        """Choose what runs at the next start."""
        release = activate_release(actor=self.actor, project=self.project, version=version)
        return Response(ReleaseSerializer(release).data)


class ReleaseBranchView(ProjectDoor):
    @extend_schema(
        operation_id="projects_pipeline_releases_branch",
        request=BranchNameSerializer,
        responses={201: BranchContentSerializer},
    )
    @idempotent
    def post(self, request: Request, project: str, version: str) -> Response:
        """Begin a branch with the code of this release."""
        found = self.project
        data = BranchNameSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        name = data.validated_data["name"]
        release = Release.objects.get_version(found, version)
        branch = create_branch(actor=self.actor, project=found, name=name, from_release=release.version)
        return shown(branch, status.HTTP_201_CREATED)
