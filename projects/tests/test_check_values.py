from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.test import SimpleTestCase

from accounts.errors import UserError
from projects.collections.conversions import convert, from_cell
from projects.collections.fields import check_fields
from projects.collections.values import ValueFlawError, check_value, default_of
from projects.schemas import Field, Schema

ID = "01900000-0000-7000-8000-00000000000A"


def nested(depth: int) -> object:
    value: object = 1
    for _level in range(depth):
        value = [value]
    return value


class CheckValueTest(SimpleTestCase):
    def field(self, kind: str, **rules: Any) -> Field:
        options = ("a", "b") if kind in ("select", "multiselect") else ()
        return Field(key="f", type=kind, options=options, **rules)

    def test_values_come_into_one_form(self) -> None:
        for kind, value, stored in (
            ("string", "a\tb", "a\tb"),
            ("text", "a\nb", "a\nb"),
            ("number", 2**53 - 1, 2**53 - 1),
            ("number", 2.0, 2),
            ("number", -0.0, 0),
            ("number", 1e300, 1e300),
            ("float", 2, 2.0),
            ("bool", False, False),
            ("document", {"a": [1, None, {"b": "x"}]}, {"a": [1, None, {"b": "x"}]}),
            ("document", nested(32), nested(32)),
            ("file", "/a//b/./c.txt", "a/b/c.txt"),
            ("ref", ID, ID.lower()),
            ("date", "2024-02-29", "2024-02-29"),
            ("datetime", "2024-01-01T00:30:00+01:00", "2023-12-31T23:30:00.000000Z"),
            ("datetime", "2024-01-01t00:00:00.123456789z", "2024-01-01T00:00:00.123456Z"),
            ("select", "a", "a"),
            ("multiselect", ["b", "a"], ["b", "a"]),
        ):
            found = check_value(self.field(kind), value)
            self.assertEqual((found, type(found)), (stored, type(stored)), kind)
            self.assertIsNone(check_value(self.field(kind), None))

    def test_what_does_not_fit_is_refused(self) -> None:
        for kind, value, code in (
            ("string", 5, "type_wrong"),
            ("string", "a\nb", "text_invalid"),
            ("string", "a\0", "text_invalid"),
            ("string", "\ud800", "text_invalid"),
            ("string", "a" * 1025, "too_long"),
            ("text", "ü" * 131_073, "too_long"),
            ("number", True, "type_wrong"),
            ("number", 2**53, "out_of_range"),
            ("number", float("inf"), "out_of_range"),
            ("float", float("nan"), "out_of_range"),
            ("float", 10**400, "out_of_range"),
            ("bool", 1, "type_wrong"),
            ("document", nested(33), "too_deep"),
            ("document", nested(100_000), "too_deep"),
            ("document", {"a": ["x\0"]}, "text_invalid"),
            ("document", {"\ud800": 1}, "text_invalid"),
            ("document", ["x" * 65_536], "too_long"),
            ("document", [2**60], "out_of_range"),
            ("file", "a/../b", "path_invalid"),
            ("file", "/", "path_invalid"),
            ("ref", "x", "reference_invalid"),
            ("date", "2023-02-29", "date_invalid"),
            ("date", "20240101", "date_invalid"),
            ("datetime", "2024-01-01T00:00:00", "datetime_invalid"),
            ("datetime", "2024-01-01T24:00:00Z", "datetime_invalid"),
            ("datetime", "0001-01-01T00:00:00+23:59", "datetime_invalid"),
            ("datetime", "٢٠٢٤-01-01T00:00:00Z", "datetime_invalid"),
            ("select", "c", "option_unknown"),
            ("select", ["a"], "type_wrong"),
            ("multiselect", ["a", "a"], "option_twice"),
            ("multiselect", ["a", "c"], "option_unknown"),
            ("multiselect", "a", "type_wrong"),
        ):
            with self.assertRaises(ValueFlawError, msg=(kind, code)) as caught:
                check_value(self.field(kind), value)
            self.assertEqual(caught.exception.code, code, kind)

    def test_indexed_text_is_shorter(self) -> None:
        check_value(self.field("string", indexed=True), "a" * 500)
        with self.assertRaises(ValueFlawError):
            check_value(self.field("string", indexed=True), "a" * 501)

    def test_now_is_when_it_is_written(self) -> None:
        now = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
        self.assertEqual(default_of(self.field("date", default_value="$now"), now), "2024-05-06")
        moment = default_of(self.field("datetime", default_value="$now"), now)
        self.assertEqual(moment, "2024-05-06T07:08:09.000000Z")
        self.assertEqual(default_of(self.field("string", default_value="$now"), now), "$now")

    def test_conversions(self) -> None:
        for value, kind, wanted in (
            (5, "string", "5"),
            (True, "text", "true"),
            ([1, {"a": None}], "string", '[1,{"a":null}]'),
            ("1e3", "number", 1000),
            ("x", "number", None),
            ("1_000", "number", None),
            ("9" * 5000, "number", None),
            (True, "float", 1.0),
            ("Yes", "bool", True),
            (0, "bool", False),
            (2, "bool", None),
            ("2024-01-01T10:00:00.000000Z", "date", "2024-01-01"),
            ("2024-01-01", "datetime", "2024-01-01T00:00:00.000000Z"),
            (["a"], "select", "a"),
            (["a", "b"], "select", None),
            ("b", "multiselect", ["b"]),
            ({"a": 1}, "document", {"a": 1}),
        ):
            try:
                found = convert(value, self.field(kind))
            except ValueFlawError:
                found = None
            self.assertEqual(found, wanted, (value, kind))

    def test_cells(self) -> None:
        for kind, cell, wanted in (
            ("string", "", None),
            ("number", " 5 ", 5),
            ("bool", "no", False),
            ("document", '{"a":1}', {"a": 1}),
            ("multiselect", '["a","b"]', ["a", "b"]),
            ("multiselect", "a", ["a"]),
        ):
            self.assertEqual(from_cell(self.field(kind), cell), wanted, kind)
        for kind, cell in (
            ("number", "x"),
            ("bool", "maybe"),
            ("document", "{"),
            ("document", "[" * 100_000),
        ):
            with self.assertRaises(ValueFlawError):
                from_cell(self.field(kind), cell)


class CheckFieldsTest(SimpleTestCase):
    def faults(self, *fields: Any, targets: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        with self.assertRaises(UserError) as caught:
            check_fields(list(fields), set(targets))
        return [(one["pointer"], one["code"]) for one in caught.exception.errors]

    def test_each_rule(self) -> None:
        for item, fault in (
            ({"key": "_a"}, ("/fields/0/key", "key_invalid")),
            ({"key": "a" * 65}, ("/fields/0/key", "key_invalid")),
            ({"key": "a\n"}, ("/fields/0/key", "key_invalid")),
            ({"key": "created_at"}, ("/fields/0/key", "key_reserved")),
            ({"key": "a", "type": ["x"]}, ("/fields/0/type", "type_unknown")),
            ({"key": "a", "required": "yes"}, ("/fields/0/required", "type_wrong")),
            ({"key": "a", "unknown": 1}, ("/fields/0/unknown", "unknown")),
            ({"key": "a", "options": ["x"]}, ("/fields/0/options", "options_unfit")),
            ({"key": "a", "type": "select", "options": []}, ("/fields/0/options", "options_missing")),
            ({"key": "a", "type": "select", "options": ["x", "x"]}, ("/fields/0/options", "option_twice")),
            ({"key": "a", "type": "select", "options": ["x", {}]}, ("/fields/0/options/1", "option_invalid")),
            ({"key": "a", "type": "ref"}, ("/fields/0/target", "target_unknown")),
            ({"key": "a", "type": "ref", "target": {}}, ("/fields/0/target", "target_unknown")),
            ({"key": "a", "target": "t"}, ("/fields/0/target", "target_unfit")),
            ({"key": "a", "type": "text", "indexed": True}, ("/fields/0/indexed", "index_unfit")),
            ({"key": "a", "type": "document", "unique": True}, ("/fields/0/unique", "index_unfit")),
            ({"key": "a", "type": "number", "default_value": "x"}, ("/fields/0/default_value", "type_wrong")),
            (
                {"key": "a", "unique": True, "default_value": "x"},
                ("/fields/0/default_value", "default_unfit"),
            ),
            ({"key": "a", "on_delete": []}, ("/fields/0/on_delete", "on_delete_unknown")),
            ({"key": "a", "renamed_from": "b"}, ("/fields/0/renamed_from", "field_unknown")),
        ):
            self.assertIn(fault, self.faults(item), item)
        required = {"key": "a", "type": "ref", "target": "t", "required": True, "on_delete": "set_null"}
        self.assertEqual(self.faults(required, targets=("t",)), [("/fields/0/on_delete", "on_delete_unfit")])
        self.assertEqual(len(self.faults({"key": "a"}, {"key": "a"})), 2)

    def test_what_it_gives_is_taken_again(self) -> None:
        fields = [
            {"key": "a", "type": "select", "options": ["x"], "default_value": "x", "required": True},
            {"key": "r", "type": "ref", "ref_model": "t", "on_delete": "cascade"},
            {"key": "d", "type": "date", "default_value": "$now", "indexed": True},
        ]
        schema = check_fields(fields, {"t"}).schema
        self.assertEqual((schema.by_key["r"].target, schema.by_key["r"].indexed), ("t", True))
        self.assertEqual(check_fields(schema.as_json(), {"t"}, schema).schema, schema)
        self.assertEqual(Schema.from_json(schema.as_json()), schema)

    def test_not_too_many(self) -> None:
        with self.assertRaises(UserError):
            check_fields([{"key": f"k{number}"} for number in range(101)], set())
        for wrong in ("x", 5, {"key": "a"}, None):
            with self.assertRaises(UserError):
                check_fields(wrong, set())
