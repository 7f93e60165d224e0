"""Imports run in processes of their own: the threads of a node stay free for services."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from time import time
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from projects.choices import FINAL_IMPORT_STATUSES
from projects.collections.imports import FOLDER
from projects.models import RecordImport
from projects.slugs import as_id

log = logging.getLogger(__name__)
# Processes of this worker. A row that two workers start one for is taken by one of them.
_AT_ONCE = 4
_running: set[str] = set()
_turn = threading.Lock()
_KEPT = timedelta(days=7)
# Nobody uploads for longer than that.
_ABANDONED = 24 * 3600.0


@shared_task
def start_import(import_id: str, **unknown: Any) -> None:
    """Start a process that carries out one import. Harmless to repeat: the lease is taken once."""
    _note_unknown("start_import", unknown)
    key = as_id(import_id)
    if key and RecordImport.objects.forgotten().filter(pk=key).exists():
        _start(str(key))


@shared_task
def sweep_imports(**unknown: Any) -> None:
    """Start what nobody works at, and remove what is long over, with files that no import has."""
    _note_unknown("sweep_imports", unknown)
    for key in RecordImport.objects.forgotten().order_by("created_at").values_list("pk", flat=True):
        _start(str(key))
    old = RecordImport.objects.filter(
        status__in=FINAL_IMPORT_STATUSES, finished_at__lte=timezone.now() - _KEPT
    )
    old.delete()
    folder = Path(settings.DATA_DIR) / FOLDER
    for file in folder.iterdir() if folder.is_dir() else ():
        _sweep_file(file)


def _sweep_file(file: Path) -> None:
    """A file stays while its import is open; one without an import may be on its way in."""
    key = as_id(file.stem)
    row = RecordImport.objects.filter(pk=key).first() if key else None
    try:
        if (row is None and time() - file.stat().st_mtime > _ABANDONED) or (row is not None and row.is_final):
            file.unlink()
    except FileNotFoundError:
        pass


def _start(import_id: str) -> None:
    """The process ends with its import; a thread waits for it, so that nothing of it stays behind.

    Until it has taken its lease the row looks forgotten, longer than a tick where the machine is busy: another process
    would only make it busier. What finds no place is started by a later tick.
    """
    with _turn:
        if import_id in _running or len(_running) >= _AT_ONCE:
            return
        command = [sys.executable, "-P", str(Path(settings.BASE_DIR) / "manage.py"), "run_import", import_id]
        child = subprocess.Popen(command, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL)  # noqa: S603
        _running.add(import_id)
    threading.Thread(target=_wait, args=(import_id, child), name=f"import {import_id}", daemon=True).start()


def _wait(import_id: str, child: subprocess.Popen[bytes]) -> None:
    child.wait()
    with _turn:
        _running.discard(import_id)


def _note_unknown(task: str, unknown: dict[str, Any]) -> None:
    if unknown:
        log.info("task %s: unknown arguments %s", task, sorted(unknown))
