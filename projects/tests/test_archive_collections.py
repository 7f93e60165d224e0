from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from django.db import transaction

from accounts.errors import UserError
from projects import parts
from projects.actions.collections import create_collection
from projects.actions.records import create_record, create_records
from projects.collections.drafts import flat
from projects.collections.store import STORE, Query
from projects.models import Collection, Project, Record
from projects.parts import ExportOptions
from projects.testing import ProjectCase


class Memory:
    """An archive in memory, through JSON as a real one."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def put_json(self, name: str, value: object) -> None:
        self.kept[name] = json.dumps(value)

    def put_lines(self, name: str, rows: Iterator[object]) -> None:
        self.kept[name] = "\n".join(json.dumps(row) for row in rows)

    def put_stream(self, name: str, stream: IO[bytes]) -> None:
        raise NotImplementedError

    def names(self, prefix: str = "") -> list[str]:
        return [name for name in self.kept if name.startswith(prefix)]

    def get_json(self, name: str, default: object = None) -> object:
        return json.loads(self.kept[name]) if name in self.kept else default

    def get_lines(self, name: str) -> Iterator[Any]:
        return (json.loads(line) for line in self.kept[name].splitlines())

    def get_stream(self, name: str) -> IO[bytes]:
        raise NotImplementedError


class ArchiveCollectionsTest(ProjectCase):
    def setUp(self) -> None:
        make: dict[str, Any] = {"actor": self.alice, "project": self.project}
        name = {"key": "name", "type": "string", "unique": True}
        authors = create_collection(**make, name="Authors", fields=[name])
        book = {"key": "author", "type": "ref", "target": "authors", "on_delete": "cascade"}
        books = create_collection(**make, name="Books", fields=[book], table_config={"columns": ["author"]})
        made = create_records(actor=self.alice, collection=authors, bodies=[{"name": "A"}, {"name": "B"}])
        for one in (made[1], made[0]):
            create_record(actor=self.alice, collection=books, body={"author": str(one.pk)})
        self.archive = Memory()

    @property
    def part(self) -> parts.Part:
        return next(one for one in parts.registered() if one.name == "collections")

    def load(self) -> None:
        with transaction.atomic():
            self.part.load(self.foreign, self.archive, self.charlie)

    def shown(self, project: Project, slug: str) -> list[dict[str, Any]]:
        collection = Collection.objects.get(project=project, slug=slug)
        self.assertEqual(collection.record_count, Record.objects.filter(collection=collection).count())
        return [flat(collection.schema, record) for record in STORE.iterate(collection, Query())]

    def test_schemas_and_records_come_along_with_right_references(self) -> None:
        self.part.dump(self.project, self.archive, ExportOptions())
        self.load()
        authors, books = self.shown(self.foreign, "authors"), self.shown(self.foreign, "books")
        self.assertEqual([one["name"] for one in authors], ["A", "B"])
        self.assertEqual([one["author"] for one in books], [authors[1]["id"], authors[0]["id"]])
        before = self.shown(self.project, "authors")
        self.assertEqual([one["created_at"] for one in authors], [one["created_at"] for one in before])
        self.assertNotEqual([one["id"] for one in authors], [one["id"] for one in before])
        made = Collection.objects.get(project=self.foreign, slug="books")
        self.assertEqual(made.table_config["columns"], ["author"])
        self.assertEqual([one.field for one in made.indexes.all()], ["author"])

    def test_without_records_schemas_only(self) -> None:
        self.part.dump(self.project, self.archive, ExportOptions(records=False))
        self.load()
        self.assertEqual((self.shown(self.foreign, "authors"), self.shown(self.foreign, "books")), ([], []))

    def test_what_is_no_archive_of_ours_is_refused_whole(self) -> None:
        self.part.dump(self.project, self.archive, ExportOptions())
        good = dict(self.archive.kept)
        for name, text in (
            ("collections.json", '{"a": 1}'),
            ("collections.json", '[{"name": "x", "slug": "../x"}]'),
            ("collections.json", '[{"name": "x", "slug": "x", "fields": [{"key": "id"}]}]'),
            ("collections.json", '[{"name": 5, "slug": "x"}]'),
            ("records/authors.jsonl", '{"name": "A"}'),
            ("records/authors.jsonl", "5"),
            ("records/authors.jsonl", '{"id": "x", "name": "A"}'),
            ("records/authors.jsonl", good["records/authors.jsonl"].splitlines()[0]),
            ("records/authors.jsonl", good["records/authors.jsonl"].replace('"B"', '"A"')),
            ("records/books.jsonl", good["records/books.jsonl"].replace('"author": "', '"author": "x')),
        ):
            self.archive.kept = {**good, name: text}
            with self.assertRaises(UserError, msg=(name, text)):
                self.load()
            self.assertFalse(Collection.objects.filter(project=self.foreign).exists())
