"""Answers that are given again to whoever repeats a request."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _


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

    class Meta:
        verbose_name = _("idempotent answer")
        verbose_name_plural = _("idempotent answers")

    def __str__(self) -> str:
        return self.digest[:12]
