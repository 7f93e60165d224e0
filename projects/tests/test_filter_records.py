from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

from accounts.errors import UserError
from projects.collections.filters import parse_filter
from projects.collections.store import Query, SqlStore
from projects.models import Collection, Record
from projects.testing import ProjectCase
from projects.tests.hostile_filters import SCHEMA, SPELLINGS, Filters, Made, make_records
from projects.tests.reference import Reference, row_of

# M3M_FILTERS=100000 goes on for longer.
COUNT = int(os.environ.get("M3M_FILTERS", "10000"))
CODES = {
    *("filter_field_unknown", "filter_operator_unknown", "filter_value_invalid", "filter_invalid"),
    "filter_too_complex",
}
STORE = SqlStore()


class HostileCase(ProjectCase):
    """Sixty records made by chance, and the model over them; another collection has the same ones."""

    collection: Collection
    reference: Reference

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        records = make_records()
        cls.collection = cls._fill("things", records)
        others = make_records(seed=8)
        for one in others:
            one.pk = type(one.pk)(int=one.pk.int + 1)
        cls._fill("others", others)
        # Not read back: PostgreSQL spells 1e300 as an integer.
        cls.reference = Reference(SCHEMA, [row_of(record) for record in records])

    @classmethod
    def _fill(cls, slug: str, records: list[Record]) -> Collection:
        collection = Collection.objects.create(
            project=cls.project, name=slug, slug=slug, fields=SCHEMA.as_json(), record_count=len(records)
        )
        STORE.insert(collection, records)
        return collection

    def ids(self, raw: Any) -> list[str]:  # noqa: ANN401  (any JSON)
        query = Query(parse_filter(raw, SCHEMA))
        return [str(pk) for pk in STORE.ids(self.collection, query)]


class FilterRecordsTest(HostileCase):
    def test_it_finds_what_the_reference_finds(self) -> None:
        made = Filters(seed=2026)
        accepted: Counter[str] = Counter()
        refused = 0
        for _number in range(COUNT):
            one = made.make()
            found = self._ask(one)
            if found is None:
                refused += 1
                continue
            assert found == self.reference.matching(one.raw), one.raw
            for operator, kind in set(one.uses):
                accepted.update({f"operator {operator}": 1, f"type {kind}": 1})
        if COUNT >= 10_000:
            names = [
                *(f"operator {name}" for name in SPELLINGS),
                *(f"type {one.type}" for one in SCHEMA.fields),
            ]
            assert {name: accepted[name] for name in names if accepted[name] < 100} == {}
            assert COUNT * 0.1 < refused < COUNT * 0.4

    def _ask(self, made: Made) -> list[str] | None:
        """Ids that the database finds; None for a filter that is refused as it should be."""
        # Once to text and back, as a body comes; Python's JSON takes what is not finite, too.
        made.raw = json.loads(json.dumps(made.raw))
        try:
            return self.ids(made.raw)
        except UserError as error:
            assert not made.sound, (made.raw, error.code, error.pointer, str(error))
            assert error.status == 400
            assert error.code in CODES
            assert error.pointer is not None
            json.dumps(error.pointer).encode()
            error.pointer.encode()
            return None
