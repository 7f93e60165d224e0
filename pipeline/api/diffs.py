"""`/api/projects/:id/pipeline/diff` and `…/releases/:version/diff`"""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from pipeline.diffs import compare
from pipeline.models import Release
from pipeline.serializers import DiffSerializer
from pipeline.sources import files_of
from projects.api.base import ProjectDoor
from projects.models import Project
from projects.permissions import Right, require

_FORM = "release:0.1, branch:develop or revision:develop:12"


class DiffView(ProjectDoor):
    @extend_schema(
        operation_id="projects_pipeline_diff",
        parameters=[
            OpenApiParameter("from", str, required=True, description=f"The old source: {_FORM}."),
            OpenApiParameter("to", str, required=True, description=f"The new source: {_FORM}."),
        ],
        responses=DiffSerializer,
    )
    def get(self, request: Request, project: str) -> Response:
        """What differs between any two releases, branches or revisions."""
        found = self.project
        require(self.actor, found, Right.WORK)
        return _answer(found, *(_parameter(request, name) for name in ("from", "to")))


class ReleaseDiffView(ProjectDoor):
    @extend_schema(
        operation_id="projects_pipeline_releases_diff",
        parameters=[
            OpenApiParameter("against", str, description="The older release; otherwise the one before."),
        ],
        responses=DiffSerializer,
    )
    def get(self, request: Request, project: str, version: str) -> Response:
        """What a release changed since another."""
        found = self.project
        require(self.actor, found, Right.WORK)
        release = Release.objects.get_version(found, version)
        against = request.query_params.get("against", "")
        before = Release.objects.get_version(found, against) if against else release.predecessor()
        old = f"release:{before.version}" if before else ""
        return _answer(found, old, f"release:{version}")


def _parameter(request: Request, name: str) -> str:
    value: str = request.query_params.get(name, "")
    if not value:
        raise ValidationError({name: "This parameter is required."})
    return value


def _answer(project: Project, old: str, new: str) -> Response:
    """The first release is compared with nothing."""
    files = compare(files_of(project, old) if old else {}, files_of(project, new))
    told = {
        "old": old,
        "new": new,
        "files": files,
        "added": sum(one.added for one in files),
        "removed": sum(one.removed for one in files),
    }
    return Response(DiffSerializer(told).data)
