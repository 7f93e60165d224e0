"""Deleted collections are cleared away in portions, each in a short transaction of its own."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from django.db import transaction

from projects.models import Collection, Record

log = logging.getLogger(__name__)
_PORTION = 2000
_PORTIONS_AT_ONCE = 100


@shared_task
def clear_collections(**unknown: Any) -> None:
    """Remove what deleted collections have left behind; what is too much for one task is left to the next."""
    if unknown:
        log.info("task clear_collections: unknown arguments %s", sorted(unknown))
    left = _PORTIONS_AT_ONCE
    for collection in Collection.with_deleted.exclude(deleted_at=None).order_by("deleted_at"):
        while left and _clear_portion(collection):
            left -= 1
        if not left:
            return
        collection.delete()


def _clear_portion(collection: Collection) -> int:
    with transaction.atomic():
        ids = list(
            Record.objects.filter(collection=collection)
            .order_by("pk")
            .values_list("pk", flat=True)[:_PORTION]
        )
        return Record.objects.filter(pk__in=ids).delete()[0] if ids else 0
