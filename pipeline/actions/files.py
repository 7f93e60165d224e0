"""Single files of a branch."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.errors import ConflictError, UserError
from accounts.permissions import Actor
from pipeline.actions.branches import Files, change_draft
from pipeline.choices import RevisionKind
from pipeline.files import MAIN, check_file_name, check_files, get_file, in_code
from pipeline.models import Branch
from projects.models import Project
from projects.permissions import Right, require


def put_file(
    *,
    actor: Actor,
    project: Project,
    branch: str,
    name: str,
    code: str,
    if_match: str | None = None,
    autosave: bool = False,
) -> Branch:
    """Add a file or replace its code. Raises UserError, NotFoundError, StaleBranch."""
    require(actor, project, Right.WORK)
    kept = check_file_name(name, "")

    def change(old: Files) -> Files:
        return check_files({**old, kept: code}, pointer_of=in_code)

    kind = RevisionKind.AUTOSAVE if autosave else RevisionKind.SAVE
    return change_draft(
        actor=actor, project=project, name=branch, change=change, kind=kind, if_match=if_match
    )


def rename_file(
    *, actor: Actor, project: Project, branch: str, name: str, new_name: str, if_match: str | None = None
) -> Branch:
    """Raises UserError for `main`, NotFoundError, StaleBranch, ConflictError where the new name is taken."""
    require(actor, project, Right.WORK)
    old_name, kept = check_file_name(name), check_file_name(new_name, "/new_name")
    _refuse_main(old_name)

    def change(old: Files) -> Files:
        get_file(old, old_name)
        if kept in old and kept != old_name:
            raise ConflictError("file_taken", _("There is a file of that name."), pointer="/new_name")
        return {kept if each == old_name else each: code for each, code in old.items()}

    return change_draft(
        actor=actor, project=project, name=branch, change=change, kind=RevisionKind.SAVE, if_match=if_match
    )


def delete_file(
    *, actor: Actor, project: Project, branch: str, name: str, if_match: str | None = None
) -> Branch:
    """Raises UserError for `main`, NotFoundError, StaleBranch."""
    require(actor, project, Right.WORK)
    gone = check_file_name(name, "")
    _refuse_main(gone)

    def change(old: Files) -> Files:
        get_file(old, gone)
        return {each: code for each, code in old.items() if each != gone}

    return change_draft(
        actor=actor, project=project, name=branch, change=change, kind=RevisionKind.SAVE, if_match=if_match
    )


def _refuse_main(name: str) -> None:
    if name == MAIN:
        raise UserError("main_stays", _("The file `main` can be neither renamed nor deleted."))
