"""Code in a project's archive: branches, releases under their numbers, which of them is active."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.errors import UserError
from accounts.permissions import Actor
from pipeline.actions.branches import check_branch_name
from pipeline.choices import RevisionKind, Tag
from pipeline.files import check_files
from pipeline.limits import ARCHIVED_RELEASES, AUTHOR_LENGTH, BRANCHES, COMMENT_LENGTH
from pipeline.models import Branch, BranchRevision, Release, ReleaseNumber
from pipeline.versions import Version, parse_version
from projects.models import Project
from projects.parts import ArchiveReader, ArchiveWriter, ExportOptions


class PipelinePart:
    """Branches with their drafts, not their history; releases whole."""

    name = "pipeline"

    def dump(self, project: Project, archive: ArchiveWriter, options: ExportOptions) -> None:
        branches = Branch.objects.filter(project=project).prefetch_related("files")
        archive.put_lines("branches.jsonl", (_branch_row(branch) for branch in branches))
        archive.put_lines("releases.jsonl", _release_rows(project))
        number = ReleaseNumber.objects.filter(project=project).first()
        archive.put_json("last_number.json", str(number) if number else None)

    def load(self, project: Project, archive: ArchiveReader, actor: Actor) -> None:
        """The branch that a new project begins with gives way to those of the archive. Raises UserError."""
        names = set(archive.names())
        if "branches.jsonl" in names:
            _load_branches(project, archive.get_lines("branches.jsonl"), actor)
        highest = Version(0, 0)
        if "releases.jsonl" in names:
            highest = _load_releases(project, archive.get_lines("releases.jsonl"))
        last = archive.get_json("last_number.json", None)
        if last is not None:
            highest = max(highest, _version(last))
        if highest > Version(0, 0):
            ReleaseNumber.reach(project, highest)


def _branch_row(branch: Branch) -> dict[str, object]:
    return {
        "name": branch.name,
        "parent_branch": branch.parent_branch,
        "created_from_release": branch.created_from_release,
        "files": {file.name: file.code for file in branch.files.all()},
    }


def _release_rows(project: Project) -> Iterator[dict[str, object]]:
    """Oldest first, one at a time in memory."""
    for release in Release.objects.filter(project=project).order_by("major", "minor").iterator(chunk_size=1):
        yield {
            "version": release.version,
            "tag": release.tag,
            "comment": release.comment,
            "branch": release.branch,
            "author": release.author_label,
            "is_active": release.is_active,
            "created_at": release.created_at.isoformat(),
            "files": release.files,
        }


def _load_branches(project: Project, rows: Iterator[Any], actor: Actor) -> None:
    Branch.objects.filter(project=project).delete()
    seen: set[str] = set()
    for row in rows:
        name = _text(row, "name", 64)
        check_branch_name(name)
        if name in seen or len(seen) >= BRANCHES:
            raise _broken()
        seen.add(name)
        files = _files(row)
        branch = Branch.objects.create(
            project=project,
            name=name,
            parent_branch=_text(row, "parent_branch", 64),
            created_from_release=_text(row, "created_from_release", 16),
        )
        branch.add_files(files)
        BranchRevision.objects.keep(branch, files, RevisionKind.CREATE, actor)
    if not seen:
        raise _broken()


def _load_releases(project: Project, rows: Iterator[Any]) -> Version:
    """The highest number among them."""
    seen: set[Version] = set()
    active = False
    for row in rows:
        version = _version(row.get("version") if isinstance(row, Mapping) else None)
        is_active = row.get("is_active") is True
        if version in seen or len(seen) >= ARCHIVED_RELEASES or (active and is_active):
            raise _broken()
        seen.add(version)
        active = active or is_active
        tag = _text(row, "tag", 16)
        if tag not in Tag.values:
            raise _broken()
        Release.objects.create(
            project=project,
            major=version.major,
            minor=version.minor,
            tag=tag,
            comment=_text(row, "comment", COMMENT_LENGTH),
            branch=_text(row, "branch", 64),
            author_label=_text(row, "author", AUTHOR_LENGTH),
            is_active=is_active,
            created_at=_moment(row),
            files=_files(row),
        )
    return max(seen, default=Version(0, 0))


def _broken() -> UserError:
    return UserError("archive_invalid", _("The archive's code is not as an export writes it."), status=422)


def _version(value: object) -> Version:
    found = parse_version(value) if isinstance(value, str) else None
    if found is None:
        raise _broken()
    return found


def _text(row: Any, key: str, longest: int) -> str:  # noqa: ANN401  (decoded JSON)
    """A text that both databases can hold; empty where it is missing."""
    value = row.get(key, "") if isinstance(row, Mapping) else None
    if not isinstance(value, str) or len(value) > longest or "\0" in value:
        raise _broken()
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise _broken()
    return value


def _files(row: Mapping[str, Any]) -> dict[str, str]:
    files = row.get("files")
    if not isinstance(files, Mapping) or not all(isinstance(code, str) for code in files.values()):
        raise _broken()
    return check_files(files)


def _moment(row: Mapping[str, Any]) -> datetime:
    try:
        found = parse_datetime(_text(row, "created_at", 40))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise _broken()
    return found
