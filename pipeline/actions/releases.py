"""Freezing code and choosing what runs."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.errors import ConflictError, UserError
from accounts.models import User
from accounts.permissions import Actor
from pipeline import syntax
from pipeline.choices import Bump, Tag
from pipeline.limits import AUTHOR_LENGTH, COMMENT_LENGTH
from pipeline.models import Branch, Release, ReleaseNumber
from pipeline.signals import release_deleted
from projects.models import Project
from projects.permissions import Right, require


def publish_release(
    *,
    actor: Actor,
    project: Project,
    branch: str,
    bump: str = Bump.MINOR,
    tag: str = Tag.DEVELOP,
    comment: str = "",
    activate: bool = True,
) -> Release:
    """Freeze the content of a branch under the next number. Raises UserError, NotFoundError.

    It becomes the active one, as the first of a project always does, unless `activate` says no.
    """
    require(actor, project, Right.WORK)
    _check(bump, tag, comment)
    words = {"tag": tag, "comment": comment}
    for _attempt in range(5):
        source = Branch.objects.named(project, branch)
        files = source.as_files()
        # Before the transaction, for it may take a while.
        _refuse_broken(files)
        try:
            return _publish(actor, source, files, bump, words, activate)
        except (IntegrityError, _Moved):
            continue  # somebody published the project's first number just now, or saved the branch
    raise ConflictError("release_busy", _("Others are publishing right now; try again."))


def activate_release(*, actor: Actor, project: Project, version: str) -> Release:
    """Choose what runs at the next start; a live run goes on as it is. Raises NotFoundError."""
    require(actor, project, Right.WORK)
    release = Release.objects.get_version(project, version)
    with transaction.atomic():
        active = Release.objects.active(project)
        release.activate()
        before = {"active_release": active.version if active else None}
        record(
            actor=actor,
            verb="activate_release",
            target=project,
            before=before,
            after={"active_release": release.version},
        )
    return release


def delete_release(*, actor: Actor, project: Project, version: str) -> None:
    """Raises NotFoundError, and ConflictError for the active one or where an upper floor needs it.

    Its number is not given again.
    """
    require(actor, project, Right.WORK)
    release = Release.objects.get_version(project, version)
    with transaction.atomic():
        Project.objects.lock(project.pk)
        release_deleted.send(sender=Release, release=release, actor=actor)
        release.delete()
        record(actor=actor, verb="delete_release", target=project, before={"release": version})


def purge_releases(*, actor: Actor, project: Project, keep_last: int = 0, dry_run: bool = False) -> list[str]:
    """Delete all releases but the active one, those that an upper floor needs and the newest `keep_last`.

    Returns the versions that went, newest first; `dry_run` only tells them.
    """
    require(actor, project, Right.WORK)
    with transaction.atomic():
        Project.objects.lock(project.pk)
        found = Release.objects.filter(project=project).defer("files")[keep_last:]
        gone = [release.version for release in found if not release.is_active and _purged(release, actor)]
        if gone:
            record(actor=actor, verb="purge_releases", target=project, before={"releases": gone})
        if dry_run:
            transaction.set_rollback(True)
    return gone


class _Moved(Exception):
    """The branch was saved since its files were read."""


def _purged(release: Release, actor: Actor) -> bool:
    """Whether the release went; one that an upper floor needs stays."""
    try:
        with transaction.atomic():
            release_deleted.send(sender=Release, release=release, actor=actor)
            release.delete()
    except ConflictError:
        return False
    return True


def _publish(
    actor: Actor, source: Branch, files: dict[str, str], bump: str, words: dict[str, str], activate: bool
) -> Release:
    project = source.project
    with transaction.atomic():
        version = ReleaseNumber.take(project, bump)
        first = not Release.objects.filter(project=project).exists()
        if Branch.objects.select_for_update().named(project, source.name).etag != source.etag:
            raise _Moved
        release = Release.objects.create(
            project=project,
            major=version.major,
            minor=version.minor,
            files=files,
            branch=source.name,
            author=actor if isinstance(actor, User) else None,
            author_label=str(actor)[:AUTHOR_LENGTH],
            **words,
        )
        if first or activate:
            release.activate()
        after = {"version": release.version, "branch": source.name, "active": release.is_active, **words}
        record(actor=actor, verb="publish_release", target=project, after=after)
    return release


def _refuse_broken(files: dict[str, str]) -> None:
    """Raises UserError with the place of the first syntax error; `faults` has them all."""
    faults = syntax.check(files)
    if not faults:
        return
    first = faults[0]
    words = _("{file}, line {line}: {message}") if first.line else "{file}: {message}"
    message = words.format(file=first.file, line=first.line, message=first.message)
    raise UserError("code_syntax", message, pointer="/branch", faults=[fault._asdict() for fault in faults])


def _check(bump: str, tag: str, comment: str) -> None:
    if bump not in Bump.values:
        raise UserError("bump_unknown", _("`bump` is minor or major."), pointer="/bump")
    if tag not in Tag.values:
        message = _("Choose one of: {tags}.").format(tags=", ".join(Tag.values))
        raise UserError("tag_unknown", message, pointer="/tag")
    if len(comment) > COMMENT_LENGTH:
        raise UserError("comment_too_long", _("A comment holds at most 2000 characters."), pointer="/comment")
