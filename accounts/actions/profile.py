"""What people change of themselves."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions.checks import check_fields, check_password_strength, keep_password, locked
from accounts.audit import record
from accounts.errors import UserError
from accounts.images import thumbnail
from accounts.limits import AVATAR_BYTES
from accounts.models import Avatar, User

PROFILE = ("name", "language", "theme")


def update_profile(*, actor: User, **changes: Any) -> User:
    """A person changes the own name, language or theme. Raises ValidationError for what cannot be taken."""
    unknown = changes.keys() - set(PROFILE)
    if unknown:
        raise TypeError(f"cannot change {sorted(unknown)}")
    with transaction.atomic():
        user = locked(actor)
        before = {key: getattr(user, key) for key in PROFILE}
        for key, value in changes.items():
            setattr(user, key, value)
        after = {key: getattr(user, key) for key in PROFILE}
        if before != after:
            check_fields(user, changes)
            user.save(update_fields=[*changes, "updated_at"])
            record(actor=actor, verb="update_profile", target=user, before=before, after=after)
    return user


def change_password(*, actor: User, old_password: str, new_password: str) -> None:
    """A person changes the own password; all logins end. Raises UserError."""
    if not actor.check_password(old_password):
        raise UserError("password_wrong", _("The present password is wrong."), pointer="/old_password")
    check_password_strength(new_password, actor, "/new_password")
    encoded = make_password(new_password)
    with transaction.atomic():
        user = locked(actor)
        keep_password(user, encoded)
        record(actor=actor, verb="change_password", target=user)


def set_avatar(*, actor: User, data: bytes) -> User:
    """Give oneself a picture, made anew of an image by the locked helper. Raises UserError."""
    if len(data) > AVATAR_BYTES:
        raise UserError("image_too_large", _("The image is too large."), status=413)
    made = thumbnail(data, (Avatar.SIDE, Avatar.SIDE))
    with transaction.atomic():
        user = locked(actor)
        Avatar.objects.update_or_create(user=user, defaults={"data": made})
        return _name_avatar(user, "set_avatar", hashlib.sha256(made).hexdigest())


def remove_avatar(*, actor: User) -> User:
    """Take the own picture away; again is no error."""
    with transaction.atomic():
        user = locked(actor)
        removed, _rows = Avatar.objects.filter(user=user).delete()
        return _name_avatar(user, "remove_avatar", "") if removed else user


def _name_avatar(user: User, verb: str, digest: str) -> User:
    before, user.avatar_digest = user.avatar_digest, digest
    user.save(update_fields=["avatar_digest", "updated_at"])
    record(actor=user, verb=verb, target=user, before={"avatar": before[:12]}, after={"avatar": digest[:12]})
    return user
