"""Names of what code may be taken from: `release:0.1`, `branch:develop`, `revision:develop:12`."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.errors import UserError
from pipeline.models import Branch, BranchRevision, Release
from projects.models import Project


def files_of(project: Project, source: str) -> dict[str, str]:
    """The files of a source. Raises UserError for another form, NotFoundError where there is none."""
    kind, _colon, name = source.partition(":")
    if kind == "release" and name:
        return Release.objects.get_version(project, name).as_files()
    if kind == "branch" and name:
        return Branch.objects.named(project, name).as_files()
    branch, _colon, number = name.rpartition(":")
    if kind == "revision" and branch and number.isascii() and number.isdecimal() and len(number) <= 10:
        found = Branch.objects.named(project, branch)
        return BranchRevision.objects.get_revision(found, int(number)).as_files()
    message = _("Name a source as release:0.1, branch:develop or revision:develop:12.")
    raise UserError("source_invalid", message)
