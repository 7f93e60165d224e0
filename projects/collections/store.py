"""The store of records: the one door between collections and where their records are kept.

Everything above asks in words of filters, orders and pages, so that another store can stand in the place of SQL.
A store checks no rights and no values, and does not keep `Collection.record_count`: actions do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import DEFERRED
from django.utils.translation import gettext as _

from accounts.errors import NotFoundError, UserError
from projects.collections.compiler import complete, order_by, where
from projects.collections.conditions import (
    KINDS,
    ORDER_OPERATORS,
    AllOf,
    Compare,
    Filter,
    Kind,
    Operator,
    Scalar,
    Sort,
    Target,
)
from projects.collections.cursors import cursor_at, steps_behind
from projects.collections.dialects import TABLE, Sql, dialect
from projects.collections.operands import OperandError, as_text
from projects.folding import fold
from projects.models import Collection, Record
from projects.schemas import Field
from projects.slugs import as_id

# Columns that reads bring; the text that searches look in may be as large as all others and stays behind.
COLUMNS = ("id", "data", "revision", "created_at", "updated_at")
SEARCH_CHARACTERS = 1000
# Below SQLite's oldest limit of parameters in a statement, 999.
IDS_AT_ONCE = 500
ROWS_AT_ONCE = 1000
# Larger offsets fit no database, and cursors go deep without them.
LARGEST_OFFSET = 2**31 - 1
RANGE_OPERATORS = ORDER_OPERATORS | {Operator.STARTS_WITH}

_T = TypeVar("_T")
Change = Callable[[Sequence[dict[str, Any]]], Sequence[tuple[dict[str, Any], str] | None]]


@dataclass(frozen=True)
class Query:
    """Which records, in which order, and which page of them: behind a cursor, or from an offset."""

    filter: Filter | None = None
    search: str = ""
    sort: tuple[Sort, ...] = ()
    limit: int = 50
    offset: int = 0
    cursor: str = ""


@dataclass(frozen=True)
class Found:
    """A page of records. `next_cursor` is empty when there are no more."""

    records: list[Record]
    next_cursor: str


class RecordStore(Protocol):
    """What collections ask of the place where records are kept."""

    def find(self, collection: Collection, query: Query) -> Found:
        """One page. Raises UserError for a search or a cursor that cannot be."""

    def count(self, collection: Collection, query: Query) -> int:
        """How many records match, whatever the page; without a condition, what the collection's row says."""

    def iterate(self, collection: Collection, query: Query, chunk: int = 1000) -> Iterator[Record]:
        """All records that match, `chunk` of them in memory; from `query.cursor` on, without limit and offset.

        Records that are deleted meanwhile are left out, and none comes twice.
        """

    def ids(self, collection: Collection, query: Query) -> Iterator[UUID]:
        """Ids of all records that match, in order; from `query.cursor` on, without limit and offset."""

    def get(self, collection: Collection, record_id: object, *, lock: bool = False) -> Record:
        """The record, locked until the transaction ends where asked. Raises NotFoundError `record_not_found`."""

    def insert(self, collection: Collection, records: Sequence[Record]) -> None:
        """Add new records. Raises IntegrityError where a unique index refuses one."""

    def save(self, collection: Collection, record: Record) -> None:
        """Write a changed record. Raises NotFoundError where it is gone, IntegrityError as `insert`."""

    def save_many(self, collection: Collection, records: Iterable[Record]) -> None:
        """Write changed records, in a fraction of the time that `save` takes for each; those gone are left out."""

    def rewrite(self, collection: Collection, change: Change, now: datetime) -> None:
        """Give all records new data, in portions and in one transaction, which is the caller's.

        `change` gets the data of some and returns, for each, its new data and search text, or None where it stays.
        """

    def delete(self, collection: Collection, ids: Iterable[UUID]) -> int:
        """Remove records; how many there were."""

    def holders_of(
        self, collection: Collection, field: Field, value: Scalar, exclude: UUID | None = None
    ) -> list[UUID]:
        """Ids of at most two records that hold a checked value, for fields of single values."""

    def referring(self, collection: Collection, field: Field, ids: Iterable[UUID]) -> Iterator[Record]:
        """Records of the collection whose reference points to one of these."""


class SqlStore:
    """Records in the table `projects_record` of the configured database."""

    def find(self, collection: Collection, query: Query) -> Found:
        sorts = complete(query.sort)
        limit = max(query.limit, 0)
        records: list[Record] = []
        for step in _stretches(query, sorts):
            wanted = limit + 1 - len(records)
            if wanted <= 0:
                break
            records += _page(collection, query, sorts, step, wanted)
        more = len(records) > limit > 0
        return Found(records[:limit], cursor_at(records[limit - 1], sorts) if more else "")

    def count(self, collection: Collection, query: Query) -> int:
        if query.filter is None and not query.search:
            return collection.record_count
        [[number]] = _rows(_select("COUNT(*)", _condition(collection, query)))
        return int(number)

    def iterate(self, collection: Collection, query: Query, chunk: int = 1000) -> Iterator[Record]:
        query = replace(query, offset=0, limit=chunk)
        if len(complete(query.sort)) > 1:
            yield from self._iterate_listed(collection, query, chunk)
            return
        while True:
            found = self.find(collection, query)
            yield from found.records
            if not found.next_cursor:
                return
            query = replace(query, cursor=found.next_cursor)

    def _iterate_listed(self, collection: Collection, query: Query, chunk: int) -> Iterator[Record]:
        """By a list of ids, packed: an order that no index has would be made anew for each chunk."""
        packed = b"".join(pk.bytes for pk in self.ids(collection, query))
        size = 16 * chunk
        for start in range(0, len(packed), size):
            part = packed[start : start + size]
            ids = [UUID(bytes=part[place : place + 16]) for place in range(0, len(part), 16)]
            found = {one.pk: one for some in _batches(ids) for one in _by_ids(collection, some)}
            yield from (found[pk] for pk in ids if pk in found)

    def ids(self, collection: Collection, query: Query) -> Iterator[UUID]:
        sorts = complete(query.sort)
        for step in _stretches(query, sorts):
            yield from _ids(_condition(collection, query, step), f"ORDER BY {order_by(sorts)}")

    def get(self, collection: Collection, record_id: object, *, lock: bool = False) -> Record:
        pk = record_id if isinstance(record_id, UUID) else as_id(str(record_id))
        records = Record.objects.select_for_update() if lock else Record.objects.all()
        found = records.filter(collection=collection, pk=pk).defer("search").first() if pk else None
        if found is None:
            raise NotFoundError("record_not_found", _("There is no such record."))
        return found

    def insert(self, collection: Collection, records: Sequence[Record]) -> None:
        for one in records:
            one.collection_id = collection.pk
        Record.objects.bulk_create(records)

    def save(self, collection: Collection, record: Record) -> None:
        written = Record.objects.filter(collection=collection, pk=record.pk).update(
            data=record.data, search=record.search, revision=record.revision, updated_at=record.updated_at
        )
        if not written:
            raise NotFoundError("record_not_found", _("There is no such record."))

    def save_many(self, collection: Collection, records: Iterable[Record]) -> None:
        mine = dialect().collection(collection.pk)
        statement = (
            f'UPDATE "{TABLE}" SET "data" = %s, "search" = %s, "revision" = %s, "updated_at" = %s '  # noqa: S608
            f'WHERE {mine} AND "id" = %s'
        )
        written = {column.name: column for column in Record._meta.concrete_fields}
        columns = [written[name] for name in ("data", "search", "revision", "updated_at", "id")]
        for some in _batches(records):
            rows = [
                [column.get_db_prep_save(getattr(one, column.attname), connection) for column in columns]
                for one in some
            ]
            with connection.cursor() as cursor:
                cursor.executemany(statement, rows)

    def rewrite(self, collection: Collection, change: Change, now: datetime) -> None:
        # Past the models, whose objects would take most of the time: on SQLite, all writers wait for this.
        mine = dialect().collection(collection.pk)
        read = f'SELECT "id", "data" FROM "{TABLE}" WHERE {mine}'  # noqa: S608
        behind, order = ' AND "id" > %s', f' ORDER BY "id" LIMIT {IDS_AT_ONCE:d}'
        write = (
            f'UPDATE "{TABLE}" SET "data" = {dialect().json_parameter}, "search" = %s, '  # noqa: S608
            f'"revision" = "revision" + 1, "updated_at" = %s WHERE "id" = %s'
        )
        moment = connection.ops.adapt_datetimefield_value(now)
        with connection.cursor() as cursor:
            cursor.execute(read + order)
            while rows := cursor.fetchall():
                made = change([json.loads(data) for _pk, data in rows])
                changed = [
                    (json.dumps(new[0]), new[1], moment, pk)
                    for (pk, _data), new in zip(rows, made, strict=True)
                    if new is not None
                ]
                if changed:
                    cursor.executemany(write, changed)
                cursor.execute(read + behind + order, [rows[-1][0]])

    def delete(self, collection: Collection, ids: Iterable[UUID]) -> int:
        return sum(
            Record.objects.filter(collection=collection, pk__in=some).delete()[0] for some in _batches(ids)
        )

    def holders_of(
        self, collection: Collection, field: Field, value: Scalar, exclude: UUID | None = None
    ) -> list[UUID]:
        holds = Compare(Target(field.key, KINDS[field.type]), Operator.EQ, value)
        found = _ids(_condition(collection, Query(holds)), "LIMIT 3")
        return [pk for pk in found if pk != exclude][:2]

    def referring(self, collection: Collection, field: Field, ids: Iterable[UUID]) -> Iterator[Record]:
        target = Target(field.key, KINDS[field.type])
        for some in _batches(ids):
            points = Compare(target, Operator.IN, tuple(str(pk) for pk in some))
            yield from self.iterate(collection, Query(points))


STORE: RecordStore = SqlStore()


def _stretches(query: Query, sorts: Sequence[Sort]) -> Sequence[Sequence[Sql]]:
    return steps_behind(query.cursor, sorts) if query.cursor else [[]]


def _condition(collection: Collection, query: Query, more: Sequence[Sql] = ()) -> Sql:
    parts = [Sql(dialect().collection(collection.pk)), *more]
    if query.filter is not None:
        parts.append(where(query.filter))
    if query.search:
        parts.append(Sql(dialect().position('"search"') + " > 0", (_searched(query.search),)))
    return Sql(
        " AND ".join(part.text for part in parts), tuple(param for part in parts for param in part.params)
    )


def _searched(text: str) -> str:
    try:
        if len(text) > SEARCH_CHARACTERS:
            raise OperandError(_("At most {count} characters.").format(count=SEARCH_CHARACTERS))
        return fold(as_text(text))
    except OperandError as error:
        raise UserError("search_invalid", str(error), pointer="/search") from None


def _page(
    collection: Collection, query: Query, sorts: Sequence[Sort], step: Sequence[Sql], limit: int
) -> list[Record]:
    # Behind a cursor an offset has no meaning.
    offset = 0 if query.cursor else min(max(query.offset, 0), LARGEST_OFFSET)
    order = order_by(sorts)
    if len(sorts) == 1 and _asks_for_range(collection, query.filter):
        # The order of ids has an index, too, but one that leads through all records.
        order = dialect().unordered(order)
    tail = f"ORDER BY {order} LIMIT {limit:d} OFFSET {offset:d}"
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    statement = _select(columns, _condition(collection, query, step), tail)
    return list(_records_of(collection, _rows(statement)))


def _asks_for_range(collection: Collection, condition: Filter | None) -> bool:
    """Whether a filter's conditions, or one of those that all must hold, is a range of an index over a field."""
    match condition:
        case Compare(target, operator) if operator in RANGE_OPERATORS:
            field = collection.schema.by_key.get(target.key)
            return field is not None and (field.indexed or field.unique)
        case AllOf(items):
            return any(_asks_for_range(collection, item) for item in items)
    return False


def _records_of(collection: Collection, rows: Iterable[Sequence[Any]]) -> Iterator[Record]:
    """Records out of rows of `COLUMNS`; a raw queryset takes four times as long, which is most of a page's time."""
    alias, owner = connection.alias, collection.pk
    read_id, read_moment = dialect().read_id, dialect().read_moment
    for pk, data, revision, created_at, updated_at in rows:
        created, updated = read_moment(created_at), read_moment(updated_at)
        # By position, which the stubs do not know for deferred fields.
        values = (read_id(pk), owner, json.loads(data), DEFERRED, revision, created, updated)
        record = Record(*values)  # type: ignore[misc]
        state = record._state
        state.adding, state.db = False, alias
        # As select_related would: the collection is known without a question to the database.
        state.fields_cache["collection"] = collection
        yield record


def _select(columns: str, condition: Sql, tail: str = "") -> Sql:
    # Every text here is ours or a checked key; what callers send is among the parameters.
    text = f'SELECT {columns} FROM "{TABLE}" WHERE {condition.text} {tail}'  # noqa: S608
    return Sql(text, condition.params)


def _ids(condition: Sql, tail: str) -> Iterator[UUID]:
    for (pk,) in _rows(_select('"id"', condition, tail)):
        yield dialect().read_id(pk)


def _by_ids(collection: Collection, ids: Sequence[UUID]) -> list[Record]:
    chosen = Query(Compare(Target("id", Kind.ID), Operator.IN, tuple(str(pk) for pk in ids)), limit=len(ids))
    return _page(collection, chosen, complete(()), (), chosen.limit)


def _rows(statement: Sql) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(*statement)
        rows = cursor.fetchmany(ROWS_AT_ONCE)
        while rows:
            yield from rows
            rows = cursor.fetchmany(ROWS_AT_ONCE) if len(rows) == ROWS_AT_ONCE else []


def _batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    iterator = iter(items)
    while some := list(islice(iterator, IDS_AT_ONCE)):
        yield some
