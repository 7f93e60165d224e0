"""What projects leave behind goes, even when the process that was to remove it was killed."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from projects import leftovers
from projects.models import Remains, SlugAlias

log = logging.getLogger(__name__)

LONGEST = 600.0


@shared_task
def sweep_leftovers(**unknown: Any) -> None:
    """Forget former slugs whose time is over; have a process of its own remove files of deleted projects, if any."""
    if unknown:
        log.info("task sweep_leftovers: unknown arguments %s", sorted(unknown))
    now = timezone.now()
    SlugAlias.objects.expired().delete()
    if next(iter(leftovers.find()), None) is None:
        Remains.objects.over(now).delete()
        return
    # A folder may hold a hundred thousand files: not in a thread of the node.
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "sweep"]
    subprocess.run(command, check=True, timeout=LONGEST, cwd=settings.BASE_DIR)  # noqa: S603
