from __future__ import annotations

from typing import Any
from unittest import mock

from accounts.errors import ConflictError, NotFoundError, UserError
from projects.actions.collections import create_collection, delete_collection
from projects.actions.records import create_record, delete_record, delete_records, update_record
from projects.models import Collection, Record
from projects.tasks.collections import clear_collections
from projects.testing import ProjectCase


class ReferencesCase(ProjectCase):
    authors: Collection

    def setUp(self) -> None:
        self.authors = self.collection("Authors", {"key": "name", "type": "string"})

    def collection(self, name: str, *fields: dict[str, Any]) -> Collection:
        return create_collection(actor=self.alice, project=self.project, name=name, fields=fields)

    def referring(self, on_delete: str, target: str = "authors", name: str = "Books") -> Collection:
        return self.collection(
            name,
            {"key": "author", "type": "ref", "target": target, "on_delete": on_delete},
            {"key": "t", "type": "string"},
        )

    def create(self, collection: Collection, **values: Any) -> Record:
        return create_record(actor=self.bob, collection=collection, body=values)

    def counts(self, *collections: Collection) -> list[int]:
        for one in collections:
            one.refresh_from_db()
            self.assertEqual(one.record_count, Record.objects.filter(collection=one).count())
        return [one.record_count for one in collections]

    def delete(self, collection: Collection, record: Record) -> None:
        delete_record(actor=self.bob, collection=collection, record_id=record.pk)


class DeleteRecordsTest(ReferencesCase):
    def test_restrict_refuses_and_says_where(self) -> None:
        books = self.referring("restrict")
        author = self.create(self.authors, name="A")
        book = self.create(books, author=str(author.pk))
        with self.assertRaises(ConflictError) as caught:
            self.delete(self.authors, author)
        self.assertEqual(caught.exception.code, "record_referred")
        self.assertEqual(
            caught.exception.extra["referring"],
            [{"collection": "books", "field": "author", "id": str(book.pk)}],
        )
        self.delete(books, book)
        self.delete(self.authors, author)
        self.assertEqual(self.counts(self.authors, books), [0, 0])

    def test_cascade_takes_along_and_set_null_empties(self) -> None:
        books = self.referring("cascade")
        notes = self.referring("set_null", name="Notes")
        pages = self.referring("cascade", "books", "Pages")
        author, other = self.create(self.authors), self.create(self.authors)
        book = self.create(books, author=str(author.pk))
        self.create(books, author=str(other.pk))
        note = self.create(notes, author=str(author.pk), t="stays")
        self.create(pages, author=str(book.pk))
        self.delete(self.authors, author)
        self.assertEqual(self.counts(self.authors, books, notes, pages), [1, 1, 1, 0])
        revision = note.revision
        note.refresh_from_db()
        self.assertEqual((note.data, note.revision), ({"t": "stays"}, revision + 1))

    def test_what_goes_itself_restricts_nothing(self) -> None:
        books = self.referring("cascade")
        self.collection(
            "Loans",
            {"key": "book", "type": "ref", "target": "books", "on_delete": "restrict"},
            {"key": "reader", "type": "ref", "target": "authors", "on_delete": "cascade"},
        )
        loans = Collection.objects.get(slug="loans")
        author = self.create(self.authors)
        book = self.create(books, author=str(author.pk))
        self.create(loans, book=str(book.pk), reader=str(author.pk))
        self.delete(self.authors, author)
        self.assertEqual(self.counts(self.authors, books, loans), [0, 0, 0])

    def test_cycles_end(self) -> None:
        nodes = self.collection(
            "Nodes", {"key": "author", "type": "ref", "target": "nodes", "on_delete": "cascade"}
        )
        first = self.create(nodes)
        second = self.create(nodes, author=str(first.pk))
        update_record(actor=self.bob, collection=nodes, record_id=first.pk, body={"author": str(second.pk)})
        update_record(actor=self.bob, collection=nodes, record_id=second.pk, body={"author": str(second.pk)})
        self.delete(nodes, second)
        self.assertEqual(self.counts(nodes), [0])

    def test_too_much_at_once_is_refused(self) -> None:
        books = self.referring("cascade")
        author = self.create(self.authors)
        for _number in range(3):
            self.create(books, author=str(author.pk))
        few = mock.patch("projects.collections.references.DELETED_AT_ONCE", 3)
        with few, self.assertRaises(ConflictError) as caught:
            self.delete(self.authors, author)
        self.assertEqual(
            (caught.exception.code, self.counts(self.authors, books)), ("delete_too_many", [1, 3])
        )

    def test_a_reference_leads_to_a_record_of_its_target(self) -> None:
        books = self.referring("restrict")
        author, book = self.create(self.authors), self.create(books)
        for wrong in (str(book.pk), str(self.authors.pk)):
            with self.assertRaises(UserError) as caught:
                self.create(books, author=wrong)
            self.assertEqual(caught.exception.errors[0]["code"], "reference_missing")
        self.create(books, author=str(author.pk).upper())
        self.assertEqual(
            [one.data for one in Record.objects.filter(data__author=str(author.pk))],
            [{"author": str(author.pk)}],
        )

    def test_charlie_is_refused(self) -> None:
        author = self.create(self.authors)
        for action, given in (
            (delete_record, {"record_id": author.pk}),
            (delete_records, {"ids": [author.pk]}),
            (update_record, {"record_id": author.pk, "body": {}}),
            (create_record, {"body": {}}),
        ):
            with self.assertRaises(NotFoundError):
                action(actor=self.charlie, collection=self.authors, **given)
        self.assertEqual(self.counts(self.authors), [1])


class DeleteCollectionTest(ReferencesCase):
    def test_it_is_refused_while_others_refer_to_it(self) -> None:
        books = self.referring("cascade")
        with self.assertRaises(ConflictError) as caught:
            delete_collection(actor=self.bob, collection=self.authors)
        self.assertEqual(caught.exception.code, "collection_referred")
        delete_collection(actor=self.bob, collection=books)
        delete_collection(actor=self.bob, collection=self.authors)
        self.assertEqual(list(Collection.objects.all()), [])

    def test_it_asks_for_the_slug_where_there_are_records(self) -> None:
        record = self.create(self.authors)
        with self.assertRaises(UserError) as caught:
            delete_collection(actor=self.bob, collection=self.authors)
        self.assertEqual(
            (caught.exception.code, caught.exception.extra["count"]), ("confirmation_missing", 1)
        )
        delete_collection(actor=self.bob, collection=self.authors, confirm="authors")
        self.assertFalse(Record.objects.visible_to(self.alice).filter(pk=record.pk).exists())
        with self.assertRaises(NotFoundError):
            self.create(self.authors)
        self.collection("Authors")
        clear_collections()
        self.assertEqual((Record.objects.count(), Collection.with_deleted.count()), (0, 1))

    def test_charlie_is_refused(self) -> None:
        with self.assertRaises(NotFoundError):
            delete_collection(actor=self.charlie, collection=self.authors)
