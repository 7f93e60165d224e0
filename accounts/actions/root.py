"""The first account."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from accounts.actions.users import create_admin
from accounts.models import User


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
