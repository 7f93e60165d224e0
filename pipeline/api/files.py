"""`/api/projects/:id/pipeline/branches/:name/files…`: single files of a branch."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from pipeline.actions.files import delete_file, put_file, rename_file
from pipeline.api.base import FILE_EXAMPLE, BranchDoor, condition, saved
from pipeline.files import check_file_name, get_file
from pipeline.models import Branch
from pipeline.serializers import (
    FileSerializer,
    RenameFileSerializer,
    SavedBranchSerializer,
    SaveFileSerializer,
)


class BranchFileView(BranchDoor):
    if_match = ("PUT", "DELETE")

    @extend_schema(responses=FileSerializer)
    def get(self, request: Request, project: str, name: str, path: str) -> Response:
        """One file; the ETag is the branch's."""
        branch, wanted = Branch.objects.named(self.project, name), check_file_name(path, "")
        code = get_file(branch.as_files(), wanted)
        return Response(FileSerializer({"name": wanted, "code": code}).data, headers={"ETag": branch.etag})

    @extend_schema(
        request=SaveFileSerializer,
        responses=SavedBranchSerializer,
        examples=[OpenApiExample("code", {"code": FILE_EXAMPLE["code"]}, request_only=True)],
    )
    def put(self, request: Request, project: str, name: str, path: str) -> Response:
        """Add a file or replace its code."""
        found = self.project
        data = SaveFileSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        branch = put_file(
            actor=self.actor,
            project=found,
            branch=name,
            name=path,
            if_match=condition(request),
            **data.validated_data,
        )
        return saved(branch)

    @extend_schema(responses={200: SavedBranchSerializer})
    def delete(self, request: Request, project: str, name: str, path: str) -> Response:
        """Delete a file, unless it is `main`."""
        branch = delete_file(
            actor=self.actor, project=self.project, branch=name, name=path, if_match=condition(request)
        )
        return saved(branch)


class RenameFileView(BranchDoor):
    if_match = ("POST",)

    @extend_schema(
        request=RenameFileSerializer,
        responses=SavedBranchSerializer,
        examples=[OpenApiExample("a file", {"name": "old.js", "new_name": "lib/new.js"}, request_only=True)],
    )
    def post(self, request: Request, project: str, name: str) -> Response:
        """Give a file another name, unless it is `main`."""
        found = self.project
        data = RenameFileSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        wanted = data.validated_data
        branch = rename_file(
            actor=self.actor,
            project=found,
            branch=name,
            name=wanted["name"],
            new_name=wanted["new_name"],
            if_match=condition(request),
        )
        return saved(branch)
