"""What runs later."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.models import IdempotentAnswer, Login, LoginAttempt, SocketTicket

# So many rows go in one statement: SQLite has one writer, who must not keep the others waiting.
CHUNK = 500

logger = logging.getLogger(__name__)


@shared_task
def forget_expired_logins(**unknown: Any) -> None:
    """Remove logins, tokens, tickets and counters that can no longer matter. Harmless to run at any time."""
    if unknown:
        logger.warning("unknown arguments: %s", sorted(unknown))
    now = timezone.now()
    OutstandingToken.objects.filter(expires_at__lte=now).delete()
    SocketTicket.objects.filter(expires_at__lte=now).delete()
    LoginAttempt.objects.expired().delete()
    Login.objects.filter(expires_at__lte=now).delete()


@shared_task
def forget_expired_answers(**unknown: Any) -> None:
    """Remove the answers kept for repeated requests once their time is over, a few at a time."""
    if unknown:
        logger.warning("unknown arguments: %s", sorted(unknown))
    late = IdempotentAnswer.objects.filter(expires_at__lte=timezone.now())
    while keys := list(late.values_list("pk", flat=True)[:CHUNK]):
        IdempotentAnswer.objects.filter(pk__in=keys, expires_at__lte=timezone.now()).delete()
