"""What projects leave behind goes, even when the process that was to remove it was killed."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task

from projects import leftovers
from projects.models import SlugAlias
from projects.tasks.processes import start_command

log = logging.getLogger(__name__)


@shared_task
def sweep_leftovers(**unknown: Any) -> None:
    """Forget former slugs whose time is over; have what deleted projects left removed, if there may be any."""
    if unknown:
        log.info("task sweep_leftovers: unknown arguments %s", sorted(unknown))
    SlugAlias.objects.expired().delete()
    if leftovers.are_possible():
        start_command("sweep")
