"""People come, change and go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from accounts import facets
from accounts.actions.checks import (
    check_email,
    check_fields,
    check_password_strength,
    email_taken,
    keep_password,
    locked,
)
from accounts.audit import record
from accounts.errors import ConflictError, UserError
from accounts.models import SYSTEM, Login, SystemActor, User, normalise_email
from accounts.permissions import Actor, require_edit_user, require_manage_users

RIGHTS = ("can_create_projects", "can_manage_users")
_SHOWN = ("email", "name", "is_active", *RIGHTS)


def create_admin(*, email: str, password: str, actor: Actor = SYSTEM) -> User:
    """The root if there is nobody yet, else one more administrator with both rights. Raises UserError."""
    if not (isinstance(actor, SystemActor) or actor.sees_everything):
        raise PermissionDenied(_("Only the root may add administrators."))
    return _add(
        actor, "create_admin", email, password, partial(User.objects.create_superuser, email, password)
    )


def create_user(
    *,
    actor: Actor,
    email: str,
    password: str,
    name: str = "",
    can_create_projects: bool = False,
    can_manage_users: bool = False,
    project_access: Sequence[UUID] = (),
) -> User:
    """A new person, with rights the actor has and access to projects. Raises UserError, PermissionDenied."""
    require_manage_users(actor)
    fields = {"can_create_projects": can_create_projects, "can_manage_users": can_manage_users}
    _require_own_rights(actor, [right for right, given in fields.items() if given])
    make = partial(User.objects.create_user, email, password, name=name, **fields)
    check_fields(User(name=name), ["name"])
    with transaction.atomic():
        user = _add(actor, "create_user", email, password, make, project_access)
        if project_access:
            facets.projects().set_access(actor, user, project_access)
    return user


def update_user(
    *, actor: Actor, user: User, project_access: Sequence[UUID] | None = None, **changes: Any
) -> User:
    """Change e-mail, name, rights, `is_active` or the projects that the person is a member of.

    The actor needs every right that is given or taken; blocking ends the person's logins. Raises UserError,
    PermissionDenied.
    """
    return _change(actor, user, "update_user", changes, project_access)


def block_user(*, actor: Actor, user: User) -> User:
    """Shut somebody out; logins and sessions end. Again is no error. Raises UserError, PermissionDenied."""
    return _change(actor, user, "block_user", {"is_active": False})


def unblock_user(*, actor: Actor, user: User) -> User:
    """Let somebody in again. Again is no error. Raises PermissionDenied."""
    return _change(actor, user, "unblock_user", {"is_active": True})


def set_password(*, actor: Actor, user: User, password: str) -> None:
    """Give somebody else a password; all logins end. Raises UserError, PermissionDenied."""
    require_edit_user(actor, user)
    if user.is_root:
        raise PermissionDenied(_("The root changes its password with the present one."))
    check_password_strength(password, user)
    encoded = make_password(password)
    with transaction.atomic():
        user = locked(user)
        # Whoever sets a password can sign in as that person, so it would lend rights.
        _require_own_rights(actor, [right for right in RIGHTS if getattr(user, right)])
        keep_password(user, encoded)
        record(actor=actor, verb="set_password", target=user)


def delete_user(*, actor: Actor, user: User, transfer_to: User | None = None) -> None:
    """Delete somebody else; projects that the person owns go to `transfer_to`.

    Raises UserError for the root and for an owner of projects where nobody is named to have them;
    PermissionDenied.
    """
    if user.is_root:
        raise UserError("root_stays", _("The root account cannot be deleted."), status=403)
    require_edit_user(actor, user)
    with transaction.atomic():
        user = locked(user)
        if owned := facets.projects().owned_by(user):
            _hand_over(actor, user, transfer_to, owned)
        record(actor=actor, verb="delete_user", target=user, before=_shown(user))
        try:
            user.delete()
        except ProtectedError:
            raise _owns_projects([]) from None


def _hand_over(actor: Actor, user: User, heir: User | None, owned: list[dict[str, str]]) -> None:
    if heir is None:
        raise _owns_projects(owned)
    if heir.pk == user.pk or not heir.is_active:
        raise UserError("heir_invalid", _("Name another person, who is not blocked, to have the projects."))
    if isinstance(actor, User) and heir.pk == actor.pk and not actor.sees_everything:
        raise PermissionDenied(_("Nobody changes the own rights."))
    facets.projects().hand_over(actor, user, heir)


def _change(
    actor: Actor,
    user: User,
    verb: str,
    changes: dict[str, Any],
    project_access: Sequence[UUID] | None = None,
) -> User:
    require_edit_user(actor, user)
    unknown = changes.keys() - set(_SHOWN)
    if unknown:
        raise TypeError(f"cannot change {sorted(unknown)}")
    with transaction.atomic():
        user = locked(user)
        before, after = _shown(user), {}
        changes = {key: value for key, value in changes.items() if before[key] != value}
        _check_changes(actor, user, changes, project_access)
        for key, value in changes.items():
            setattr(user, key, value)
        _save(user, changes)
        if not user.is_active:
            Login.objects.filter(user=user).end()
        if project_access is not None:
            before["project_access"], after["project_access"] = _set_access(actor, user, project_access)
        after |= _shown(user)
        if before != after:
            record(actor=actor, verb=verb, target=user, before=before, after=after)
    return user


def _check_changes(
    actor: Actor, user: User, changes: dict[str, Any], project_access: Sequence[UUID] | None
) -> None:
    if "email" in changes:
        check_email(changes["email"])
    touched = [right for right in RIGHTS if right in changes]
    if user == actor and (touched or project_access is not None):
        raise PermissionDenied(_("Nobody changes the own rights."))
    _require_own_rights(actor, touched)
    if user == actor and changes.get("is_active") is False:
        raise UserError("own_account", _("You cannot block yourself."), pointer="/is_active")


def _require_own_rights(actor: Actor, rights: list[str]) -> None:
    if isinstance(actor, SystemActor) or actor.sees_everything:
        return
    if not all(getattr(actor, right, False) for right in rights):
        raise PermissionDenied(_("You may not deal in a right that you lack."))


def _set_access(actor: Actor, user: User, wanted: Sequence[UUID]) -> tuple[list[str], list[str]]:
    """The ids of the projects before and after."""
    facet = facets.projects()
    before = sorted(map(str, facet.access([user], SYSTEM).get(user.pk, [])))
    facet.set_access(actor, user, wanted)
    return before, sorted(map(str, facet.access([user], SYSTEM).get(user.pk, [])))


def _add(
    actor: Actor,
    verb: str,
    email: str,
    password: str,
    make: Callable[[], User],
    project_access: Sequence[UUID] = (),
) -> User:
    check_email(email)
    check_password_strength(password, User(email=normalise_email(email)))
    try:
        with transaction.atomic():
            user = make()
            access = {"project_access": sorted(map(str, project_access))} if project_access else {}
            record(actor=actor, verb=verb, target=user, after={**_shown(user), **access})
    except IntegrityError:
        raise email_taken() from None
    return user


def _save(user: User, changes: dict[str, Any]) -> None:
    check_fields(user, [key for key in changes if key == "name"])
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise email_taken() from None


def _owns_projects(owned: list[dict[str, str]]) -> ConflictError:
    message = _("This person owns projects; name who shall have them, or delete them first.")
    return ConflictError("owns_projects", message, projects=owned)


def _shown(user: User) -> dict[str, Any]:
    return {key: getattr(user, key) for key in _SHOWN}
