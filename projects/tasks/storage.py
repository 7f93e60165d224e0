"""What killed uploads have left, and the figures of the space."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task

from projects.tasks.processes import start_command

log = logging.getLogger(__name__)


@shared_task
def tidy_storage(**unknown: Any) -> None:
    """Have temporary files and wrong figures put right. Harmless at any time."""
    if unknown:
        log.info("task tidy_storage: unknown arguments %s", sorted(unknown))
    start_command("sweep_storage")
