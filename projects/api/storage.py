"""`/api/projects/:id/storage…`: folders, and files as JSON speaks of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Pages
from projects.actions.files import (
    copy_file,
    create_folder,
    create_text_file,
    delete_file,
    move_file,
    update_text_file,
)
from projects.api.base import ProjectDoor
from projects.file_serializers import (
    DeletionQuerySerializer,
    EntrySerializer,
    FolderSerializer,
    MoveSerializer,
    NewTextFileSerializer,
    PathDeletionQuerySerializer,
    RenameSerializer,
    StorageListSerializer,
    StorageQuerySerializer,
    TextContentSerializer,
    TextFileSerializer,
)
from projects.files.project_files import ProjectFiles
from projects.files.store import Entry
from projects.models import Project
from projects.names import path_parts
from projects.permissions import Right, require

_ENTRY = OpenApiExample(
    "a file",
    value={
        "name": "report.txt",
        "path": "docs/report.txt",
        "is_dir": False,
        "size": 1234,
        "mime_type": "text/plain",
        "updated_at": "2026-01-31T12:00:00Z",
        "etag": '"18a4c2-4d2-9f"',
        "url": "/api/projects/91b4e1d2-0000-4000-8000-000000000000/storage/download/docs/report.txt",
        "preview_url": None,
    },
    response_only=True,
)


class FilesDoor(ProjectDoor):
    """A door to a project's files."""

    @property
    def readable(self) -> Project:
        """The project, of whoever may see its files."""
        found = self.project
        require(self.actor, found, Right.WORK)
        return found


class StorageView(FilesDoor):
    @extend_schema(
        operation_id="storage_list", parameters=[StorageQuerySerializer], responses=StorageListSerializer
    )
    def get(self, request: Request, project: str) -> Response:
        """One page of a folder, folders first, and the space that the project uses."""
        found = self.readable
        query = StorageQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        files = ProjectFiles(found.pk)
        entries = files.list(
            wanted["path"],
            order=wanted["ordering"],
            search=wanted["search"],
            recursive=wanted["recursive"],
        )
        pages = Pages()
        page: Any = pages.paginate_queryset(_Slices(entries), request, view=self)
        answer = pages.get_paginated_response(
            EntrySerializer(page, many=True, context={"project": found}).data
        )
        figures = files.figures()
        answer.data |= {
            "path": "/".join(path_parts(wanted["path"])),
            "used": figures.used,
            "limit": figures.limit,
            "files": figures.files,
            "file_limit": figures.file_limit,
        }
        return answer

    @extend_schema(
        operation_id="storage_delete_path",
        parameters=[PathDeletionQuerySerializer],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, project: str) -> Response:
        """Delete a file or folder, whatever its path begins with."""
        found = self.project
        query = PathDeletionQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        delete_file(actor=self.actor, project=found, **query.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


class _Slices(Sequence[Entry]):
    """What the paginator may do to a list: count it and cut it. It counts by `count()` where there is one."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries

    def count(self, *_value: object) -> int:
        return len(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401  (one entry, or a slice of them)
        return self._entries[index]


class FolderView(FilesDoor):
    @extend_schema(
        operation_id="storage_mkdir",
        request=FolderSerializer,
        responses={201: EntrySerializer},
        examples=[OpenApiExample("a folder", value={"path": "docs/2026"}, request_only=True)],
    )
    def post(self, request: Request, project: str) -> Response:
        """Make a folder, with those above it."""
        found = self.project
        data = FolderSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        entry = create_folder(actor=self.actor, project=found, **data.validated_data)
        return answer_entry(found, entry, status.HTTP_201_CREATED)


class RenameView(FilesDoor):
    @extend_schema(
        operation_id="storage_rename",
        request=RenameSerializer,
        responses=EntrySerializer,
        examples=[
            OpenApiExample("a name", value={"path": "docs/a.txt", "name": "b.txt"}, request_only=True),
            _ENTRY,
        ],
    )
    def put(self, request: Request, project: str) -> Response:
        """Give a file or folder another name, or another path."""
        found = self.project
        data = RenameSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        path = data.validated_data["path"]
        new_path = data.validated_data.get("new_path") or _sibling(path, data.validated_data["name"])
        entry = move_file(actor=self.actor, project=found, path=path, new_path=new_path)
        return answer_entry(found, entry)


class MoveView(FilesDoor):
    @extend_schema(
        operation_id="storage_move",
        request=MoveSerializer,
        responses=EntrySerializer,
        examples=[
            OpenApiExample("a move", value={"path": "a.txt", "new_path": "docs/a.txt"}, request_only=True),
            _ENTRY,
        ],
    )
    def post(self, request: Request, project: str) -> Response:
        """Move a file or folder; folders above the new path are made."""
        found = self.project
        data = MoveSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        return answer_entry(found, move_file(actor=self.actor, project=found, **data.validated_data))


class CopyView(FilesDoor):
    @extend_schema(
        operation_id="storage_copy",
        request=MoveSerializer,
        responses={201: EntrySerializer},
        examples=[
            OpenApiExample("a copy", value={"path": "a.txt", "new_path": "docs/a.txt"}, request_only=True),
            _ENTRY,
        ],
    )
    def post(self, request: Request, project: str) -> Response:
        """Copy a file, or a folder with all that is in it."""
        found = self.project
        data = MoveSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        entry = copy_file(actor=self.actor, project=found, **data.validated_data)
        return answer_entry(found, entry, status.HTTP_201_CREATED)


class NewTextFileView(FilesDoor):
    @extend_schema(
        operation_id="storage_create_file",
        request=NewTextFileSerializer,
        responses={201: EntrySerializer},
        examples=[
            OpenApiExample("a note", value={"path": "notes/a.md", "content": "# A"}, request_only=True),
            _ENTRY,
        ],
    )
    def post(self, request: Request, project: str) -> Response:
        """A new text file."""
        found = self.project
        data = NewTextFileSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        entry = create_text_file(actor=self.actor, project=found, **data.validated_data)
        return answer_entry(found, entry, status.HTTP_201_CREATED)


class TextFileView(FilesDoor):
    if_match: ClassVar[tuple[str, ...]] = ("PUT",)

    @extend_schema(operation_id="storage_read_file", responses=TextFileSerializer)
    def get(self, request: Request, project: str, path: str) -> Response:
        """A text file with its content."""
        found = self.readable
        entry, content = ProjectFiles(found.pk).read_text(path)
        data = TextFileSerializer(entry, context={"project": found, "content": content}).data
        return Response(data, headers={"ETag": entry.etag})

    @extend_schema(
        operation_id="storage_update_file", request=TextContentSerializer, responses=EntrySerializer
    )
    def put(self, request: Request, project: str, path: str) -> Response:
        """Replace the content of a text file; `If-Match` refuses to overwrite what somebody else has saved."""
        found = self.project
        data = TextContentSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        entry = update_text_file(
            actor=self.actor,
            project=found,
            path=path,
            content=data.validated_data["content"],
            if_match=request.headers.get("If-Match"),
        )
        return answer_entry(found, entry)


class StoredView(FilesDoor):
    @extend_schema(
        operation_id="storage_delete",
        parameters=[DeletionQuerySerializer],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, project: str, path: str) -> Response:
        """Delete a file or folder."""
        found = self.project
        query = DeletionQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        delete_file(actor=self.actor, project=found, path=path, **query.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


def answer_entry(project: Project, entry: Entry, code: int = status.HTTP_200_OK) -> Response:
    headers = {"ETag": entry.etag} if entry.etag else {}
    return Response(EntrySerializer(entry, context={"project": project}).data, status=code, headers=headers)


def answer_entries(project: Project, entries: Any) -> Response:  # noqa: ANN401  (many entries)
    data = EntrySerializer(entries, many=True, context={"project": project}).data
    return Response(data, status=status.HTTP_201_CREATED)


def _sibling(path: str, name: str) -> str:
    """A name in the same folder."""
    parts = path_parts(path)
    return "/".join((*parts[:-1], *path_parts(name, "/name")))
