"""People come, change and go."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

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
) -> User:
    """A new person, with rights the actor has. Raises UserError, PermissionDenied."""
    require_manage_users(actor)
    fields = {"can_create_projects": can_create_projects, "can_manage_users": can_manage_users}
    _require_own_rights(actor, [right for right, given in fields.items() if given])
    make = partial(User.objects.create_user, email, password, name=name, **fields)
    return _add(actor, "create_user", email, password, make)


def update_user(*, actor: Actor, user: User, **changes: Any) -> User:
    """Change e-mail, name, rights or `is_active`; blocking ends the person's logins.

    The actor needs every right that is given or taken. Raises UserError, PermissionDenied.
    """
    require_edit_user(actor, user)
    unknown = changes.keys() - set(_SHOWN)
    if unknown:
        raise TypeError(f"cannot change {sorted(unknown)}")
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        before = _shown(user)
        changes = {key: value for key, value in changes.items() if before[key] != value}
        _check_changes(actor, user, changes)
        for key, value in changes.items():
            setattr(user, key, value)
        _save(user)
        if not user.is_active:
            Login.objects.filter(user=user).end()
        record(actor=actor, verb="update_user", target=user, before=before, after=_shown(user))
    return user


def update_profile(*, actor: User, name: str) -> User:
    """A person changes the own name."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=actor.pk)
        before = _shown(user)
        user.name = name
        user.save(update_fields=["name", "updated_at"])
        record(actor=actor, verb="update_profile", target=user, before=before, after=_shown(user))
    return user


def change_password(*, actor: User, old_password: str, new_password: str) -> None:
    """A person changes the own password; all logins end. Raises UserError."""
    if not actor.check_password(old_password):
        raise UserError("password_wrong", _("The present password is wrong."), pointer="/old_password")
    _set_password(actor, actor, new_password, "change_password", pointer="/new_password")


def set_password(*, actor: Actor, user: User, password: str) -> None:
    """Give somebody else a password; all logins end. Raises UserError, PermissionDenied."""
    require_edit_user(actor, user)
    # Whoever sets a password can sign in as that person, so it would lend rights.
    _require_own_rights(actor, [right for right in RIGHTS if getattr(user, right)])
    _set_password(actor, user, password, "set_password", pointer="/password")


def delete_user(*, actor: Actor, user: User) -> None:
    """Raises UserError for the root, for oneself and for an owner of projects; PermissionDenied."""
    if user.is_root:
        raise UserError("root_stays", _("The root account cannot be deleted."), status=403)
    require_edit_user(actor, user)
    if user == actor:
        raise UserError("own_account", _("You cannot delete your own account."))
    with transaction.atomic():
        record(actor=actor, verb="delete_user", target=user, before=_shown(user))
        try:
            user.delete()
        except ProtectedError:
            message = _("This person owns projects; give them to somebody else or delete them first.")
            raise ConflictError("owns_projects", message) from None


@dataclass(frozen=True)
class RootAccount:
    """What `ensure_root` found or made; the password is there only when it was generated just now."""

    email: str
    created: bool
    password: str | None = None


def ensure_root(*, email: str = "", password: str = "") -> RootAccount:
    """Make the root account where nobody is yet; the password is generated when none is given.

    Raises UserError for a weak password or a wrong address.
    """
    if User.objects.exists():
        root = User.objects.filter(is_root=True).first()
        return RootAccount(root.email if root else "", created=False)
    generated = "" if password else secrets.token_urlsafe(12)
    user = create_admin(email=email or "root@m3m.local", password=password or generated)
    return RootAccount(user.email, created=True, password=generated or None)


def check_password_strength(password: str, user: User, pointer: str = "/password") -> None:
    """Raises UserError with the sentences of Django's validators."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UserError("password_weak", " ".join(error.messages), pointer=pointer) from None


def _add(actor: Actor, verb: str, email: str, password: str, make: Callable[[], User]) -> User:
    _check_email(email)
    check_password_strength(password, User(email=normalise_email(email)))
    try:
        with transaction.atomic():
            user = make()
            record(actor=actor, verb=verb, target=user, after=_shown(user))
    except IntegrityError:
        raise _email_taken() from None
    return user


def _check_email(email: str) -> None:
    try:
        validate_email(normalise_email(email))
    except ValidationError:
        raise UserError("email_invalid", _("This is not an e-mail address."), pointer="/email") from None


def _check_changes(actor: Actor, user: User, changes: dict[str, Any]) -> None:
    if "email" in changes:
        _check_email(changes["email"])
    touched = [right for right in RIGHTS if right in changes]
    if touched and user == actor:
        raise PermissionDenied(_("Nobody changes the own rights."))
    _require_own_rights(actor, touched)
    if user == actor and changes.get("is_active") is False:
        raise UserError("own_account", _("You cannot block yourself."), pointer="/is_active")


def _require_own_rights(actor: Actor, rights: list[str]) -> None:
    if isinstance(actor, SystemActor) or actor.sees_everything:
        return
    if not all(getattr(actor, right, False) for right in rights):
        raise PermissionDenied(_("You may not deal in a right that you lack."))


def _set_password(actor: Actor, user: User, password: str, verb: str, *, pointer: str) -> None:
    check_password_strength(password, user, pointer)
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password", "updated_at"])
        Login.objects.filter(user=user).end()
        record(actor=actor, verb=verb, target=user)


def _save(user: User) -> None:
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise _email_taken() from None


def _email_taken() -> UserError:
    return ConflictError("email_taken", _("This address is taken."), pointer="/email")


def _shown(user: User) -> dict[str, Any]:
    return {key: getattr(user, key) for key in _SHOWN}
