"""Branches come and go; their content is changed as a whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.errors import ConflictError, UserError
from accounts.etags import StaleError, check_if_match
from accounts.permissions import Actor
from pipeline.choices import RevisionKind
from pipeline.files import MAIN, check_files, in_code
from pipeline.limits import BRANCHES
from pipeline.models import Branch, BranchRevision, Release
from pipeline.signals import branch_renamed
from projects.models import Project
from projects.permissions import Right, require

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)

Files = dict[str, str]


class StaleBranch(StaleError):
    """Somebody saved the branch meanwhile; `branch` is the newer content."""

    def __init__(self, branch: Branch) -> None:
        super().__init__()
        self.branch = branch


def check_branch_name(name: str) -> None:
    """Raises UserError."""
    if _NAME.fullmatch(name) is None:
        message = _("A branch name holds 1 to 64 letters, digits, dots, hyphens and underscores.")
        raise UserError("branch_name_invalid", message, pointer="/name")


def create_branch(
    *, actor: Actor, project: Project, name: str, from_branch: str = "", from_release: str = ""
) -> Branch:
    """A new branch with the code of a branch or a release. Raises UserError, NotFoundError, ConflictError."""
    require(actor, project, Right.WORK)
    check_branch_name(name)
    with transaction.atomic():
        _take_turn(project)
        files = _source(project, from_branch, from_release)
        names = set(Branch.objects.filter(project=project).values_list("name", flat=True))
        if name in names:
            raise _branch_taken()
        if len(names) >= BRANCHES:
            raise UserError("branches_too_many", _("A project holds at most 64 branches."))
        branch = Branch.objects.create(
            project=project, name=name, parent_branch=from_branch, created_from_release=from_release
        )
        branch.add_files(files)
        BranchRevision.objects.keep(branch, files, RevisionKind.CREATE, actor)
        record(actor=actor, verb="create_branch", target=project, after={"branch": name})
    return branch


def rename_branch(
    *, actor: Actor, project: Project, name: str, new_name: str, if_match: str | None = None
) -> Branch:
    """Give a branch another name; its content and etag stay. Raises UserError, NotFoundError, ConflictError, StaleBranch."""
    require(actor, project, Right.WORK)
    check_branch_name(new_name)
    with transaction.atomic():
        _take_turn(project)
        branch = locked_branch(project, name, if_match)
        if new_name == name:
            return branch
        if Branch.objects.filter(project=project, name=new_name).exists():
            raise _branch_taken()
        branch.rename(new_name)
        branch_renamed.send(sender=Branch, branch=branch, old_name=name)
        record(
            actor=actor,
            verb="rename_branch",
            target=project,
            before={"branch": name},
            after={"branch": new_name},
        )
    return branch


def save_branch(
    *,
    actor: Actor,
    project: Project,
    name: str,
    files: Mapping[str, str],
    if_match: str | None = None,
    autosave: bool = False,
) -> Branch:
    """Replace the files of a branch. Raises UserError, NotFoundError.

    With `if_match`, the etag of the content that the actor began with, raises StaleBranch (412) if it is another now.
    `autosave` says that nobody pressed a button: the history keeps fewer of those.
    """
    require(actor, project, Right.WORK)
    checked = check_files(files)
    kind = RevisionKind.AUTOSAVE if autosave else RevisionKind.SAVE
    return change_draft(
        actor=actor, project=project, name=name, change=lambda _old: checked, kind=kind, if_match=if_match
    )


def save_main(
    *,
    actor: Actor,
    project: Project,
    name: str,
    code: str,
    if_match: str | None = None,
    autosave: bool = False,
) -> Branch:
    """Replace the file `main` alone; otherwise as save_branch."""
    require(actor, project, Right.WORK)
    kind = RevisionKind.AUTOSAVE if autosave else RevisionKind.SAVE
    return change_draft(
        actor=actor,
        project=project,
        name=name,
        change=lambda old: check_files({**old, MAIN: code}, in_code),
        kind=kind,
        if_match=if_match,
    )


def reset_branch(
    *, actor: Actor, project: Project, name: str, version: str, if_match: str | None = None
) -> Branch:
    """Make the content that of a release; what was there stands in the history. Raises NotFoundError, StaleBranch."""
    require(actor, project, Right.WORK)
    files = Release.objects.get_version(project, version).as_files()
    return change_draft(
        actor=actor,
        project=project,
        name=name,
        change=lambda _old: files,
        kind=RevisionKind.RESET,
        if_match=if_match,
        verb="reset_branch",
        told={"release": version},
    )


def restore_revision(
    *, actor: Actor, project: Project, name: str, revision: int, if_match: str | None = None
) -> Branch:
    """Make the content that of an earlier revision, as a new one. Raises NotFoundError, StaleBranch."""
    require(actor, project, Right.WORK)
    branch = Branch.objects.named(project, name)
    files = BranchRevision.objects.get_revision(branch, revision).as_files()
    return change_draft(
        actor=actor,
        project=project,
        name=name,
        change=lambda _old: files,
        kind=RevisionKind.RESTORE,
        if_match=if_match,
        verb="restore_branch",
        told={"restored": revision},
    )


def delete_branch(*, actor: Actor, project: Project, name: str, if_match: str | None = None) -> None:
    """Raises NotFoundError, StaleBranch, and ConflictError for the last one."""
    require(actor, project, Right.WORK)
    with transaction.atomic():
        _take_turn(project)
        branch = locked_branch(project, name, if_match)
        if not Branch.objects.filter(project=project).exclude(pk=branch.pk).exists():
            raise ConflictError("branch_last", _("The last branch cannot be deleted."))
        branch.delete()
        record(actor=actor, verb="delete_branch", target=project, before={"branch": name})


def change_draft(
    *,
    actor: Actor,
    project: Project,
    name: str,
    change: Callable[[Files], Files],
    kind: RevisionKind,
    if_match: str | None,
    verb: str = "save_branch",
    told: Mapping[str, object] | None = None,
) -> Branch:
    """Put what `change` makes of the present files into a branch, with both in its history.

    Wants the right to be checked already. Raises what `change` raises, NotFoundError and StaleBranch.
    """
    with transaction.atomic():
        branch = locked_branch(project, name, if_match)
        present = branch.as_files()
        files = change(present)
        # A branch from before there was a history has no entry of what is replaced now.
        if not branch.history.exists():
            BranchRevision.objects.keep(branch, present, RevisionKind.CREATE, actor)
        before = {"revision": branch.revision}
        branch.put_files(files)
        BranchRevision.objects.keep(branch, files, kind, actor)
        after = {"revision": branch.revision, **(told or {})}
        record(actor=actor, verb=verb, target=branch, before=before, after=after)
    return branch


def locked_branch(project: Project, name: str, if_match: str | None) -> Branch:
    """The branch with its row locked. Raises NotFoundError, and StaleBranch if its content is another by now."""
    branch = Branch.objects.select_for_update().named(project, name)
    try:
        check_if_match(if_match, branch.etag)
    except StaleError:
        raise StaleBranch(branch) from None
    return branch


def _source(project: Project, from_branch: str, from_release: str) -> Files:
    if bool(from_branch) == bool(from_release):
        raise UserError("source_missing", _("Name either a branch or a release to begin from."))
    if from_release:
        return Release.objects.get_version(project, from_release).as_files()
    return Branch.objects.named(project, from_branch).as_files()


def _branch_taken() -> ConflictError:
    return ConflictError("branch_taken", _("There is a branch of that name."), pointer="/name")


def _take_turn(project: Project) -> None:
    """Creations and deletions wait for one another: two of them could delete the last two branches."""
    Project.objects.lock(project.pk)
