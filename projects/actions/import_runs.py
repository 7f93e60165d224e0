"""Imports carried out: portions of rows, each written together with the progress, so that no row comes in twice.

An import that ends at the first wrong line is gone through twice: everything is checked before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record as audit
from accounts.errors import UserError
from accounts.permissions import SYSTEM
from projects.actions.records import insert_drafts, lock_collection
from projects.choices import DataFormat, ImportMode, ImportStatus, OnImportError
from projects.collections.drafts import Draft, Flaw, as_record_id, new_draft, partial_draft
from projects.collections.filters import parse_filter
from projects.collections.imports import Row, import_file, read_rows, split_list
from projects.collections.indexes import refresh_statistics
from projects.collections.references import check_references
from projects.collections.store import STORE, Query
from projects.collections.uniques import Seen, check_unique
from projects.collections.values import ValueFlawError, check_value
from projects.limits import IMPORT_CHUNK, IMPORT_ERRORS
from projects.models import Collection, Record, RecordImport
from projects.schemas import Schema

# A file that ends the process each time must not do so for ever.
_ATTEMPTS = 10


def run_import(*, import_id: UUID, worker: str, stopping: Callable[[], bool] = lambda: False) -> None:
    """Carry out an import as far as it goes, if nobody else does. `stopping` is asked between portions."""
    row = RecordImport.objects.select_related("collection__project").filter(pk=import_id).first()
    if row is None or not row.claim(worker):
        return
    try:
        ended = _Run(row, stopping).go()
    except UserError as error:
        _fail(
            row, {"line": error.extra.get("line", 0), "pointer": "", "code": error.code, "detail": str(error)}
        )
        ended = True
    if ended:
        import_file(row).unlink(missing_ok=True)
        import_file(row).with_suffix(".lines").unlink(missing_ok=True)
    else:
        row.release()


def _fail(row: RecordImport, error: dict[str, Any]) -> None:
    row.keep(errors=[*row.errors, error][:IMPORT_ERRORS])
    _finish(row, ImportStatus.FAILED)


def _finish(row: RecordImport, status: ImportStatus) -> None:
    with transaction.atomic():
        if row.finish(status):
            counts = {name: getattr(row, name) for name in ("inserted", "updated", "failed")}
            audit(actor=SYSTEM, verb="finish_import", target=row, after={"status": status, **counts})


class _Stopped(Exception):
    """The lease is lost, or the process is to end."""


class _Run:
    """One process' work at one import."""

    def __init__(self, row: RecordImport, stopping: Callable[[], bool]) -> None:
        self.row = row
        self.stopping = stopping
        self.schema: Schema = row.collection.schema
        self.path = import_file(row)
        self.form = row.format
        # What earlier lines hold that are checked and not written.
        self.seen: Seen = {}
        self.known: set[UUID] = set()

    def go(self) -> bool:
        """Whether the import has come to an end."""
        try:
            self._prepare()
            checks = self.row.dry_run or self.row.on_error == OnImportError.ABORT
            if checks and not self.row.checked and not self._check():
                return True
            for portion in self._portions(self.row.offset, self.row.line):
                if not self._write(portion):
                    return True
        except _Stopped:
            self.row.refresh_from_db()
            return self.row.is_final
        _finish(self.row, ImportStatus.DONE)
        refresh_statistics(self.row.collection)
        return True

    def _prepare(self) -> None:
        if self.row.epoch > _ATTEMPTS:
            raise UserError("import_broken", _("The import has broken off too often."))
        if not self.path.exists():
            raise UserError("import_file_lost", _("The file of this import is not there any more."))
        if self.form == DataFormat.JSON:
            # Made anew in each process: half of it may be all that another one left.
            lines = self.path.with_suffix(".lines")
            split_list(self.path, lines)
            self.path, self.form = lines, DataFormat.JSONL
        if self.row.total is None:
            self._keep(total=sum(1 for _row in self._rows(0, 0)))

    def _check(self) -> bool:
        """Look at every line and write nothing; whether the lines are to be written now."""
        self._keep(processed=0, failed=0, inserted=0, updated=0, errors=[])
        for portion in self._portions(0, 0):
            with transaction.atomic():
                collection = lock_collection(self.row.collection)
                drafts = self._drafts(collection, portion, self.seen)
                self.known.update(draft.record.pk for draft in drafts)
                self._count(portion, drafts)
        self.seen, self.known = {}, set()
        if self.row.failed and self.row.on_error == OnImportError.ABORT:
            _finish(self.row, ImportStatus.FAILED)
            return False
        if self.row.dry_run:
            _finish(self.row, ImportStatus.DONE)
            return False
        self._keep(checked=True, processed=0, failed=0, inserted=0, updated=0, errors=[])
        return True

    def _write(self, portion: Sequence[Row]) -> bool:
        """Write a portion and how far it is, both or neither; False when a wrong line has ended the import."""
        with transaction.atomic():
            collection = lock_collection(self.row.collection)
            if collection.schema != self.schema:
                raise UserError("import_schema_changed", _("The collection's fields were changed meanwhile."))
            drafts = self._drafts(collection, portion, None)
            good = [draft for draft in drafts if not draft.flaws]
            failed = len(good) < len(portion)
            if not (failed and self.row.on_error == OnImportError.ABORT):
                self._put(collection, good)
                self._count(portion, drafts, offset=portion[-1].end_offset, line=portion[-1].end_line)
                return True
        self._count(portion, drafts, inserted=self.row.inserted, updated=self.row.updated)
        _finish(self.row, ImportStatus.FAILED)
        return False

    def _put(self, collection: Collection, drafts: Sequence[Draft]) -> None:
        insert_drafts(collection, [draft for draft in drafts if not draft.is_change])
        now = timezone.now()
        changes = [draft.settle(collection.schema, now) for draft in drafts if draft.is_change]
        STORE.save_many(collection, changes)

    def _count(self, portion: Sequence[Row], drafts: Sequence[Draft], **more: Any) -> None:
        row = self.row
        errors = list(row.errors)
        for line, draft in zip(portion, drafts, strict=True):
            found = ({"line": line.line, **flaw._asdict()} for flaw in draft.flaws)
            errors.extend(found if len(errors) < IMPORT_ERRORS else ())
        good = [draft for draft in drafts if not draft.flaws]
        updated = sum(draft.is_change for draft in good)
        values = {
            "processed": row.processed + len(portion),
            "failed": row.failed + len(portion) - len(good),
            "inserted": row.inserted + len(good) - updated,
            "updated": row.updated + updated,
            "errors": errors[:IMPORT_ERRORS],
        }
        self._keep(**{**values, **more})

    def _keep(self, **values: Any) -> None:
        if not self.row.keep(**values):
            raise _Stopped

    def _rows(self, offset: int, line: int) -> Iterator[Row]:
        return read_rows(self.path, self.form, self.schema, offset, line)

    def _portions(self, offset: int, line: int) -> Iterator[list[Row]]:
        """Rows to be written together. A key that comes again begins a new portion: its record is there by then."""
        portion: list[Row] = []
        keys: set[str] = set()
        for row in self._rows(offset, line):
            key = str(row.body.get(self.row.key))
            if portion and (len(portion) >= IMPORT_CHUNK or (self._upserts and key in keys)):
                yield self._unless_stopping(portion)
                portion, keys = [], set()
            portion.append(row)
            keys.add(key)
        if portion:
            yield self._unless_stopping(portion)

    def _unless_stopping(self, portion: list[Row]) -> list[Row]:
        if self.stopping():
            raise _Stopped
        return portion

    @property
    def _upserts(self) -> bool:
        return self.row.mode == ImportMode.UPSERT

    def _drafts(self, collection: Collection, portion: Sequence[Row], seen: Seen | None) -> list[Draft]:
        """A draft for each row, with all its flaws."""
        present = self._present(collection, portion) if self._upserts else {}
        taken = self._taken_ids(portion)
        now = timezone.now()
        drafts = []
        for row in portion:
            found = present.get(self._key_of(row))
            draft = self._draft(collection, row, found, taken, now)
            draft.flaws = _joined(row.flaws, draft.flaws)
            drafts.append(draft)
        check_unique(collection, collection.schema, drafts, seen)
        check_references(collection, collection.schema, drafts, self.known)
        return drafts

    def _draft(
        self, collection: Collection, row: Row, found: Record | None, taken: set[UUID], now: datetime
    ) -> Draft:
        if found is not None:
            draft = partial_draft(found, self.schema, row.body)
            draft.owner = found.pk
            return draft
        given = row.body.get("id")
        own = as_record_id(given) if given is not None else None
        draft = new_draft(collection, self.schema, row.body, now, record_id=own)
        # Lines that upsert one record are no rivals for its unique values.
        draft.owner = self._key_of(row) or draft.record.pk
        if given is not None and own is None:
            draft.add_flaw("id", "reference_invalid", _("The id of a record is needed here."))
        elif own in taken:
            draft.add_flaw("id", "record_exists", _("There is a record with this id already."))
        elif own:
            self._take(own, taken)
        return draft

    def _take(self, own: UUID, taken: set[UUID]) -> None:
        """A second new record may not have this id; an upsert by id finds it then, and changes it."""
        if not (self._upserts and self.row.key == "id"):
            taken.add(own)

    def _key_of(self, row: Row) -> Any:  # noqa: ANN401  (any JSON)
        """The value that an upsert finds the record of a line by, as it is stored; None without one."""
        value = row.body.get(self.row.key)
        if not self._upserts or value is None:
            return None
        if self.row.key == "id":
            return as_record_id(value)
        try:
            return check_value(self.schema.by_key[self.row.key], value)
        except ValueFlawError:
            return None

    def _present(self, collection: Collection, portion: Sequence[Row]) -> dict[Any, Record]:
        """The records that these lines change, by key."""
        keys = [key for row in portion if (key := self._key_of(row)) is not None]
        if self.row.key == "id":
            return {one.pk: one for one in Record.objects.filter(collection=collection, pk__in=keys)}
        if not keys:
            return {}
        chosen = parse_filter({self.row.key: {"$in": keys}}, self.schema)
        found = STORE.find(collection, Query(filter=chosen, limit=2 * IMPORT_CHUNK)).records
        return {one.data[self.row.key]: one for one in found}

    def _taken_ids(self, portion: Sequence[Row]) -> set[UUID]:
        """Ids of these lines that records of any collection have, or that earlier lines will."""
        named = (as_record_id(row.body["id"]) for row in portion if row.body.get("id") is not None)
        ids = [pk for pk in named if pk is not None]
        there = Record.objects.filter(pk__in=ids).values_list("pk", flat=True) if ids else ()
        return set(there) | (set() if self._upserts else self.known & set(ids))


def _joined(of_line: list[Flaw], of_record: list[Flaw]) -> list[Flaw]:
    """What could not be read is not said to be missing as well."""
    known = {flaw.pointer for flaw in of_line}
    return of_line + [flaw for flaw in of_record if "" not in known and flaw.pointer not in known]
