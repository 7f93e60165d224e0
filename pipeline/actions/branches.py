"""Editing code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.errors import ConflictError, UserError
from accounts.permissions import Actor
from pipeline.files import check_files
from pipeline.limits import BRANCHES
from pipeline.models import Branch, Release
from projects.models import Project
from projects.permissions import Right, require

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class StaleBranch(ConflictError):
    """Somebody saved the branch meanwhile; `branch` is the newer content."""

    def __init__(self, branch: Branch) -> None:
        self.branch = branch
        message = _("Somebody saved this branch after you opened it.")
        super().__init__("branch_stale", message, status=412)


def create_branch(
    *, actor: Actor, project: Project, name: str, from_branch: str = "", from_release: str = ""
) -> Branch:
    """A new branch with the code of a branch or a release. Raises UserError, NotFoundError, ConflictError."""
    require(actor, project, Right.WORK)
    if _NAME.fullmatch(name) is None:
        message = _("A branch name holds 1 to 64 letters, digits, dots, hyphens and underscores.")
        raise UserError("branch_name_invalid", message, pointer="/name")
    with transaction.atomic():
        _take_turn(project)
        files = _source(project, from_branch, from_release)
        names = set(Branch.objects.filter(project=project).values_list("name", flat=True))
        if name in names:
            raise ConflictError("branch_taken", _("There is a branch of that name."), pointer="/name")
        if len(names) >= BRANCHES:
            raise UserError("branches_too_many", _("A project holds at most 64 branches."))
        branch = Branch.objects.create(
            project=project, name=name, parent_branch=from_branch, created_from_release=from_release
        )
        branch.add_files(files)
        record(actor=actor, verb="create_branch", target=project, after={"branch": name})
    return branch


def save_branch(
    *, actor: Actor, project: Project, name: str, files: Mapping[str, str], if_match: str | None = None
) -> Branch:
    """Replace the files of a branch. Raises UserError, NotFoundError.

    With `if_match`, the etag of the content that the actor began with, raises StaleBranch (412) if it is another now.
    """
    require(actor, project, Right.WORK)
    return _save(actor, project, name, lambda _branch: check_files(files), if_match)


def save_main(*, actor: Actor, project: Project, name: str, code: str, if_match: str | None = None) -> Branch:
    """Replace the file `main` alone; otherwise as save_branch."""
    require(actor, project, Right.WORK)
    return _save(
        actor, project, name, lambda branch: check_files({**branch.as_files(), "main": code}), if_match
    )


def delete_branch(*, actor: Actor, project: Project, name: str) -> None:
    """Raises NotFoundError, and ConflictError for the last one."""
    require(actor, project, Right.WORK)
    with transaction.atomic():
        _take_turn(project)
        branch = Branch.objects.named(project, name)
        if not Branch.objects.filter(project=project).exclude(pk=branch.pk).exists():
            raise ConflictError("branch_last", _("The last branch cannot be deleted."))
        branch.delete()
        record(actor=actor, verb="delete_branch", target=project, before={"branch": name})


def _save(
    actor: Actor,
    project: Project,
    name: str,
    content: Callable[[Branch], dict[str, str]],
    if_match: str | None,
) -> Branch:
    with transaction.atomic():
        branch = Branch.objects.select_for_update().named(project, name)
        if if_match is not None and not _matches(if_match, branch):
            raise StaleBranch(branch)
        before = {"revision": branch.revision}
        branch.put_files(content(branch))
        after = {"revision": branch.revision}
        record(actor=actor, verb="save_branch", target=branch, before=before, after=after)
    return branch


def _matches(if_match: str, branch: Branch) -> bool:
    """Whether an If-Match header, one etag or several, names the present content."""
    named = [tag.strip().removeprefix("W/") for tag in if_match.split(",")]
    return "*" in named or branch.etag in named


def _source(project: Project, from_branch: str, from_release: str) -> dict[str, str]:
    if bool(from_branch) == bool(from_release):
        raise UserError("source_missing", _("Name either a branch or a release to begin from."))
    if from_release:
        return Release.objects.get_version(project, from_release).as_files()
    return Branch.objects.named(project, from_branch).as_files()


def _take_turn(project: Project) -> None:
    """Creations and deletions wait for one another: two of them could delete the last two branches."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
