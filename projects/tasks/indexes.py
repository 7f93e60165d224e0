"""Building the indexes that schemas ask for. The work is the database's; the thread only waits for it."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from celery import shared_task
from django.db import OperationalError

from accounts.queueing import send_after_commit
from projects.collections import indexes
from projects.models import Collection

log = logging.getLogger(__name__)


@shared_task
def build_collection_indexes(collection_id: str, **unknown: Any) -> None:
    """Sent when a schema changed or a collection went; what is to be done stands in its rows."""
    if unknown:
        log.warning("unknown arguments: %s", sorted(unknown))
    try:
        indexes.build_indexes(UUID(collection_id))
    except OperationalError as error:
        log.warning("indexes wait for the next sweep: %s", error)


@shared_task
def sweep_indexes(**unknown: Any) -> None:
    """Do what a lost message left undone."""
    if unknown:
        log.warning("unknown arguments: %s", sorted(unknown))
    try:
        indexes.sweep_indexes()
    except OperationalError as error:
        log.warning("indexes wait for the next sweep: %s", error)


def schedule_indexes(collection: Collection) -> None:
    """Send `build_collection_indexes` after the commit."""
    send_after_commit(build_collection_indexes, str(collection.pk))
