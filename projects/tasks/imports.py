"""Imports run in processes of their own: the threads of a node stay free for services."""

from __future__ import annotations

import logging
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
from projects.tasks.processes import start_command

log = logging.getLogger(__name__)
# Processes at work at the same time; what finds no place is started by a later tick.
_AT_ONCE = 4
_KEPT = timedelta(days=7)
# Nobody uploads for longer than that.
_ABANDONED = 24 * 3600.0


@shared_task
def start_import(import_id: str, **unknown: Any) -> None:
    """Start a process that carries out one import. Harmless to repeat: the lease is taken once."""
    _note_unknown("start_import", unknown)
    key = as_id(import_id)
    for row in RecordImport.objects.forgotten().filter(pk=key) if key else ():
        _start(row)


@shared_task
def sweep_imports(**unknown: Any) -> None:
    """Start what nobody works at, and remove what is long over, with files that no import has."""
    _note_unknown("sweep_imports", unknown)
    for row in RecordImport.objects.forgotten().order_by("created_at")[:_AT_ONCE]:
        _start(row)
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


def _start(row: RecordImport) -> None:
    """One process, which is all that the import gets while it is on its way."""
    if RecordImport.objects.under_way().count() < _AT_ONCE and row.reserve():
        start_command("run_import", str(row.pk))


def _note_unknown(task: str, unknown: dict[str, Any]) -> None:
    if unknown:
        log.info("task %s: unknown arguments %s", task, sorted(unknown))
