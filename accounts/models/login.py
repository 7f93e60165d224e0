"""What stands behind tokens: logins that can be ended, counted attempts, one-use tickets."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class LoginQuerySet(models.QuerySet["Login"]):
    def end(self) -> int:
        """End them: their access and refresh tokens answer 401 from now on."""
        return self.filter(ended_at=None).update(ended_at=timezone.now())


class Login(models.Model):
    """One sign-in by REST. All tokens that descend from it name it, and live no longer than it does."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="logins")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = LoginQuerySet.as_manager()

    class Meta:
        verbose_name = _("login")
        verbose_name_plural = _("logins")

    def __str__(self) -> str:
        return str(self.pk)


class SocketTicket(models.Model):
    """Opens one socket once, soon after it was given. Only a digest of it is kept."""

    LIFETIME = timedelta(seconds=30)

    digest = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    login = models.ForeignKey(Login, models.CASCADE, null=True, related_name="+")
    session_key = models.CharField(max_length=40, blank=True)  # of a page, where there is no login
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("socket ticket")
        verbose_name_plural = _("socket tickets")

    def __str__(self) -> str:
        return self.expires_at.isoformat()


class LoginAttemptQuerySet(models.QuerySet["LoginAttempt"]):
    def expired(self) -> Self:
        return self.filter(expires_at__lte=timezone.now())

    def count_up(self, digest: str, window: timedelta) -> LoginAttempt:
        """Count one attempt in the present window; returns the row with the count. Safe against races."""
        now = timezone.now()
        current = self.filter(digest=digest, expires_at__gt=now)
        if not current.update(count=F("count") + 1):
            self.filter(digest=digest, expires_at__lte=now).delete()
            _row, created = self.get_or_create(
                digest=digest, defaults={"count": 1, "expires_at": now + window}
            )
            if not created:
                current.update(count=F("count") + 1)
        # A window that ends at this very moment takes its row along.
        return self.filter(digest=digest).first() or LoginAttempt(
            digest=digest, count=1, expires_at=now + window
        )

    def forgive(self, digests: Iterable[str]) -> None:
        """Take back one attempt each: it was no failure."""
        self.filter(digest__in=list(digests), count__gt=0).update(count=F("count") - 1)


class LoginAttempt(models.Model):
    """How often somebody tried to sign in within a window. In the database, for it must hold without Redis."""

    digest = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    objects = LoginAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("login attempt")
        verbose_name_plural = _("login attempts")

    def __str__(self) -> str:
        return f"{self.count} until {self.expires_at:%H:%M:%S}"
