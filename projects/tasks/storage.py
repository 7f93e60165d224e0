"""Files that nobody needs any more. Walking over them is heavy: a process of its own does it."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from typing import Any

from celery import shared_task
from django.conf import settings

log = logging.getLogger(__name__)


@shared_task
def tidy_storage(**unknown: Any) -> None:
    """Have temporary files, files of deleted projects and wrong figures put right. Harmless at any time."""
    _note_unknown("tidy_storage", unknown)
    _start()


@shared_task
def remove_project_files(project_id: str, **unknown: Any) -> None:
    """Have the files of a deleted project removed; where this gets lost, `tidy_storage` finds them."""
    _note_unknown("remove_project_files", unknown)
    _start("--project", project_id)


def _start(*arguments: str) -> None:
    """Let it run by itself: a task may not last as long as that can."""
    command = [sys.executable, "-P", str(settings.BASE_DIR / "manage.py"), "sweep_storage", *arguments]
    child = subprocess.Popen(  # noqa: S603  (own command)
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=settings.BASE_DIR
    )
    # Somebody has to wait for it, or it stays behind as a zombie.
    threading.Thread(target=child.wait, daemon=True).start()


def _note_unknown(task: str, unknown: dict[str, Any]) -> None:
    if unknown:
        log.info("task %s: unknown arguments %s", task, sorted(unknown))
