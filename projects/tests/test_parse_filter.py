from __future__ import annotations

from typing import Any

import pytest

from accounts.errors import UserError
from projects.collections.compiler import text_after, where
from projects.collections.conditions import Compare, Exists, Kind, Not, Operator, Target
from projects.collections.dialects import Postgres, Sqlite
from projects.collections.filters import both, parse_filter, parse_filter_text
from projects.schemas import Field, Schema
from projects.tests.hostile_filters import SCHEMA

NAME = Target("name", Kind.TEXT)


def refused(raw: Any, schema: Schema = SCHEMA) -> tuple[str, str | None]:  # noqa: ANN401  (any JSON)
    with pytest.raises(UserError) as caught:
        parse_filter(raw, schema, "/filter")
    assert caught.value.status == 400
    return caught.value.code, caught.value.pointer


def deep(levels: int) -> Any:  # noqa: ANN401  (any JSON)
    found: Any = {"name": "a"}
    for _ in range(levels - 1):
        found = {"not": found}
    return found


class ParseFilterTest:
    @pytest.mark.parametrize("raw", [None, {}, []])
    def test_nothing_asked_is_no_filter(self, raw: object) -> None:
        assert parse_filter(raw, SCHEMA) is None

    def test_all_spellings_mean_the_same(self) -> None:
        meant = Compare(NAME, Operator.EQ, "a")
        for raw in (
            {"name": "a"},
            {"name": {"eq": "a"}},
            {"name": {"$eq": "a"}},
            [{"field": "name", "operator": "eq", "value": "a"}],
            {"field": "name", "operator": "$eq", "value": "a"},
            [{"field": "name", "value": "a"}],
            {"and": [{"name": "a"}]},
            {"$or": [[{"name": "a"}]]},
        ):
            assert parse_filter(raw, SCHEMA) == meant, raw

    def test_complements_are_the_same_within_not(self) -> None:
        assert parse_filter({"name": {"ne": "a"}}, SCHEMA) == Not(Compare(NAME, Operator.EQ, "a"))
        for raw in ({"name": None}, {"name": {"exists": False}}, [{"field": "name", "operator": "isNull"}]):
            assert parse_filter(raw, SCHEMA) == Not(Exists(NAME)), raw

    def test_moments_are_brought_into_one_form(self) -> None:
        for text in ("2026-01-31T09:00:00+01:00", "2026-01-31t08:00:00.0000009z", "2026-01-31 08:00:00Z"):
            found = parse_filter({"moment": text}, SCHEMA)
            assert isinstance(found, Compare)
            assert found.value == "2026-01-31T08:00:00.000000Z", text

    def test_fields_win_over_words_of_the_grammar(self) -> None:
        schema = Schema((Field("or", "string"), Field("field", "string"), Field("value", "string")))
        assert parse_filter({"or": "a"}, schema) == Compare(Target("or", Kind.TEXT), Operator.EQ, "a")
        found = parse_filter({"field": "a", "value": "b"}, schema)
        assert found == parse_filter([{"field": "a"}, {"value": "b"}], schema)
        assert refused({"or": [{"field": "x"}]}, schema) == ("filter_value_invalid", "/filter/or")
        assert parse_filter({"$or": [{"field": "x"}]}, schema) is not None

    @pytest.mark.parametrize(
        ("raw", "code", "pointer"),
        [
            (1, "filter_invalid", "/filter"),
            ("name", "filter_invalid", "/filter"),
            ([1], "filter_invalid", "/filter/0"),
            ({"$or": []}, "filter_invalid", "/filter/$or"),
            ({"$or": {}}, "filter_invalid", "/filter/$or"),
            ({"$not": {}}, "filter_invalid", "/filter/$not"),
            ({"name": {}}, "filter_invalid", "/filter/name"),
            ([{"field": "name", "operator": "eq", "value": 1, "x": 1}], "filter_invalid", "/filter/0/x"),
            ({"none": 1}, "filter_field_unknown", "/filter/none"),
            ({"a/b~c": 1}, "filter_field_unknown", "/filter/a~1b~0c"),
            ({"name.a": 1}, "filter_field_unknown", "/filter/name.a"),
            ({"doc.": 1}, "filter_field_unknown", "/filter/doc."),
            ({"doc.a b": 1}, "filter_field_unknown", "/filter/doc.a b"),
            ({"doc" + ".a" * 9: 1}, "filter_field_unknown", "/filter/doc" + ".a" * 9),
            ({"collection_id": 1}, "filter_field_unknown", "/filter/collection_id"),
            ([{"field": 1, "operator": "eq"}], "filter_field_unknown", "/filter/0/field"),
            ([{"field": "name", "operator": 1}], "filter_operator_unknown", "/filter/0/operator"),
            ({"name": {"$regex": "a"}}, "filter_operator_unknown", "/filter/name/$regex"),
            ({"name": {"$$eq": "a"}}, "filter_operator_unknown", "/filter/name/$$eq"),
            ({"amount": {"contains": "1"}}, "filter_operator_unknown", "/filter/amount/contains"),
            ({"done": {"gt": False}}, "filter_operator_unknown", "/filter/done/gt"),
            ({"tags": {"startsWith": "a"}}, "filter_operator_unknown", "/filter/tags/startsWith"),
            ({"doc": {"eq": {}}}, "filter_operator_unknown", "/filter/doc/eq"),
            ({"doc.a": {"gt": True}}, "filter_operator_unknown", "/filter/doc.a/gt"),
            ({"doc.a": {"contains": 1}}, "filter_operator_unknown", "/filter/doc.a/contains"),
            ({"name": 1}, "filter_value_invalid", "/filter/name"),
            ({"name": {"gt": None}}, "filter_value_invalid", "/filter/name/gt"),
            ({"name": "a\0"}, "filter_value_invalid", "/filter/name"),
            ({"name": "\ud800"}, "filter_value_invalid", "/filter/name"),
            ({"name": {"in": "a"}}, "filter_value_invalid", "/filter/name/in"),
            ({"name": {"exists": 1}}, "filter_value_invalid", "/filter/name/exists"),
            ({"amount": "1"}, "filter_value_invalid", "/filter/amount"),
            ({"amount": True}, "filter_value_invalid", "/filter/amount"),
            ({"amount": 2**53}, "filter_value_invalid", "/filter/amount"),
            ({"amount": float("inf")}, "filter_value_invalid", "/filter/amount"),
            ({"done": 1}, "filter_value_invalid", "/filter/done"),
            ({"day": "2026-02-30"}, "filter_value_invalid", "/filter/day"),
            ({"moment": "2026-01-31T08:00:00"}, "filter_value_invalid", "/filter/moment"),
            ({"moment": "0001-01-01T00:00:00+14:00"}, "filter_value_invalid", "/filter/moment"),
            ({"created_at": "now"}, "filter_value_invalid", "/filter/created_at"),
            ({"id": "1"}, "filter_value_invalid", "/filter/id"),
            ({"parent": 1}, "filter_value_invalid", "/filter/parent"),
            ({"tags": "a"}, "filter_value_invalid", "/filter/tags"),
            ({"doc.a": []}, "filter_value_invalid", "/filter/doc.a"),
            ([{"field": "name", "operator": "gt"}], "filter_value_invalid", "/filter/0/value"),
        ],
    )
    def test_it_says_what_is_wrong_and_where(self, raw: object, code: str, pointer: str) -> None:
        assert refused(raw) == (code, pointer)

    def test_it_keeps_to_its_bounds(self) -> None:
        parse_filter(deep(8), SCHEMA)
        assert refused(deep(9))[0] == "filter_too_complex"
        parse_filter([{"name": "a"}] * 100, SCHEMA)
        assert refused([{"name": "a"}] * 101)[0] == "filter_too_complex"
        assert refused({"$or": [[{"name": "a"}] * 60, [{"name": "b"}] * 60]})[0] == "filter_too_complex"
        parse_filter({"name": {"in": ["a"] * 1000}}, SCHEMA)
        assert refused({"name": {"in": ["a"] * 1001}})[0] == "filter_too_complex"
        parse_filter([{"name": {"in": ["a"] * 1000}}] * 10, SCHEMA)
        assert refused([{"name": {"in": ["a"] * 1000}}] * 11)[0] == "filter_too_complex"
        parse_filter({"name": "a" * 10_000}, SCHEMA)
        assert refused({"name": "a" * 10_001})[0] == "filter_value_invalid"

    @pytest.mark.parametrize(
        "text", ["{", "[" * 100_000, '"' + "a" * 200_000 + '"', "NaN", "nul", "{'name': 1}"]
    )
    def test_text_that_is_no_filter_is_refused(self, text: str) -> None:
        with pytest.raises(UserError) as caught:
            parse_filter_text(text, SCHEMA)
        assert caught.value.code in ("filter_invalid", "filter_too_complex")

    def test_text_is_read_as_json(self) -> None:
        assert parse_filter_text("", SCHEMA) is None
        assert parse_filter_text('{"name": "a"}', SCHEMA) == Compare(NAME, Operator.EQ, "a")

    def test_both_must_hold(self) -> None:
        one, other = Exists(NAME), Exists(Target("done", Kind.BOOL))
        assert both(None, None) is None
        assert both(one, None) == both(None, one) == one
        assert both(one, other) == parse_filter(
            [{"name": {"exists": True}}, {"done": {"exists": True}}], SCHEMA
        )


class CompileTest:
    @pytest.mark.parametrize("spoken", [Sqlite(), Postgres()])
    @pytest.mark.parametrize("key", ["", "a'", 'a"', "a b", "ä", "a" * 65, "1a", "a\n"])
    def test_no_key_becomes_a_literal_that_is_not_plain(self, spoken: Sqlite | Postgres, key: str) -> None:
        with pytest.raises(ValueError, match="not"):
            spoken.value(Target(key, Kind.TEXT))
        if key != "1a":
            with pytest.raises(ValueError, match="not"):
                spoken.value(Target("doc", Kind.TEXT, (key,)))

    def test_text_has_one_order_whatever_the_collation_of_the_database(self) -> None:
        for target in (NAME, Target("doc", Kind.TEXT, ("a",))):
            assert Postgres().value(target).endswith('COLLATE "C")')

    def test_values_are_parameters(self) -> None:
        for text in ("'; DROP TABLE x; --", "%s", "\\"):
            for operator in ("eq", "ne", "gt", "contains", "startsWith", "endsWith"):
                found = parse_filter({"name": {operator: text}}, SCHEMA)
                assert found is not None
                statement = where(found)
                assert text not in statement.text.replace("%s", "")
                assert text in statement.params

    def test_the_text_after_all_that_begin_so(self) -> None:
        after = {
            "a": "b",
            "az": "a{",
            "\ud7ff": "\ue000",
            "a\U0010ffff": "b",
            "\U0010ffff": "",
            "": "",
        }
        assert {text: text_after(text) for text in after} == after
