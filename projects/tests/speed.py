"""Indexed queries on many records beside the statements that somebody would write by hand for them."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from projects.collections import indexes
from projects.collections.dialects import TABLE
from projects.collections.filters import parse_filter, parse_sort
from projects.collections.store import STORE, Query
from projects.models import Collection, Project, Record
from projects.schemas import Field, Schema

SCHEMA = Schema(
    (
        Field("name", "string", indexed=True),
        Field("age", "number", indexed=True),
        Field("code", "string", unique=True),
        Field("seen", "datetime", indexed=True),
        Field("note", "string"),
    )
)
# How each database reads a field, written by hand and independently of the compiler.
_BY_HAND = {
    "sqlite": {
        "name": """json_extract(data, '$."name"')""",
        "age": """json_extract(data, '$."age"')""",
        "code": """json_extract(data, '$."code"')""",
        "seen": """json_extract(data, '$."seen"')""",
    },
    "postgresql": {
        "name": """(data->>'name') COLLATE "C\"""",
        "age": "CASE WHEN jsonb_typeof(data->'age') = 'number' THEN (data->>'age')::double precision END",
        "code": """(data->>'code') COLLATE "C\"""",
        "seen": """(data->>'seen') COLLATE "C\"""",
    },
}


@dataclass(frozen=True)
class Case:
    """One query, the index that it must use, and the same by hand with `{field}` for expressions."""

    title: str
    field: str
    raw: Any
    sort: str
    condition: str
    order: str
    limit: int = 50


CASES = [
    Case("equal, text", "name", {"name": "name 4711"}, "", "{name} = 'name 4711'", "id"),
    Case("equal, number", "age", {"age": 4711}, "", "{age} = 4711", "id"),
    Case("equal, unique", "code", {"code": "c77777"}, "", "{code} = 'c77777'", "id"),
    Case(
        "one of ten",
        "age",
        {"age": {"in": list(range(10))}},
        "age",
        "{age} IN (0,1,2,3,4,5,6,7,8,9)",
        "{age}, id",
    ),
    Case("range", "age", {"age": {"gte": 49_990}}, "", "{age} >= 49990", "id"),
    Case("range, sorted", "age", {"age": {"gt": 25_000}}, "age", "{age} > 25000", "{age}, id"),
    Case(
        "begins with",
        "name",
        {"name": {"startsWith": "name 47"}},
        "name",
        "{name} >= 'name 47' AND {name} < 'name 48'",
        "{name}, id",
    ),
    Case("sorted", "seen", None, "seen", "", "{seen}, id"),
    Case("sorted, descending", "age", None, "-age", "", "{age} DESC, id DESC"),
]


def fill(project: Project, count: int) -> Collection:
    """A collection with indexes and records, and a smaller one beside it."""
    with transaction.atomic():
        collection = _collection(project, "many", count)
        _insert(_collection(project, "few", count // 10), count // 10)
        indexes.want_indexes(collection)
    _insert(collection, count)
    indexes.build_indexes(collection.pk)
    indexes.refresh_statistics(collection)
    return collection


def _collection(project: Project, slug: str, count: int) -> Collection:
    return Collection.objects.create(
        project=project, name=slug, slug=slug, fields=SCHEMA.as_json(), record_count=count
    )


def _insert(collection: Collection, count: int) -> None:
    chance, now = random.Random(3), timezone.now()  # noqa: S311
    for start in range(0, count, 5000):
        records = [_record(number, chance) for number in range(start, min(start + 5000, count))]
        for one in records:
            one.created_at = one.updated_at = now
        with transaction.atomic():
            STORE.insert(collection, records)


def _record(number: int, chance: random.Random) -> Record:
    day = f"{chance.randrange(2000, 2027)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
    data = {
        "name": f"name {chance.randrange(50_000)}",
        "age": chance.randrange(50_000),
        "code": f"c{number}",
        "seen": f"{day}T{chance.randrange(24):02}:00:00.000000Z",
        "note": f"a note of some length, as records have them: {chance.random()}",
    }
    return Record(data=data)


def seconds_of(collection: Collection, case: Case, rounds: int) -> tuple[float, float]:
    """Best times of the store's query and of the one by hand, taken in turns; both must find the same."""
    schema = collection.schema
    query = Query(parse_filter(case.raw, schema), sort=parse_sort(case.sort, schema), limit=case.limit)

    def ours() -> list[str]:
        return [record.data["code"] for record in STORE.find(collection, query).records]

    statement = by_hand(collection, case)

    def theirs() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            # Somebody who writes it by hand wants ids and values, too.
            found = [(UUID(str(pk)), json.loads(data)) for pk, data, *_more in cursor.fetchall()]
            return [data["code"] for _pk, data in found]

    if ours() != theirs():
        raise AssertionError(f"{case.title}: the two queries find different records")
    taken = [(_seconds(ours), _seconds(theirs)) for _round in range(rounds)]
    return min(one for one, _other in taken), min(other for _one, other in taken)


def compare(collection: Collection, rounds: int) -> Iterator[tuple[Case, float, float, str]]:
    """Each case with both times in seconds, and what is wrong with its plan; nothing where its index is used."""
    used = {row.field: row.name for row in collection.indexes.all()}
    for case in CASES:
        ours, theirs = seconds_of(collection, case, rounds)
        plan = plan_of(collection, case.raw, case.sort, case.limit)
        yield case, ours, theirs, "" if used[case.field] in plan else plan


def by_hand(collection: Collection, case: Case) -> str:
    expressions = _BY_HAND[connection.vendor]
    order = case.order.format(**expressions)
    if connection.vendor == "postgresql" and "{" in case.order:
        missing = ("DESC", "DESC NULLS LAST") if "DESC" in order else (", id", " NULLS FIRST, id")
        order = order.replace(*missing, 1)
    condition = " AND " + case.condition.format(**expressions) if case.condition else ""
    key = collection.pk.hex if connection.vendor == "sqlite" else collection.pk
    return (
        f"SELECT id, data, revision, created_at, updated_at FROM {TABLE} "  # noqa: S608
        f"WHERE collection_id = '{key}'{condition} ORDER BY {order} LIMIT {case.limit}"
    )


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def plan_of(collection: Collection, raw: object, sort: str, limit: int = 50) -> str:
    """The database's plan for the first page of a query."""
    schema = collection.schema
    query = Query(parse_filter(raw, schema), sort=parse_sort(sort, schema), limit=limit)
    seen: list[tuple[str, Any]] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: ANN401
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        STORE.find(collection, query)
    return explain(*seen[0])


def explain(statement: str, params: Sequence[Any] | None = None) -> str:
    words = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{words} {statement}", params)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())
