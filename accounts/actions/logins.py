"""Signing in and out."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework_simplejwt.exceptions import TokenError

from accounts.authentication import LoginRefreshToken, digest, login_of, new_ticket
from accounts.models import Login, LoginAttempt, User, normalise_email

logger = logging.getLogger(__name__)

WINDOW = timedelta(minutes=5)
ATTEMPTS_PER_PERSON = 10
ATTEMPTS_PER_ADDRESS = 100
# Two tabs may refresh at the same moment; only a later second use looks like theft.
REUSE_GRACE = timedelta(seconds=10)


@dataclass(frozen=True)
class Tokens:
    access: str
    refresh: str


def check_credentials(
    *, email: str, password: str, ip: str | None, request: HttpRequest | None = None
) -> User:
    """The person with that address and password, for every door that asks for both.

    Raises AuthenticationFailed, alike for a wrong password, an unknown address and a blocked person, and Throttled
    after too many failures from one place for one address, or from one place at all.
    """
    email = normalise_email(email)
    keys = {digest(f"{ip} {email}"): ATTEMPTS_PER_PERSON, digest(f"{ip}"): ATTEMPTS_PER_ADDRESS}
    for key, allowed in keys.items():
        # Counted before the password is looked at, or many attempts at once would slip through.
        attempt = LoginAttempt.objects.count_up(key, WINDOW)
        if attempt.count > allowed:
            logger.warning("too many failed logins from %s", ip)
            raise Throttled(wait=max(1.0, (attempt.expires_at - timezone.now()).total_seconds()))
    user = authenticate(request, username=email, password=password)
    if not isinstance(user, User):
        raise AuthenticationFailed(_("No active account has this address and password."), "credentials_wrong")
    LoginAttempt.objects.forgive(keys)
    return user


def log_in(*, email: str, password: str, ip: str | None) -> tuple[User, Tokens]:
    """Raises AuthenticationFailed, Throttled."""
    user = check_credentials(email=email, password=password, ip=ip)
    with transaction.atomic():
        login = Login.objects.create(user=user, expires_at=timezone.now())  # the token says until when
        tokens = _tokens(LoginRefreshToken.for_login(login))
        update_last_login(User, user)
    return user, tokens


def refresh_login(*, refresh: str) -> Tokens:
    """New tokens for a refresh token, which is used up. Raises AuthenticationFailed.

    A token used before ends its login: somebody else may hold a copy.
    """
    token = _parse(refresh)
    login = login_of(token)
    with transaction.atomic():
        if token.use_up():
            return _tokens(LoginRefreshToken.for_login(login))
    used = token.used_up_at()
    if used is None or used < timezone.now() - REUSE_GRACE:
        logger.warning("a refresh token of %s came twice; its login is ended", login.user)
        Login.objects.filter(pk=login.pk).end()
    raise AuthenticationFailed(_("This token was used before."), "token_not_valid")


def log_out(*, refresh: str = "", login: Login | None = None) -> None:
    """End a login, given itself or a refresh token of it; again is no error. Raises AuthenticationFailed."""
    if login is None:
        token = _parse(refresh)
        token.use_up()
        Login.objects.filter(pk=token.get("sid")).end()
    else:
        Login.objects.filter(pk=login.pk).end()


def create_ticket(*, actor: User, login: Login | None, session_key: str = "") -> str:
    """A ticket that opens one socket once, soon, for as long as its login or session lasts."""
    return new_ticket(actor, login, session_key)


def _parse(refresh: str) -> LoginRefreshToken:
    try:
        return LoginRefreshToken(refresh)  # type: ignore[arg-type]
    except TokenError:
        raise AuthenticationFailed(_("This token is no longer valid."), "token_not_valid") from None


def _tokens(refresh: LoginRefreshToken) -> Tokens:
    return Tokens(access=str(refresh.access_token), refresh=str(refresh))
