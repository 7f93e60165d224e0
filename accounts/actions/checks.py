"""What the actions on people share."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.models import Login, User, normalise_email


def locked(user: User) -> User:
    """The person as the database has it now, locked until the transaction ends. Raises NotFoundError."""
    found = User.objects.select_for_update().filter(pk=user.pk).first()
    if found is None:
        raise NotFoundError("user_not_found", _("There is no such person."))
    return found


def check_password_strength(password: str, user: User, pointer: str = "/password") -> None:
    """Raises UserError with the sentences of Django's validators."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UserError("password_weak", " ".join(error.messages), pointer=pointer) from None


def check_email(email: str) -> None:
    """Raises UserError for what is no address or too long for one."""
    field = User._meta.get_field("email")
    try:
        field.run_validators(normalise_email(email) or "@")
    except ValidationError:
        raise UserError("email_invalid", _("This is not an e-mail address."), pointer="/email") from None


def check_fields(user: User, names: Collection[str]) -> None:
    """Raises ValidationError for a value of these fields that the model cannot take."""
    user.clean_fields(exclude={field.name for field in User._meta.fields} - set(names))


def email_taken() -> ConflictError:
    return ConflictError("email_taken", _("This address is taken."), pointer="/email")


def keep_password(user: User, encoded: str) -> None:
    """Save a hashed password and end all logins; sessions end by themselves, since they name the old one.

    The hash is made before the transaction: it takes long, and SQLite has one writer.
    """
    user.password = encoded
    user.save(update_fields=["password", "updated_at"])
    Login.objects.filter(user=user).end()
