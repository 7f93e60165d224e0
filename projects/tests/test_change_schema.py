from __future__ import annotations

from typing import Any

from accounts.errors import ConflictError, UserError
from projects.actions.collections import create_collection, plan_change, update_collection
from projects.actions.records import create_records
from projects.models import Collection, Record
from projects.testing import ProjectCase

SOME = [
    {"name": "a", "size": "1", "kind": "x"},
    {"name": "b", "size": "2.5", "kind": "y"},
    {"name": "b", "size": "big", "kind": None},
]


class ChangeSchemaTest(ProjectCase):
    collection: Collection

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        fields = [
            {"key": "name", "type": "string"},
            {"key": "size", "type": "string"},
            {"key": "kind", "type": "select", "options": ["x", "y"]},
        ]
        cls.collection = create_collection(
            actor=cls.alice,
            project=cls.project,
            name="Things",
            fields=fields,
            table_config={"columns": ["name", "size"], "sort_columns": ["-name"]},
            form_config={"field_order": ["kind", "name"], "field_views": {"name": "line"}},
        )
        create_records(actor=cls.alice, collection=cls.collection, bodies=SOME)

    def fields(self, **changed: dict[str, Any] | None) -> list[dict[str, Any]]:
        """The present fields with some changed, added or, by None, left out."""
        found = {one["key"]: one for one in self.collection.schema.as_json()}
        for key, change in changed.items():
            found[key] = {**found.get(key, {"key": key}), **(change or {})}
        return [one for key, one in found.items() if key not in changed or changed[key] is not None]

    def plan(self, **changed: dict[str, Any] | None) -> list[tuple[str, str, int]]:
        plan = plan_change(actor=self.bob, collection=self.collection, fields=self.fields(**changed))
        return [(one.kind, one.field, one.count) for one in plan.changes]

    def change(self, confirm: bool = False, **changed: dict[str, Any] | None) -> Collection:
        return self.put(self.fields(**changed), confirm)

    def put(self, fields: list[dict[str, Any]], confirm: bool = False) -> Collection:
        self.collection = update_collection(
            actor=self.bob, collection=self.collection, fields=fields, confirm=confirm
        )
        return self.collection

    def values(self, key: str) -> list[Any]:
        return [one.data.get(key) for one in Record.objects.filter(collection=self.collection).order_by("pk")]

    def test_it_tells_what_would_be_lost_and_asks(self) -> None:
        for changed, told in (
            ({"size": {"type": "number"}}, [("type_changed", "size", 1)]),
            ({"size": None}, [("field_removed", "size", 3)]),
            ({"kind": {"options": ["x"]}}, [("options_removed", "kind", 1)]),
            ({"kind": {"required": True}}, [("required_missing", "kind", 1)]),
            ({"kind": {"type": "bool", "options": []}}, [("type_changed", "kind", 2)]),
        ):
            self.assertEqual(self.plan(**changed), told)
            with self.assertRaises(ConflictError) as caught:
                self.change(**changed)
            self.assertEqual(caught.exception.code, "schema_loses_data")
            shown = [(one["kind"], one["field"], one["count"]) for one in caught.exception.extra["changes"]]
            self.assertEqual(shown, told)
        self.assertEqual(self.values("size"), ["1", "2.5", "big"])

    def test_confirmed_it_keeps_what_converts(self) -> None:
        revisions = list(Record.objects.order_by("pk").values_list("revision", flat=True))
        self.change(confirm=True, size={"type": "number"})
        self.assertEqual(self.values("size"), [1, 2.5, None])
        self.assertEqual(
            list(Record.objects.order_by("pk").values_list("revision", flat=True)),
            [one + 1 for one in revisions],
        )

    def test_safe_changes_apply_at_once(self) -> None:
        self.change(more={"type": "bool"}, kind={"options": ["x", "y", "z"]})
        self.change(note={"type": "string", "required": True, "default_value": "none"})
        self.assertEqual(self.values("note"), ["none"] * 3)
        self.assertTrue(Record.objects.filter(search__contains="none").exists())
        self.change(kind={"type": "multiselect"})
        self.assertEqual(self.values("kind"), [["x"], ["y"], None])
        self.change(kind={"type": "document", "options": []})
        self.assertEqual(self.values("kind"), [["x"], ["y"], None])
        self.change(kind={"type": "text"})
        self.assertEqual(self.values("kind"), ['["x"]', '["y"]', None])

    def test_numbers_and_booleans_become_text(self) -> None:
        self.change(confirm=True, size={"type": "float"})
        self.change(size={"type": "string"})
        self.assertEqual(self.values("size")[:2], ["1.0", "2.5"])

    def test_a_renamed_field_keeps_its_values(self) -> None:
        fields = [
            {**one, "key": "title", "renamed_from": "name"} if one["key"] == "name" else one
            for one in self.fields()
        ]
        changed = self.put(fields)
        self.assertEqual(self.values("title"), ["a", "b", "b"])
        self.assertEqual(self.values("name"), [None] * 3)
        self.assertEqual(changed.table_config["columns"], ["title", "size"])
        self.assertEqual(changed.table_config["sort_columns"], ["-title"])
        self.assertEqual(changed.form_config["field_order"], ["kind", "title"])
        self.assertEqual(changed.form_config["field_views"], {"title": "line"})

    def test_two_fields_exchange_their_keys(self) -> None:
        names = {"name": "size", "size": "name"}
        self.put(
            [
                {**one, "key": names.get(one["key"], one["key"]), "renamed_from": one["key"]}
                for one in self.fields()
            ]
        )
        self.assertEqual((self.values("name"), self.values("size")), (["1", "2.5", "big"], ["a", "b", "b"]))

    def test_a_new_field_under_a_left_key_is_empty(self) -> None:
        renamed = [
            {"key": "title", "type": "string", "renamed_from": "name"},
            {"key": "name", "type": "string"},
        ]
        self.put([*renamed, *self.fields(name=None)])
        self.assertEqual((self.values("title"), self.values("name")), (["a", "b", "b"], [None] * 3))

    def test_duplicates_forbid_unique_even_confirmed(self) -> None:
        for confirm in (False, True):
            with self.assertRaises(ConflictError) as caught:
                self.change(confirm=confirm, name={"unique": True})
            self.assertEqual(caught.exception.code, "schema_impossible")
            [told] = caught.exception.extra["changes"]
            self.assertEqual((told["kind"], told["examples"], told["blocking"]), ("not_unique", ["b"], True))
        self.change(size={"unique": True})

    def test_a_removed_field_leaves_the_settings_too(self) -> None:
        changed = self.change(confirm=True, size=None)
        self.assertEqual(changed.table_config["columns"], ["name"])

    def test_a_reference_keeps_only_what_is_there(self) -> None:
        target = create_collection(actor=self.alice, project=self.project, name="Target")
        [there] = create_records(actor=self.alice, collection=target, bodies=[{}])
        other = create_records(
            actor=self.alice,
            collection=self.collection,
            bodies=[{"name": str(there.pk)}, {"name": str(target.pk)}],
        )
        self.change(confirm=True, name={"type": "ref", "target": "target"})
        self.assertEqual(self.values("name"), [None, None, None, str(there.pk), None])
        self.assertEqual(len(other), 2)

    def test_a_planned_change_changes_nothing(self) -> None:
        before = Collection.objects.get().fields
        self.plan(size={"type": "number"}, name=None)
        self.assertEqual(
            (Collection.objects.get().fields, self.values("size")), (before, ["1", "2.5", "big"])
        )

    def test_settings_name_fields_that_are_there(self) -> None:
        wrong: tuple[dict[str, Any], ...] = (
            {"table_config": {"columns": ["nothing"]}},
            {"table_config": {"sort_columns": ["--name"]}},
            {"table_config": {"searchable": ["id"]}},
            {"table_config": {"unknown": []}},
            {"table_config": []},
            {"form_config": {"field_order": ["name", "name"]}},
            {"form_config": {"field_views": {"name": 5}}},
            {"form_config": {"hidden_fields": "name"}},
        )
        for changes in wrong:
            with self.assertRaises(UserError) as caught:
                update_collection(actor=self.bob, collection=self.collection, **changes)
            self.assertEqual(caught.exception.code, "layout_invalid", changes)

    def test_references_follow_a_new_slug(self) -> None:
        self.change(parent={"type": "ref", "target": "things"})
        other = create_collection(
            actor=self.alice,
            project=self.project,
            name="Other",
            fields=[{"key": "r", "type": "ref", "target": "things"}],
        )
        changed = update_collection(actor=self.bob, collection=self.collection, slug="items")
        other.refresh_from_db()
        self.assertEqual(
            (changed.schema.by_key["parent"].target, other.schema.by_key["r"].target), ("items", "items")
        )
        changed.refresh_from_db()
        self.assertEqual(changed.schema.by_key["parent"].target, "items")

    def test_charlie_is_refused(self) -> None:
        with self.assertRaises(UserError) as caught:
            update_collection(actor=self.charlie, collection=self.collection, name="Mine")
        self.assertEqual(caught.exception.code, "project_not_found")
        with self.assertRaises(UserError):
            plan_change(actor=self.charlie, collection=self.collection, fields=[])
