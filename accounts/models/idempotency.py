"""Answers that are given again to whoever repeats a request."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# One statement, for each request with a key pays for it. A row whose time is over is as good as none.
_CLAIM = """
INSERT INTO accounts_idempotentanswer AS kept (digest, fingerprint, status, headers, expires_at)
VALUES (%s, %s, 0, '{}', %s)
ON CONFLICT (digest) DO UPDATE
SET fingerprint = excluded.fingerprint, status = 0, body = NULL, headers = '{}', expires_at = excluded.expires_at
WHERE kept.expires_at <= %s
"""


class IdempotentAnswerQuerySet(models.QuerySet["IdempotentAnswer"]):
    def claim(self, digest: str, fingerprint: str) -> bool:
        """Whether the row is ours, in a transaction; a twin that is under way makes this wait for its end."""
        now = timezone.now()
        times = [
            connection.ops.adapt_datetimefield_value(one) for one in (now + IdempotentAnswer.LIFETIME, now)
        ]
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [digest, fingerprint, *times])
            return bool(cursor.rowcount == 1)


class IdempotentAnswer(models.Model):
    """The answer to a request that carried an `Idempotency-Key`, written in the transaction of its effect."""

    LIFETIME = timedelta(hours=24)

    # Of actor, method, path and key: one row per request that must have one effect.
    digest = models.CharField(max_length=64, primary_key=True)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(null=True)
    headers = models.JSONField(default=dict)
    expires_at = models.DateTimeField(db_index=True)

    objects = IdempotentAnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("idempotent answer")
        verbose_name_plural = _("idempotent answers")

    def __str__(self) -> str:
        return self.digest[:12]
