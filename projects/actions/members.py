"""Who belongs to a project."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.models import User, normalise_email
from accounts.permissions import Actor
from projects.models import Membership, Project
from projects.permissions import Right, require


def add_member(
    *,
    actor: Actor,
    project: Project,
    email: str = "",
    user_id: UUID | None = None,
    user: User | None = None,
) -> Membership:
    """Let a person in; who is in already stays. The owner may, and who manages users, but not himself.

    A blocked person has to be given as `user`. Raises UserError, PermissionDenied.
    """
    require(actor, project, Right.MEMBERS)
    user = user or _person(email, user_id)
    if user == actor and Right.OWN not in project.rights_of(actor):
        raise PermissionDenied(_("Nobody changes the own rights."))
    if user.pk == project.owner_id:
        raise ConflictError("is_owner", _("This person owns the project."))
    with transaction.atomic():
        membership, created = Membership.objects.get_or_create(project=project, user=user)
        if created:
            record(actor=actor, verb="add_member", target=project, after={"member": user.email})
    return membership


def remove_member(*, actor: Actor, project: Project, user_id: UUID) -> None:
    """Let a person go. The owner may, and who manages users, and a member may leave.

    Raises NotFoundError, PermissionDenied.
    """
    leaves = isinstance(actor, User) and actor.pk == user_id
    require(actor, project, Right.VIEW if leaves else Right.MEMBERS)
    with transaction.atomic():
        membership = Membership.objects.select_related("user").filter(project=project, user=user_id).first()
        if membership is None:
            raise NotFoundError("member_not_found", _("This person is no member."))
        membership.delete()
        record(actor=actor, verb="remove_member", target=project, before={"member": membership.user.email})


def transfer_project(
    *, actor: Actor, project: Project, email: str = "", user_id: UUID | None = None
) -> Project:
    """Give a project to another person; who owned it becomes a member. Owner only. Raises UserError."""
    require(actor, project, Right.OWN)
    user = _person(email, user_id)
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        former = project.owner
        if user.pk == former.pk:
            raise ConflictError("is_owner", _("This person owns the project."))
        project.owner = user
        project.save(update_fields=["owner", "updated_at"])
        project.memberships.filter(user=user).delete()
        Membership.objects.get_or_create(project=project, user=former)
        record(
            actor=actor,
            verb="transfer_project",
            target=project,
            before={"owner": former.email},
            after={"owner": user.email},
        )
    return project


def _person(email: str, user_id: UUID | None) -> User:
    if not email and user_id is None:
        raise UserError("member_missing", _("Name the person by `email` or `user_id`."))
    wanted = {"pk": user_id} if user_id else {"email": normalise_email(email)}
    user = User.objects.filter(is_active=True, **wanted).first()
    if user is None:
        raise NotFoundError("user_not_found", _("There is no active account of that address."))
    return user
