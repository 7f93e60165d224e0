"""`/api/projects/:id/pipeline/branches/:name/history…`"""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Pages
from pipeline.actions.branches import restore_revision
from pipeline.api.base import BranchDoor, condition, saved
from pipeline.models import Branch, BranchRevision
from pipeline.serializers import RevisionContentSerializer, RevisionSerializer, SavedBranchSerializer
from projects.api.base import ProjectDoor


class HistoryView(ProjectDoor, GenericAPIView[BranchRevision]):
    serializer_class = RevisionSerializer
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[BranchRevision]:
        if getattr(self, "swagger_fake_view", False):
            return BranchRevision.objects.none()
        branch = Branch.objects.named(self.project, self.kwargs["name"])
        return BranchRevision.objects.filter(branch=branch).select_related("author").defer("packed")

    @extend_schema(
        operation_id="projects_pipeline_branches_history_list", responses=RevisionSerializer(many=True)
    )
    def get(self, request: Request, project: str, name: str) -> Response:
        """What the branch held lately, newest first, without code."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(RevisionSerializer(page or [], many=True).data)


class RevisionView(ProjectDoor):
    @extend_schema(responses=RevisionContentSerializer)
    def get(self, request: Request, project: str, name: str, revision: int) -> Response:
        """What the branch held after one save."""
        branch = Branch.objects.named(self.project, name)
        found = BranchRevision.objects.get_revision(branch, revision)
        return Response(RevisionContentSerializer(found).data)


class RestoreView(BranchDoor):
    if_match = ("POST",)

    @extend_schema(request=None, responses=SavedBranchSerializer)
    def post(self, request: Request, project: str, name: str, revision: int) -> Response:
        """Make the content that of an earlier revision, as a new one."""
        branch = restore_revision(
            actor=self.actor,
            project=self.project,
            name=name,
            revision=revision,
            if_match=condition(request),
        )
        return saved(branch)
