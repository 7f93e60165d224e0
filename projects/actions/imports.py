"""Imports of records from files are asked for and cancelled here; `import_runs` carries them out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record as audit
from accounts.errors import ConflictError, UserError
from accounts.models import User
from accounts.permissions import Actor
from accounts.queueing import send_after_commit
from projects.choices import FINAL_IMPORT_STATUSES, ImportMode, OnImportError
from projects.collections.imports import check_start, import_file
from projects.limits import IMPORT_BYTES, IMPORTS_AT_ONCE
from projects.models import Collection, Project, RecordImport
from projects.permissions import Right, require
from projects.tasks.imports import start_import


def create_import(
    *,
    actor: Actor,
    collection: Collection,
    pieces: Iterable[bytes],
    format: str,  # noqa: A002  (as REST calls it)
    mode: str = ImportMode.INSERT,
    key: str = "id",
    on_error: str = OnImportError.ABORT,
    dry_run: bool = False,
) -> RecordImport:
    """Take a file in and have it imported; `key` is what an upsert finds records by: `id` or a unique field.

    Raises UserError for a file that cannot be read or is too large, ConflictError.
    """
    require(actor, collection.project, Right.WORK)
    _check_key(collection, mode, key)
    row = RecordImport(
        collection=collection,
        format=format,
        mode=mode,
        key=key,
        on_error=on_error,
        dry_run=dry_run,
        actor=actor if isinstance(actor, User) else None,
    )
    path = import_file(row)
    try:
        _keep(pieces, path)
        check_start(path, format, collection.schema)
        with transaction.atomic():
            _check_room(collection)
            row.save(force_insert=True)
            audit(actor=actor, verb="create_import", target=row, after=_described(row))
            send_after_commit(start_import, str(row.pk))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return row


def cancel_import(*, actor: Actor, row: RecordImport) -> None:
    """End an import: what is written stays, the rest is not. One that has ended is taken off the list."""
    require(actor, row.collection.project, Right.WORK)
    with transaction.atomic():
        audit(actor=actor, verb="cancel_import", target=row, before=_described(row))
        if not row.cancel():
            RecordImport.objects.filter(pk=row.pk).delete()
        transaction.on_commit(lambda: import_file(row).unlink(missing_ok=True))


def _check_key(collection: Collection, mode: str, key: str) -> None:
    if mode == ImportMode.UPSERT and key != "id":
        one = collection.schema.by_key.get(key)
        if one is None or not one.unique:
            message = _("Records are found by `id` or by a unique field.")
            raise UserError("import_key_invalid", message, pointer="/key")


def _check_room(collection: Collection) -> None:
    Project.objects.lock(collection.project_id)
    open_ones = RecordImport.objects.filter(collection__project=collection.project_id)
    if open_ones.exclude(status__in=FINAL_IMPORT_STATUSES).count() >= IMPORTS_AT_ONCE:
        message = _("At most {count} imports of a project run at once.").format(count=IMPORTS_AT_ONCE)
        raise ConflictError("imports_too_many", message)


def _keep(pieces: Iterable[bytes], path: Path) -> None:
    """Write a file as it comes in; nobody else may read it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    size = 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for piece in pieces:
            size += len(piece)
            if size > IMPORT_BYTES:
                message = _("A file of records holds at most {count} MB.")
                raise UserError("too_large", message.format(count=IMPORT_BYTES // 1024**2), status=413)
            file.write(piece)
    if not size:
        raise UserError("import_empty", _("The file is empty."))


def _described(row: RecordImport) -> dict[str, object]:
    return {
        "collection": row.collection.slug,
        "format": row.format,
        "mode": row.mode,
        "status": row.status,
        "dry_run": row.dry_run,
    }
