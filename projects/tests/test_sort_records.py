from __future__ import annotations

import base64
import json
import random
from dataclasses import replace

from accounts.errors import NotFoundError, UserError
from projects.collections.filters import parse_filter, parse_params, parse_sort
from projects.collections.store import Query
from projects.models import Record
from projects.tests.hostile_filters import IDS, SCHEMA
from projects.tests.test_filter_records import STORE, HostileCase

ORDERED = [
    *(
        "name",
        "body",
        "amount",
        "ratio",
        "done",
        "picture",
        "parent",
        "day",
        "moment",
        "color",
        "value",
        "in",
    ),
    *("id", "created_at", "updated_at"),
]


class SortRecordsTest(HostileCase):
    def orders(self, count: int) -> list[list[str]]:
        chance = random.Random(11)  # noqa: S311
        alone = [[sign + name] for name in ORDERED for sign in ("", "-")]
        some = [chance.sample(ORDERED, chance.choice([2, 3, 4])) for _ in range(count)]
        return alone + [[chance.choice(["", "-"]) + name for name in names] for names in some]

    def pages(self, query: Query) -> list[str]:
        """Ids of all records, read page by page along cursors."""
        found: list[str] = []
        while True:
            page = STORE.find(self.collection, query)
            assert len(page.records) <= query.limit
            found += [str(record.pk) for record in page.records]
            if not page.next_cursor:
                return found
            query = replace(query, cursor=page.next_cursor)

    def test_it_sorts_as_the_reference_does(self) -> None:
        for names in [[], *self.orders(60)]:
            query = Query(sort=parse_sort(",".join(names), SCHEMA), limit=100)
            found = [str(record.pk) for record in STORE.find(self.collection, query).records]
            assert found == self.reference.ordered(names), names

    def test_it_pages_along_cursors_without_gaps_and_doubles(self) -> None:
        for number, names in enumerate([[], *self.orders(30)]):
            query = Query(sort=parse_sort(",".join(names), SCHEMA), limit=1 + number % 17)
            assert self.pages(query) == self.reference.ordered(names), names

    def test_it_iterates_in_the_same_order(self) -> None:
        for names in self.orders(10):
            query = Query(sort=parse_sort(",".join(names), SCHEMA))
            found = [str(record.pk) for record in STORE.iterate(self.collection, query, chunk=13)]
            assert found == self.reference.ordered(names), names

    def test_it_pages_through_what_a_filter_leaves(self) -> None:
        raw = {"$or": [{"done": True}, {"amount": {"$gt": 1}}]}
        query = Query(parse_filter(raw, SCHEMA), sort=parse_sort("-color,name", SCHEMA), limit=4)
        left = set(self.reference.matching(raw))
        assert self.pages(query) == [pk for pk in self.reference.ordered(["-color", "name"]) if pk in left]

    def test_it_goes_on_behind_a_record_that_was_deleted(self) -> None:
        query = Query(sort=parse_sort("name", SCHEMA), limit=10)
        page = STORE.find(self.collection, query)
        STORE.delete(self.collection, [page.records[-1].pk])
        found = [
            str(one.pk)
            for one in STORE.find(self.collection, replace(query, cursor=page.next_cursor)).records
        ]
        assert found == self.reference.ordered(["name"])[10:20]

    def test_it_turns_all_keys_round_by_the_order(self) -> None:
        assert parse_sort("name,-amount", SCHEMA, "desc") == parse_sort("-name,amount", SCHEMA)

    def test_it_refuses_orders_that_cannot_be(self) -> None:
        wrong = {
            "doc": "sort_invalid",
            "tags": "sort_invalid",
            "name,name": "sort_invalid",
            "name,-name": "sort_invalid",
            "name,body,amount,ratio,done": "sort_invalid",
            "n" * 501: "sort_invalid",
            "none": "sort_field_unknown",
            "doc.a": "sort_field_unknown",
            "--name": "sort_field_unknown",
            ",": "sort_field_unknown",
            "na\0me": "sort_field_unknown",
        }
        for text, code in wrong.items():
            with self.assertRaises(UserError) as caught:
                parse_sort(text, SCHEMA)
            assert caught.exception.code == code, text
        with self.assertRaises(UserError):
            parse_sort("name", SCHEMA, "up")

    def test_it_refuses_cursors_that_it_did_not_give(self) -> None:
        sort = parse_sort("amount", SCHEMA)
        real = STORE.find(self.collection, Query(sort=sort, limit=3)).next_cursor
        places = [
            *(
                [],
                {},
                "amount,id",
                ["amount,id"],
                ["amount,id", 1],
                ["amount,id", 1, "x"],
                ["name,id", "a", IDS[0]],
            ),
            *(["amount,id", "1", IDS[0]], ["amount,id", True, IDS[0]], ["amount,id", 1e400, IDS[0]]),
            *(["amount,id", 1, None], ["amount,id", 1, IDS[0], 1], ["amount,id", 10**400, IDS[0]]),
        ]
        made = [base64.urlsafe_b64encode(json.dumps(place).encode()).decode() for place in places]
        for cursor in ["x", "ä", "\0", real[:-3], real + "AAAA", "A" * 100_000, *made]:
            with self.assertRaises(UserError) as caught:
                STORE.find(self.collection, Query(sort=sort, cursor=cursor))
            assert caught.exception.code == "cursor_invalid", cursor
        with self.assertRaises(UserError):
            STORE.find(self.collection, Query(sort=parse_sort("-amount", SCHEMA), cursor=real))


class ReadRecordsTest(HostileCase):
    def test_it_searches_without_case_and_width(self) -> None:
        for pk, text in zip(IDS, ["straße 100%", "i\u0307stanbul", "abc\\_x"], strict=False):
            Record.objects.filter(pk=pk).update(search=text)
        for text, number in {
            "STRASSE": None,
            "Straße": None,
            "100%": 0,
            "İSTANBUL": 1,
            "ＡＢＣ": 2,
            "\\_": 2,
        }.items():
            found = [str(one.pk) for one in STORE.find(self.collection, Query(search=text)).records]
            assert found == ([] if number is None else [IDS[number]]), text
            assert STORE.count(self.collection, Query(search=text)) == len(found)
        for text in ("a\0", "\ud800", "x" * 1001):
            with self.assertRaises(UserError) as caught:
                STORE.find(self.collection, Query(search=text))
            assert caught.exception.code == "search_invalid"

    def test_it_counts_and_pages_by_offset(self) -> None:
        raw = {"done": {"exists": True}}
        chosen = parse_filter(raw, SCHEMA)
        everyone = self.reference.matching(raw)
        assert STORE.count(self.collection, Query(chosen, limit=1)) == len(everyone)
        assert STORE.count(self.collection, Query()) == 60
        page = STORE.find(self.collection, Query(chosen, limit=5, offset=10))
        assert [str(one.pk) for one in page.records] == everyone[10:15]
        assert page.next_cursor
        assert STORE.find(self.collection, Query(limit=5, offset=10**30)).records == []

    def test_it_never_shows_records_of_another_collection(self) -> None:
        record = Record.objects.exclude(collection=self.collection).first()
        assert record is not None
        for wanted in (record.pk, str(record.pk), "x", "", "a\0", None):
            with self.assertRaises(NotFoundError):
                STORE.get(self.collection, wanted)
        with self.assertRaises(NotFoundError):
            STORE.save(self.collection, record)
        assert STORE.delete(self.collection, [record.pk]) == 0
        STORE.save_many(self.collection, [record])
        assert STORE.get(record.collection, str(record.pk)).pk == record.pk

    def test_it_writes_one_and_many(self) -> None:
        first, second = STORE.find(self.collection, Query(limit=2)).records
        first.data, first.search, first.revision = {"name": "ä%s\\"}, "ä", 7
        STORE.save(self.collection, first)
        second.data, second.search = {"name": "'", "doc": {"a": [None, 1.5]}}, "'"
        STORE.save_many(self.collection, [second])
        for one in (first, second):
            fresh = Record.objects.get(pk=one.pk)
            assert (fresh.data, fresh.search, fresh.revision) == (one.data, one.search, one.revision)

    def test_it_names_holders_and_referrers(self) -> None:
        name, parent = SCHEMA.by_key["name"], SCHEMA.by_key["parent"]
        records = STORE.find(self.collection, Query(limit=4)).records
        for one in records:
            one.data = {"name": "held", "parent": IDS[50]}
        STORE.save_many(self.collection, records[:3])
        assert len(STORE.holders_of(self.collection, name, "held")) == 2
        assert len(STORE.holders_of(self.collection, name, "held", exclude=records[0].pk)) == 2
        assert STORE.holders_of(self.collection, name, "not held") == []
        found = STORE.referring(self.collection, parent, [records[0].pk.__class__(IDS[50])])
        assert {one.pk for one in found} == {one.pk for one in records[:3]}


class ParameterTest(HostileCase):
    def test_it_reads_values_by_the_type_of_the_field(self) -> None:
        same: dict[tuple[tuple[str, str], ...], object] = {
            (("filter[amount]", "1.5"),): {"amount": 1.5},
            (("filter[amount][gte]", "10"), ("page", "2")): {"amount": {"gte": 10}},
            (("filter[amount][in]", "1,2,null"),): {"amount": {"in": [1, 2, None]}},
            (("filter[name]", "1"),): {"name": "1"},
            (("filter[name][in]", '["a,b","c"]'),): {"name": {"in": ["a,b", "c"]}},
            (("filter[name][$ne]", ""),): {"name": {"ne": ""}},
            (("filter[name][isNull]", ""),): {"name": {"isNull": True}},
            (("filter[done]", "true"), ("filter[name][exists]", "false")): [{"done": True}, {"name": None}],
            (("filter[tags]", "a,b"),): {"tags": ["a", "b"]},
            (("filter[tags][contains]", "a,b"),): {"tags": {"contains": "a,b"}},
            (("filter[doc.a]", "1"),): {"doc.a": 1},
            (("filter[doc.a]", '"1"'),): {"doc.a": "1"},
            (("filter[doc.a]", "x"),): {"doc.a": "x"},
            (("filter[doc.a][in]", ""),): {"doc.a": {"in": []}},
            (("filter", "{}"), ("filters[name]", "a")): {},
        }
        for items, raw in same.items():
            found = [str(pk) for pk in STORE.ids(self.collection, Query(parse_params(items, SCHEMA)))]
            assert found == self.reference.matching(raw), items

    def test_it_refuses_what_has_no_meaning(self) -> None:
        wrong = {
            ("filter[name", "a"): "filter_invalid",
            ("filter[name][eq][eq]", "a"): "filter_invalid",
            ("filter[]", "a"): "filter_invalid",
            ("filter[none]", "a"): "filter_field_unknown",
            ("filter[name][like]", "a"): "filter_operator_unknown",
            ("filter[name]", "a\0"): "filter_value_invalid",
            ("filter[amount]", "one"): "filter_value_invalid",
            ("filter[amount]", "9" * 300): "filter_value_invalid",
            ("filter[amount]", "1e999"): "filter_value_invalid",
            ("filter[amount]", "٣"): "filter_value_invalid",
            ("filter[done]", "yes"): "filter_value_invalid",
            ("filter[name][in]", "[" * 5000): "filter_value_invalid",
            ("filter[name][exists]", "maybe"): "filter_value_invalid",
            ("filter[amount][in]", ",".join("1" * 1001)): "filter_too_complex",
        }
        for item, code in wrong.items():
            with self.assertRaises(UserError) as caught:
                parse_params([item], SCHEMA)
            assert (caught.exception.code, caught.exception.status) == (code, 400), item
        with self.assertRaises(UserError) as caught:
            parse_params([("filter[name]", "a")] * 101, SCHEMA)
        assert caught.exception.code == "filter_too_complex"
