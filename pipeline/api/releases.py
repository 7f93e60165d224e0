"""`/api/projects/:id/pipeline/releases…`"""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Pages
from pipeline.actions.releases import activate_release, delete_release, publish_release
from pipeline.models import Release
from pipeline.serializers import PublishSerializer, ReleaseContentSerializer, ReleaseSerializer
from projects.api.base import ProjectDoor


class ReleasesView(ProjectDoor, GenericAPIView[Release]):
    serializer_class = ReleaseSerializer
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[Release]:
        if getattr(self, "swagger_fake_view", False):
            return Release.objects.none()
        return Release.objects.filter(project=self.project).select_related("author").defer("files")

    @extend_schema(operation_id="projects_pipeline_releases_list", responses=ReleaseSerializer(many=True))
    def get(self, request: Request, project: str) -> Response:
        """The releases, newest first, without their code."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(ReleaseSerializer(page or [], many=True).data)

    @extend_schema(request=PublishSerializer, responses={201: ReleaseSerializer})
    def post(self, request: Request, project: str) -> Response:
        """Freeze the content of a branch under the next number."""
        found = self.project
        data = PublishSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        release = publish_release(actor=self.actor, project=found, **data.validated_data)
        return Response(ReleaseSerializer(release).data, status=status.HTTP_201_CREATED)


class ReleaseView(ProjectDoor):
    @extend_schema(responses=ReleaseContentSerializer)
    def get(self, request: Request, project: str, version: str) -> Response:
        """A release with its code."""
        return Response(ReleaseContentSerializer(Release.objects.get_version(self.project, version)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, project: str, version: str) -> Response:
        """Delete a release, unless it is the active one."""
        delete_release(actor=self.actor, project=self.project, version=version)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ActivateView(ProjectDoor):
    @extend_schema(request=None, responses=ReleaseSerializer)
    def post(self, request: Request, project: str, version: str) -> Response:
        """Choose what runs at the next start."""
        release = activate_release(actor=self.actor, project=self.project, version=version)
        return Response(ReleaseSerializer(release).data)
