"""Database indexes over fields: which a schema asks for, and building and dropping them.

An index is partial, over one collection's records, so that it costs nothing to others. Its name is made of its
collection and its definition: the same name is the same index. What is to be done stands in the rows of
`FieldIndex`; `build_indexes` does it outside every transaction, and `sweep_indexes` finds what was forgotten.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.choices import IndexStatus
from projects.collections.conditions import KINDS, ORDERED_KINDS, Target
from projects.collections.dialects import TABLE, dialect
from projects.models import Collection, FieldIndex
from projects.schemas import Field

log = logging.getLogger(__name__)

PREFIX = "m3m_r_"
_NAME = re.compile(PREFIX + r"([0-9a-f]{32})_[0-9a-f]{12}")
_DUE = (IndexStatus.WANTED, IndexStatus.BUILDING, IndexStatus.UNWANTED)
# A build waits for transactions that began before it. One that never ends must not hold a thread for ever.
LOCK_TIMEOUT = "60s"
ROUNDS = 5
# Any number, as long as it is always this one.
BUILDERS_LOCK = 0x6D336D5F72
# What SQLite is to think of the index over all collections: a collection is nearly the whole table. Without
# figures it takes it for ten records, and so the better index than one over a field.
SQLITE_FIGURES = ("projects_record", "record_by_collection", "1000000 1000000 1")


@dataclass(frozen=True)
class WantedIndex:
    """An index that a schema asks for; `body` is what stands behind its name in CREATE INDEX, `value` the
    expression that it is over."""

    field: str
    unique: bool
    name: str
    body: str
    value: str


def wanted_indexes(collection: Collection) -> list[WantedIndex]:
    return [
        _wanted(collection.pk, field)
        for field in collection.schema.fields
        if (field.indexed or field.unique) and KINDS[field.type] in ORDERED_KINDS
    ]


def _wanted(pk: UUID, field: Field) -> WantedIndex:
    spoken = dialect()
    value = spoken.value(Target(field.key, KINDS[field.type]))
    columns = f"({value})" if field.unique else f'({value}){spoken.missing_first}, "id"'
    body = f'ON "{TABLE}" ({columns}) WHERE {spoken.collection(pk)}'
    digest = hashlib.sha256(f"{field.unique} {body}".encode()).hexdigest()[:12]
    return WantedIndex(field.key, field.unique, f"{PREFIX}{pk.hex}_{digest}", body, value)


def want_indexes(collection: Collection) -> bool:
    """Write down what the collection's schema asks for, in the caller's transaction.

    Returns whether there is something to do: then `build_collection_indexes` is to be sent after the commit.
    An index that failed is tried again.
    """
    wanted = {one.name: one for one in wanted_indexes(collection)}
    present = {row.name: row for row in collection.indexes.select_for_update()}
    FieldIndex.objects.bulk_create(
        FieldIndex(collection=collection, field=one.field, unique=one.unique, name=one.name)
        for one in wanted.values()
        if one.name not in present
    )
    for row in present.values():
        if row.name not in wanted:
            _mark(row, IndexStatus.UNWANTED)
        elif row.status in (IndexStatus.UNWANTED, IndexStatus.FAILED):
            _mark(row, IndexStatus.WANTED)
    return collection.indexes.filter(status__in=_DUE).exists()


def _mark(row: FieldIndex, status: IndexStatus, error: str = "") -> None:
    row.status, row.error = status, error
    row.save(update_fields=["status", "error", "updated_at"])


def is_blocking(row: FieldIndex) -> bool:
    """Whether writers wait while this index is built: on SQLite, for the seconds that it takes."""
    return connection.vendor == "sqlite" and row.status in (IndexStatus.WANTED, IndexStatus.BUILDING)


def refused_field(collection: Collection, error: IntegrityError) -> str | None:
    """The key of the field whose unique index refused a record; None where it was another constraint."""
    text = str(error)
    return next((one.field for one in wanted_indexes(collection) if one.unique and one.name in text), None)


def build_indexes(*deleted: UUID) -> None:
    """Build what is wanted and drop what is not, of all collections, unless somebody else is at it.

    Indexes of the collections named, as far as these are gone, are dropped, too. To be called outside of
    transactions: PostgreSQL then builds without blocking anybody. A database error that is not about the records
    leaves the row wanted, behind all others, for the next sweep, and is raised.
    """
    due = FieldIndex.objects.filter(status__in=_DUE).order_by("updated_at", "pk")
    # Rows may change while an index is built, and whoever is told of it then finds the builder still there and
    # goes. Hence the look afterwards; the sweep goes on where the rounds do not suffice.
    for _round in range(ROUNDS):
        with _alone() as alone:
            if not alone:
                return
            for row in due.select_related("collection"):
                _settle(row)
            for collection_id in deleted:
                _drop_forgotten(collection_id)
        if not due.exists():
            return


def _settle(row: FieldIndex) -> None:
    wanted = {one.name: one for one in wanted_indexes(row.collection)}
    if row.status == IndexStatus.UNWANTED:
        _drop(row)
    elif row.name not in wanted:
        _move(row, row.status, IndexStatus.UNWANTED)
    elif _move(row, row.status, IndexStatus.BUILDING):
        with _turn():
            _build(row, wanted[row.name])


def _move(row: FieldIndex, old: str, new: IndexStatus, error: str = "") -> bool:
    rows = FieldIndex.objects.filter(pk=row.pk, status=old)
    return rows.update(status=new, error=error, updated_at=timezone.now()) == 1


def _build(row: FieldIndex, wanted: WantedIndex) -> None:
    if not FieldIndex.objects.filter(pk=row.pk, status=IndexStatus.BUILDING).exists():
        return
    try:
        _create(row.collection, wanted)
    except IntegrityError:
        _fail(row, _("Some records have the same value, so that it cannot be unique."))
    except OperationalError as error:
        if "index row" not in str(error):  # PostgreSQL's words for a value that no index can hold
            _move(row, IndexStatus.BUILDING, IndexStatus.WANTED)
            raise
        _fail(row, _("Some values are too long for an index."))
    except DatabaseError as error:
        log.error("index %s of field %s cannot be built: %s", row.name, row.field, error)
        _fail(row, _("The database refuses to build this index."))
    else:
        _move(row, IndexStatus.BUILDING, IndexStatus.READY)


def _fail(row: FieldIndex, message: str) -> None:
    _move(row, IndexStatus.BUILDING, IndexStatus.FAILED, message)


def _create(collection: Collection, wanted: WantedIndex) -> None:
    """Make the index if it is not there; raises what the database says, and leaves nothing half made."""
    if wanted.name in _valid_names():
        return
    if connection.vendor == "postgresql" and connection.in_atomic_block:
        connection.check_constraints()  # pending ones keep a table from getting an index
    _drop_index(wanted.name)
    kind = "UNIQUE INDEX" if wanted.unique else "INDEX"
    try:
        _execute(f'CREATE {kind}{_without_blocking()} IF NOT EXISTS "{wanted.name}" {wanted.body}')
    except DatabaseError:
        _drop_index(wanted.name)
        raise
    if connection.vendor == "postgresql":
        # Figures of partial indexes are measured, but not used: without these, a range is a third of all.
        _execute(f'CREATE STATISTICS IF NOT EXISTS "{wanted.name}" ON ({wanted.value}) FROM "{TABLE}"')
    refresh_statistics(collection)


def _drop(row: FieldIndex) -> None:
    rows = FieldIndex.objects.filter(pk=row.pk, status=IndexStatus.UNWANTED)
    with _turn():
        if rows.exists():
            _drop_index(row.name)
            rows.delete()


def _drop_forgotten(collection_id: UUID) -> None:
    """Indexes without a row: their collection was deleted, and its rows with it."""
    rows = FieldIndex.objects.filter(collection_id=collection_id)
    for name in _all_names(f"{PREFIX}{collection_id.hex}_"):
        with _turn():
            if not rows.filter(name=name).exists():
                _drop_index(name)


def sweep_indexes() -> None:
    """Do what is left to do, wherever: rows whose task got lost, indexes without rows, rows without indexes."""
    names, valid = _all_names(PREFIX), _valid_names()
    known = dict(FieldIndex.objects.values_list("name", "status"))
    lost = [name for name, status in known.items() if status == IndexStatus.READY and name not in valid]
    FieldIndex.objects.filter(name__in=lost, status=IndexStatus.READY).update(status=IndexStatus.WANTED)
    build_indexes(*{UUID(match[1]) for name in names - known.keys() if (match := _NAME.fullmatch(name))})


def refresh_statistics(collection: Collection) -> None:
    """Tell the database's planner what a collection holds: after an import, say. Cheap; may stand in a transaction.

    PostgreSQL looks at a sample of all records. SQLite is told the same whatever is there, once.
    """
    if connection.vendor == "postgresql":
        _execute(f'ANALYZE "{TABLE}"')
        return
    table, index, _figures = SQLITE_FIGURES
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ANALYZE sqlite_master")  # makes the table of figures, and measures nothing
        cursor.execute("SELECT 1 FROM sqlite_stat1 WHERE tbl = %s AND idx = %s", (table, index))
        if cursor.fetchone() is None:
            cursor.execute("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (%s, %s, %s)", SQLITE_FIGURES)
            cursor.execute("ANALYZE sqlite_master")


@contextmanager
def _turn() -> Iterator[None]:
    """One step of a builder: a transaction on SQLite, where the write lock keeps others away."""
    if connection.vendor == "sqlite":
        with transaction.atomic():
            yield
    else:
        yield


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether nobody else builds indexes, until the block ends.

    PostgreSQL keeps the lock with the connection, so that it ends with a killed builder. There is one for all
    collections: two builds on one table wait for each other until PostgreSQL ends one of them. On SQLite, each
    step is one transaction, and writers take turns.
    """
    if connection.vendor != "postgresql":
        yield True
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", (BUILDERS_LOCK,))
        if not cursor.fetchone()[0]:
            yield False
            return
        try:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", (LOCK_TIMEOUT,))
            yield True
        finally:
            cursor.execute("RESET lock_timeout")
            cursor.execute("SELECT pg_advisory_unlock(%s)", (BUILDERS_LOCK,))


def _drop_index(name: str) -> None:
    if connection.vendor == "postgresql":
        _execute(f'DROP STATISTICS IF EXISTS "{name}"')
    _execute(f'DROP INDEX{_without_blocking()} IF EXISTS "{name}"')


def _without_blocking() -> str:
    """PostgreSQL's keyword for it, which it refuses inside of a transaction."""
    return " CONCURRENTLY" if connection.vendor == "postgresql" and not connection.in_atomic_block else ""


def _execute(statement: str) -> None:
    """Run a statement, in a savepoint where a transaction is under way that must survive its failure."""
    if connection.in_atomic_block:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        return
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _all_names(prefix: str) -> set[str]:
    """Names of the database's indexes that begin so, whether they are of use or not."""
    if connection.vendor == "postgresql":
        return _names("SELECT indexname FROM pg_indexes WHERE tablename = %s", (TABLE,), prefix)
    return _names("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = %s", (TABLE,), prefix)


def _valid_names(prefix: str = PREFIX) -> set[str]:
    """The same without those that PostgreSQL began and did not end."""
    if connection.vendor != "postgresql":
        return _all_names(prefix)
    statement = (
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "WHERE i.indrelid = %s::regclass AND i.indisvalid"
    )
    return _names(statement, (TABLE,), prefix)


def _names(statement: str, params: tuple[str, ...], prefix: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return {name for (name,) in cursor.fetchall() if name.startswith(prefix)}
