"""Projects as those see them who manage people, and the audit of a project."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.audit import AuditDoor
from accounts.api.base import Door, Pages
from accounts.api.filters import OrderingFilter, SearchFilter
from accounts.models import AuditEntry
from accounts.permissions import require_manage_users
from accounts.serializers import AuditEntrySerializer
from projects.models import Project
from projects.serializers import ProjectNameSerializer


class ProjectNamesView(Door, GenericAPIView[Project]):
    serializer_class = ProjectNameSerializer
    pagination_class = Pages
    filter_backends = (OrderingFilter, SearchFilter)
    ordering_fields = ("name", "slug")
    ordering: ClassVar[list[str]] = ["name", "id"]
    search_fields = ("name", "slug")

    def get_queryset(self) -> QuerySet[Project]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without anybody asking
            return Project.objects.none()
        require_manage_users(self.person)
        return Project.objects.peopled_by(self.person)

    @extend_schema(operation_id="users_projects_list", responses=ProjectNameSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The names of all projects, for who gives people access to them."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(ProjectNameSerializer(page or [], many=True).data)


class ProjectAuditView(AuditDoor):
    def entries(self) -> QuerySet[AuditEntry]:
        """A person's alone: a project's key reads no audit."""
        project = Project.objects.lookup(self.person, self.kwargs["project"])
        return AuditEntry.objects.of_project(project.pk)

    @extend_schema(operation_id="projects_audit_list", responses=AuditEntrySerializer(many=True))
    def get(self, request: Request, project: str) -> Response:
        """What was done to the project and in it, newest first."""
        return self.page()
