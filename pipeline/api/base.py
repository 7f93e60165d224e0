"""What the doors of branches share."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from pipeline.actions.branches import StaleBranch
from pipeline.models import Branch
from pipeline.serializers import BranchContentSerializer, SavedBranchSerializer
from projects.api.base import ProjectDoor

FILE_EXAMPLE = {"name": "main", "code": "router.get('/', () => ({ message: 'Hello' }));\n"}


class BranchDoor(ProjectDoor):
    """A door to one branch: its answers carry the ETag, its refusals of a stale change the newer content."""

    if_match: ClassVar[tuple[str, ...]] = ()

    def handle_exception(self, exc: Exception) -> Any:  # noqa: ANN401  (as the base has it)
        if isinstance(exc, StaleBranch):
            exc.extra["newer"] = BranchContentSerializer(exc.branch).data
        return super().handle_exception(exc)


def condition(request: Request) -> str | None:
    """The etag that a change depends on."""
    return request.headers.get("If-Match")


def shown(branch: Branch, code: int = status.HTTP_200_OK) -> Response:
    """A branch with its code."""
    return Response(BranchContentSerializer(branch).data, status=code, headers={"ETag": branch.etag})


def saved(branch: Branch) -> Response:
    """A branch after a change, with warnings of what is wrong in it."""
    return Response(SavedBranchSerializer(branch).data, headers={"ETag": branch.etag})
