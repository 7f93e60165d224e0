"""Projects come, change and go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.errors import ConflictError, UserError
from accounts.etags import check_if_match
from accounts.models import User
from accounts.permissions import Actor, require_create_projects
from accounts.queueing import send_after_commit
from projects.choices import Color
from projects.limits import KEEP_RUNS, NAME_LENGTH
from projects.models import Project, Remains, SlugAlias
from projects.permissions import Right, require
from projects.signals import project_created, project_deleted, project_renamed
from projects.slugs import check_slug, free_slug, slug_of
from projects.tasks import sweep_leftovers
from projects.time_zones import UTC, names

_SETTINGS = ("name", "slug", "color", "auto_start", "keep_runs", "time_zone")


def create_project(
    *,
    actor: Actor,
    name: str,
    slug: str = "",
    color: str = "",
    owner: User | None = None,
    auto_start: bool = True,
    keep_runs: int = 1,
    time_zone: str = UTC,
    key: UUID | None = None,
) -> Project:
    """A new project of the actor, or of `owner` where the system acts; a slug is made of the name if none is given.

    `key` is the id, where it has to be known before.
    Sends project_created inside the transaction. Raises UserError, PermissionDenied.
    """
    require_create_projects(actor)
    owner = actor if isinstance(actor, User) else owner
    if owner is None:
        raise TypeError("the system names an owner")
    wanted = {
        "name": name,
        "color": color,
        "auto_start": auto_start,
        "keep_runs": keep_runs,
        "time_zone": time_zone,
    }
    _check(wanted)
    wanted |= {"pk": key} if key else {}
    if slug:
        return _create(actor, owner, check_slug(slug), wanted)
    for _attempt in range(10):
        try:
            return _create(actor, owner, free_slug_of(name), wanted)
        except ConflictError:
            continue  # somebody took the same free slug just now
    raise _slug_taken()


def update_project(*, actor: Actor, project: Project, if_match: str | None = None, **changes: Any) -> Project:
    """Change name, slug, color, auto_start, keep_runs or time_zone. Owner only.

    A new slug sends project_renamed inside the transaction: the service's address changes with it, and the former
    one leads there for a while. Raises UserError, PermissionDenied, and StaleError where `if_match` names older
    settings.
    """
    require(actor, project, Right.OWN)
    unknown = changes.keys() - set(_SETTINGS)
    if unknown:
        raise TypeError(f"cannot change {sorted(unknown)}")
    _check(changes)
    try:
        with transaction.atomic():
            project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
            check_if_match(if_match, project.etag)
            before = _settings(project)
            if changes.get("slug", project.slug) != project.slug:
                _leave_slug(project, check_slug(changes["slug"]))
            for key, value in changes.items():
                setattr(project, key, value)
            project.revision += 1
            project.save()
            record(
                actor=actor, verb="update_project", target=project, before=before, after=_settings(project)
            )
            if project.slug != before["slug"]:
                project_renamed.send(sender=Project, project=project, old_slug=before["slug"])
    except IntegrityError:
        raise _slug_taken() from None
    return project


def delete_project(*, actor: Actor, project: Project, confirm: str) -> None:
    """Delete a project and all in it. Owner only; `confirm` has to be its slug. Raises UserError, PermissionDenied.

    Sends project_deleted inside the transaction, while everything is still there; files go after the commit.
    """
    require(actor, project, Right.OWN)
    if confirm != project.slug:
        message = _("Deletion is final. Send the project's slug as confirmation: {slug}.").format(
            slug=project.slug
        )
        raise UserError("confirmation_missing", message, pointer="/slug")
    with transaction.atomic():
        project = Project.objects.select_for_update().get(pk=project.pk)
        record(actor=actor, verb="delete_project", target=project, before=_settings(project))
        project_deleted.send(sender=Project, project=project, actor=actor)
        Remains.objects.update_or_create(project_id=project.pk, defaults={"slug": project.slug})
        project.delete()
        send_after_commit(sweep_leftovers)


def _leave_slug(project: Project, slug: str) -> None:
    """Let the address that the project leaves lead to it for a while; the one that it takes leads nowhere else."""
    SlugAlias.objects.filter(slug=slug).delete()
    life = timedelta(seconds=settings.SLUG_REDIRECT)
    if life:
        SlugAlias.objects.create(slug=project.slug, project=project, expires_at=timezone.now() + life)


def _create(actor: Actor, owner: User, slug: str, wanted: dict[str, Any]) -> Project:
    try:
        with transaction.atomic():
            project = Project.objects.create(slug=slug, owner=owner, **wanted)
            SlugAlias.objects.filter(slug=slug).delete()
            record(actor=actor, verb="create_project", target=project, after=_settings(project))
            project_created.send(sender=Project, project=project, actor=actor)
    except IntegrityError:
        if not Project.objects.filter(slug=slug).exists():
            raise
        raise _slug_taken() from None
    return project


def free_slug_of(name: str) -> str:
    """A slug of the name that no project has, nor had lately: its old address is not taken away unasked."""
    begins = {"slug__startswith": slug_of(name)}
    taken = Project.objects.filter(**begins).values_list("slug", flat=True)
    left = SlugAlias.objects.live().filter(**begins).values_list("slug", flat=True)
    return free_slug(name, {*taken, *left})


def _check(wanted: dict[str, Any]) -> None:
    """Raises UserError for the first value that cannot be taken."""
    name = wanted.get("name")
    if name is not None and not 1 <= len(name.strip()) <= NAME_LENGTH:
        raise UserError("name_invalid", _("A name holds 1 to 100 characters."), pointer="/name")
    color = wanted.get("color")
    if color and color not in Color.values:
        message = _("Choose one of: {colors}.").format(colors=", ".join(Color.values))
        raise UserError("color_unknown", message, pointer="/color")
    if not 1 <= wanted.get("keep_runs", 1) <= KEEP_RUNS:
        raise UserError("keep_runs_invalid", _("Between 1 and 100 runs can be kept."), pointer="/keep_runs")
    if wanted.get("time_zone", UTC) not in names():
        message = _("Name a time zone as in the IANA database, such as Europe/Berlin.")
        raise UserError("time_zone_unknown", message, pointer="/time_zone")


def _settings(project: Project) -> dict[str, Any]:
    return {key: getattr(project, key) for key in _SETTINGS}


def _slug_taken() -> ConflictError:
    return ConflictError("slug_taken", _("This slug is taken."), pointer="/slug")
