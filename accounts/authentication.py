"""Tokens, tickets and whom they stand for."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from datetime import datetime
from uuid import UUID

from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken, Token
from rest_framework_simplejwt.utils import datetime_from_epoch, get_md5_hash_password

from accounts.models import Login, SocketTicket, User

LOGIN_CLAIM = "sid"


class TokenAuthentication(JWTAuthentication):
    """`Authorization: Bearer <access>`. One query finds the login and its user together."""

    def get_user(self, validated_token: Token) -> User:  # type: ignore[override]
        """Raises AuthenticationFailed for an ended login, a blocked user and one with a newer password."""
        return login_of(validated_token).user


class PageAuthentication(SessionAuthentication):
    """The session of a page; a change needs its CSRF token too."""

    def enforce_csrf(self, request: Request) -> None:
        """Raises PermissionDenied with a code of its own."""
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            raise PermissionDenied(error.detail, "csrf_failed") from error


class LoginRefreshToken(RefreshToken):
    """A refresh token of a login; the database keeps its id alone, so that a stolen dump signs nobody in."""

    @classmethod
    def for_login(cls, login: Login) -> LoginRefreshToken:
        """A new token; the login lives as long as it does."""
        token = cls()
        token[api_settings.USER_ID_CLAIM] = str(login.user_id)
        token[api_settings.REVOKE_TOKEN_CLAIM] = get_md5_hash_password(login.user.password)
        token[LOGIN_CLAIM] = str(login.pk)
        OutstandingToken.objects.create(
            user=login.user,
            jti=token["jti"],
            token="",
            created_at=token.current_time,
            expires_at=datetime_from_epoch(token["exp"]),
        )
        Login.objects.filter(pk=login.pk).update(expires_at=datetime_from_epoch(token["exp"]))
        return token

    def check_blacklist(self) -> None:
        """Nothing: `use_up` finds out in the same statement that uses the token up."""

    def use_up(self) -> bool:
        """Blacklist the token; False when it was before. Of two callers at once one gets True."""
        outstanding = OutstandingToken.objects.filter(jti=self["jti"]).first()
        return outstanding is not None and BlacklistedToken.objects.get_or_create(token=outstanding)[1]

    def used_up_at(self) -> datetime | None:
        row = BlacklistedToken.objects.filter(token__jti=self["jti"]).first()
        return row.blacklisted_at if row else None


def login_of(token: Token) -> Login:
    """The living login behind a token, with its user. One query. Raises AuthenticationFailed (401)."""
    try:
        key = UUID(str(token.get(LOGIN_CLAIM)))
    except ValueError:
        raise AuthenticationFailed(_("This token cannot be used here."), "token_not_valid") from None
    try:
        login = Login.objects.select_related("user").get(pk=key, ended_at=None)
    except Login.DoesNotExist:
        login = None
    if (
        login is None
        or not login.user.is_active
        or str(login.user_id) != token.get(api_settings.USER_ID_CLAIM)
    ):
        raise AuthenticationFailed(_("This login has ended."), "login_ended")
    if token.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(login.user.password):
        raise AuthenticationFailed(_("The password has been changed; log in again."), "password_changed")
    return login


def request_login(request: Request) -> Login | None:
    """The login of a request that came with an access token."""
    return login_of(request.auth) if isinstance(request.auth, Token) else None


def new_ticket(user: User, login: Login | None, session_key: str = "") -> str:
    """A ticket that opens one socket within SocketTicket.LIFETIME; it ends with its login or session."""
    now = timezone.now()
    SocketTicket.objects.filter(user=user, expires_at__lte=now).delete()
    ticket = secrets.token_urlsafe(32)
    SocketTicket.objects.create(
        digest=digest(ticket),
        user=user,
        login=login,
        session_key=session_key,
        expires_at=now + SocketTicket.LIFETIME,
    )
    return ticket


def redeem_ticket(ticket: str) -> SocketTicket | None:
    """The ticket with its user and login; None when it is unknown, late, used, or one of these is no more."""
    row = SocketTicket.objects.select_related("user", "login").filter(digest=digest(ticket)).first()
    # Deleting is using: of two sockets at once one deletes the row.
    if row is None or not SocketTicket.objects.filter(pk=row.pk).delete()[0]:
        return None
    if not lasts(row.login, row.session_key) or not row.user.is_active or row.expires_at <= timezone.now():
        return None
    return row


def lasts(login: Login | None, session_key: str) -> bool:
    """Whether the login or session is still there that something was opened with."""
    if login is not None:
        return Login.objects.filter(pk=login.pk, ended_at=None).exists()
    return not session_key or SessionStore().exists(session_key)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def client_ip(request: HttpRequest) -> str | None:
    """Where a request comes from: what the nearest proxy says, for web itself listens to proxies alone."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(forwarded or request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None
