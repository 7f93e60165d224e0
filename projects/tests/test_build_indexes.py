from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any
from unittest import skipUnless
from unittest.mock import patch
from uuid import UUID

from django.db import IntegrityError, connection, connections, transaction
from django.test import TransactionTestCase
from django.utils import timezone

from accounts.models import User
from projects.actions.projects import create_project
from projects.choices import IndexStatus
from projects.collections import indexes
from projects.collections.dialects import TABLE
from projects.collections.filters import parse_filter
from projects.collections.store import STORE, Query
from projects.models import Collection, FieldIndex, Project, Record
from projects.schemas import Field, Schema
from projects.tasks import build_collection_indexes, sweep_indexes
from projects.testing import ProjectCase
from projects.tests.speed import plan_of

FIELDS = (
    Field("name", "string", indexed=True),
    Field("age", "number", indexed=True),
    Field("code", "string", unique=True),
    Field("done", "bool", indexed=True),
    Field("note", "string"),
)


def make_collection(project: Project, fields: tuple[Field, ...] = FIELDS, slug: str = "people") -> Collection:
    with transaction.atomic():
        collection = Collection.objects.create(
            project=project, name=slug, slug=slug, fields=Schema(fields).as_json()
        )
        indexes.want_indexes(collection)
    return collection


def change(collection: Collection, *fields: Field) -> None:
    with transaction.atomic():
        collection.fields = Schema(fields).as_json()
        collection.save()
        indexes.want_indexes(collection)


def add(collection: Collection, *values: dict[str, Any]) -> None:
    now = timezone.now()
    STORE.insert(collection, [Record(data=one, created_at=now, updated_at=now) for one in values])


def states(collection: Collection) -> dict[str, str]:
    return dict(collection.indexes.values_list("field", "status"))


def names() -> set[str]:
    """Names of the indexes over fields that the database really has."""
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, TABLE)
    return {name for name in constraints if name.startswith(indexes.PREFIX)}


class BuildIndexesTest(TransactionTestCase):
    """Outside of transactions, as PostgreSQL wants it."""

    def setUp(self) -> None:
        alice = User.objects.create_user("alice@example.org", can_create_projects=True)
        self.project = create_project(actor=alice, name="Shop", slug="shop")
        self.collection = make_collection(self.project)

    def tearDown(self) -> None:
        Project.objects.all().delete()
        indexes.sweep_indexes()
        assert names() == set()

    def test_it_builds_what_the_schema_asks_for(self) -> None:
        assert states(self.collection) == dict.fromkeys(["name", "age", "code", "done"], IndexStatus.WANTED)
        build_collection_indexes(str(self.collection.pk))
        assert states(self.collection) == dict.fromkeys(["name", "age", "code", "done"], IndexStatus.READY)
        assert names() == {row.name for row in self.collection.indexes.all()}
        with transaction.atomic():
            assert not indexes.want_indexes(self.collection)

    def test_it_drops_what_is_not_wanted_any_more(self) -> None:
        indexes.build_indexes(self.collection.pk)
        name, _age, code, *_more = FIELDS
        change(self.collection, replace(name, unique=True), code)
        indexes.build_indexes(self.collection.pk)
        assert states(self.collection) == {"name": IndexStatus.READY, "code": IndexStatus.READY}
        assert names() == {row.name for row in self.collection.indexes.all()}

    def test_another_type_is_another_index(self) -> None:
        indexes.build_indexes(self.collection.pk)
        before = self.collection.indexes.get(field="age").name
        change(self.collection, Field("age", "string", indexed=True))
        indexes.build_indexes(self.collection.pk)
        # SQLite's expression gives numbers and text alike.
        assert (before in names()) == (connection.vendor == "sqlite")
        assert names() == {row.name for row in self.collection.indexes.all()}

    def test_it_leaves_an_index_alone_that_is_wanted_again(self) -> None:
        indexes.build_indexes(self.collection.pk)
        change(self.collection)
        assert set(states(self.collection).values()) == {IndexStatus.UNWANTED}
        change(self.collection, *FIELDS)
        indexes.build_indexes(self.collection.pk)
        assert set(states(self.collection).values()) == {IndexStatus.READY}
        assert len(names()) == 4

    def test_it_says_why_an_index_failed_and_tries_again_with_the_next_schema(self) -> None:
        add(self.collection, {"code": "a"}, {"code": "a"}, {"code": "b"}, {})
        indexes.build_indexes(self.collection.pk)
        row = self.collection.indexes.get(field="code")
        assert (row.status, row.error) == (
            IndexStatus.FAILED,
            "Some records have the same value, so that it cannot be unique.",
        )
        assert row.name not in names()
        assert states(self.collection)["name"] == IndexStatus.READY
        Record.objects.filter(data__code="a").first().delete()  # type: ignore[union-attr]
        with transaction.atomic():
            assert indexes.want_indexes(self.collection)
        indexes.build_indexes(self.collection.pk)
        assert states(self.collection)["code"] == IndexStatus.READY

    @skipUnless(connection.vendor == "postgresql", "SQLite indexes values of any length.")
    def test_it_says_that_values_are_too_long(self) -> None:
        long = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(20_000))
        add(self.collection, {"name": long})
        indexes.build_indexes(self.collection.pk)
        row = self.collection.indexes.get(field="name")
        assert (row.status, row.error) == (IndexStatus.FAILED, "Some values are too long for an index.")
        assert row.name not in names()

    def test_values_of_other_collections_do_not_matter(self) -> None:
        other = make_collection(self.project, (Field("age", "string"), Field("code", "number")), "others")
        add(other, {"age": "old", "code": 1}, {"age": "1e999", "code": 1})
        indexes.build_indexes(self.collection.pk)
        assert set(states(self.collection).values()) == {IndexStatus.READY}
        add(other, {"age": "old", "code": 1})
        add(self.collection, {"age": 1, "code": "1"})
        found = STORE.find(self.collection, Query(parse_filter({"age": {"gt": 0}}, self.collection.schema)))
        assert len(found.records) == 1

    def test_a_unique_index_refuses_and_names_its_field(self) -> None:
        indexes.build_indexes(self.collection.pk)
        add(self.collection, {"code": "a"}, {}, {})
        with self.assertRaises(IntegrityError) as caught:
            add(self.collection, {"code": "a"})
        assert indexes.refused_field(self.collection, caught.exception) == "code"
        assert indexes.refused_field(self.collection, IntegrityError("other")) is None

    def test_the_sweep_finds_what_was_forgotten(self) -> None:
        sweep_indexes()
        assert set(states(self.collection).values()) == {IndexStatus.READY}
        lost = self.collection.indexes.get(field="age")
        died = self.collection.indexes.get(field="name")
        FieldIndex.objects.filter(pk=died.pk).update(status=IndexStatus.BUILDING)
        with connection.cursor() as cursor:
            cursor.execute(f'DROP INDEX "{lost.name}"')
        assert lost.name not in names()
        sweep_indexes()
        assert set(states(self.collection).values()) == {IndexStatus.READY}
        assert {lost.name, died.name} <= names()

    def test_indexes_go_with_their_collection(self) -> None:
        kept = make_collection(self.project, FIELDS[:1], "kept")
        indexes.sweep_indexes()
        gone = self.collection.pk
        self.collection.delete()
        assert len(names()) == 5
        build_collection_indexes(str(gone))
        assert names() == {row.name for row in kept.indexes.all()}

    def test_builders_do_not_fight(self) -> None:
        add(self.collection, *({"name": f"n{number}", "code": str(number)} for number in range(2000)))
        faults: list[BaseException] = []

        def work() -> None:
            try:
                for _ in range(3):
                    indexes.build_indexes(self.collection.pk)
            except Exception as error:  # noqa: BLE001  (shown by the assertion below)
                faults.append(error)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for kind in ("string", "number", "string"):
            change(self.collection, Field("age", kind, indexed=True), *FIELDS[2:])
        for thread in threads:
            thread.join()
        indexes.build_indexes(self.collection.pk)
        assert faults == []
        assert set(states(self.collection).values()) == {IndexStatus.READY}
        assert names() == {row.name for row in self.collection.indexes.all()}

    @skipUnless(connection.vendor == "postgresql", "SQLite has one writer.")
    def test_writers_go_on_while_an_index_is_built(self) -> None:
        """A build waits for a transaction that is under way; others write meanwhile."""
        started, ended = threading.Event(), threading.Event()

        def build() -> None:
            started.set()
            indexes.build_indexes(self.collection.pk)
            ended.set()
            connections.close_all()

        thread = threading.Thread(target=build)
        with transaction.atomic():
            add(self.collection, {"name": "under way"})
            thread.start()
            started.wait()
            assert not ended.wait(0.3)
            add(self.collection, {"name": "meanwhile"})
            other = threading.Thread(target=self._write_elsewhere)
            other.start()
            other.join(timeout=5)
            assert not other.is_alive()
            assert not ended.is_set()
        thread.join(timeout=30)
        assert set(states(self.collection).values()) == {IndexStatus.READY}

    @skipUnless(connection.vendor == "postgresql", "SQLite has one writer.")
    def test_it_gives_up_on_a_transaction_that_does_not_end(self) -> None:
        def sweep() -> None:
            sweep_indexes()
            connections.close_all()

        with (
            patch.object(indexes, "LOCK_TIMEOUT", "100ms"),
            self.assertLogs("projects.tasks.indexes", "WARNING"),
        ):
            thread = threading.Thread(target=sweep)
            with transaction.atomic():
                add(self.collection, {"name": "under way"})
                thread.start()
                thread.join(timeout=30)
                assert not thread.is_alive()
        assert set(states(self.collection).values()) == {IndexStatus.WANTED}
        sweep_indexes()
        assert set(states(self.collection).values()) == {IndexStatus.READY}

    def _write_elsewhere(self) -> None:
        add(self.collection, {"name": "elsewhere"})
        connections.close_all()

    @skipUnless(connection.vendor == "postgresql", "SQLite leaves nothing half made.")
    def test_it_replaces_what_a_killed_builder_left(self) -> None:
        add(self.collection, {"code": "a"}, {"code": "a"})
        wanted = next(one for one in indexes.wanted_indexes(self.collection) if one.unique)
        with self.assertRaises(IntegrityError), connection.cursor() as cursor:
            cursor.execute(f'CREATE UNIQUE INDEX CONCURRENTLY "{wanted.name}" {wanted.body}')
        assert wanted.name in names()
        Record.objects.all().delete()
        indexes.build_indexes(self.collection.pk)
        assert states(self.collection)["code"] == IndexStatus.READY
        with self.assertRaises(IntegrityError):
            add(self.collection, {"code": "a"}, {"code": "a"})

    def test_queries_use_them(self) -> None:
        indexes.build_indexes(self.collection.pk)
        add(self.collection, *({"name": f"n{n}", "age": n, "code": str(n)} for n in range(3000)))
        indexes.refresh_statistics(self.collection)
        used = {row.field: row.name for row in self.collection.indexes.all()}
        for raw, sort, field in [
            ({"name": "n5"}, "", "name"),
            ({"name": {"startsWith": "n55"}}, "name", "name"),
            ({"age": {"gte": 2990}}, "", "age"),
            ({"age": {"in": [1, 2, 3]}}, "", "age"),
            ({"code": "77"}, "", "code"),
            (None, "age", "age"),
            (None, "-age", "age"),
        ]:
            assert used[field] in plan_of(self.collection, raw, sort), (raw, sort)


class InsideTransactionTest(ProjectCase):
    def test_it_builds_there_too(self) -> None:
        """As a task that a test runs eagerly does: PostgreSQL then blocks, and a failure spoils nothing."""
        collection = make_collection(self.project)
        add(collection, {"code": "a"}, {"code": "a"})
        indexes.build_indexes(collection.pk)
        assert states(collection) == {
            **dict.fromkeys(["name", "age", "done"], IndexStatus.READY),
            "code": IndexStatus.FAILED,
        }

    def test_it_tells_where_writers_wait(self) -> None:
        row = FieldIndex(status=IndexStatus.WANTED)
        assert indexes.is_blocking(row) == (connection.vendor == "sqlite")
        assert not indexes.is_blocking(FieldIndex(status=IndexStatus.READY))

    def test_a_collection_that_is_gone_is_nothing_to_do(self) -> None:
        indexes.build_indexes(UUID(int=1))
