"""Bodies and parameters that nobody sends by accident: an answer for each, never an error of ours."""

from __future__ import annotations

import json
import os
import random
from typing import Any

from projects.tests.test_collections_api import MODELS
from projects.tests.test_records_api import DATA, RecordsCase

# Beyond what one meets: each as a whole body, as every value of one, and as a parameter.
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 10**30, 2**63, 1e308, "", "\0", "x" * 3000, "\u202e", "$now", "null", "[]"),
    *([], {}, [None], [[]], [{}], {"a": 1}, {"$gt": 1}, {"": None}, {"\0": "\0"}, [1] * 2000, {"key": {}}),
)
BODIES: dict[str, tuple[str, ...]] = {
    MODELS: ("name", "slug", "fields", "table_config", "form_config"),
    f"{MODELS}/customers": (
        "name",
        "slug",
        "fields",
        "table_config",
        "form_config",
        "record_limit",
        "confirm",
    ),
    f"{MODELS}/customers/plan": ("fields",),
    DATA: ("email", "age", "plan", "joined", "id", "created_at", "other"),
    f"{DATA}/query": ("filter", "filters", "search", "sort", "order", "page", "page_size", "limit", "cursor"),
    f"{DATA}/bulk": ("records",),
    f"{DATA}/bulk-delete": ("ids", "filter", "confirm"),
}
TEXTS = ("", "%00", "%ff", "-1", "9" * 30, "[" * 2000, "{}", '{"a":', "%F0%9F%98%80", "'\";--")
AT_ONCE = int(os.environ.get("M3M_TEST_ODD", "4"))
PARAMETERS = (
    "filter",
    "filter[age]",
    "filter[age][in]",
    "filter[]",
    "search",
    "sort",
    "order",
    "page",
    "cursor",
    "limit",
)


class RefuseHostileRecordsTest(RecordsCase):
    chance = random.Random(3)  # noqa: S311  (the same each time)

    def some(self) -> list[Any]:
        """`M3M_TEST_ODD=100` for all of them."""
        return self.chance.sample(ODD, min(AT_ONCE, len(ODD)))

    def send(self, method: str, path: str, body: object) -> None:
        answer = self.client_of(self.bob).generic(
            method.upper(), path, json.dumps(body), content_type="application/json"
        )
        self.assertLess(answer.status_code, 500, (method, path, str(body)[:200]))

    def test_odd_bodies_get_an_answer(self) -> None:
        made = self.create(email="a")
        for path, keys in BODIES.items():
            methods = ("put", "patch") if path.endswith("customers") else ("post",)
            for method in methods:
                for odd in self.some():
                    self.send(method, path, odd)
                for key in keys:
                    for odd in self.some():
                        self.send(method, path, {key: odd})
        for odd in self.some():
            for key in BODIES[DATA]:
                self.send("patch", f"{DATA}/{made['id']}", {key: odd})

    def test_odd_fields_get_an_answer(self) -> None:
        names = (
            "key",
            "type",
            "required",
            "unique",
            "indexed",
            "options",
            "target",
            "on_delete",
            "default_value",
        )
        kinds = ("string", "number", "select", "ref", "document", "date", "multiselect")
        for _round in range(10 * AT_ONCE):
            field = {name: self.chance.choice(ODD) for name in self.chance.sample(names, 3)}
            field = {"key": "a", "type": self.chance.choice(kinds), **field}
            self.send("post", f"{MODELS}/customers/plan", {"fields": [field]})

    def test_odd_parameters_get_an_answer(self) -> None:
        for path in (DATA, f"{DATA}/export", MODELS, f"{DATA}/imports"):
            for name in PARAMETERS:
                for odd in (
                    "",
                    "%00",
                    "%ff",
                    "-1",
                    "9" * 30,
                    "[" * 2000,
                    "{}",
                    '{"a":',
                    "%F0%9F%98%80",
                    "'\";--",
                ):
                    answer = self.client_of(self.bob).get(f"{path}?{name}={odd}")
                    self.assertLess(answer.status_code, 500, (path, name, odd))

    def test_odd_paths_get_an_answer(self) -> None:
        for odd in ("%00", "%ff", "%F0%9F%98%80", "x" * 3000, "..", "%2e%2e", "0" * 32, "{0}", "urn:uuid:0"):
            for path in (
                f"{MODELS}/{odd}",
                f"{DATA}/{odd}",
                f"{DATA}/imports/{odd}",
                f"{MODELS}/{odd}/data/{odd}",
            ):
                for method in ("GET", "DELETE"):
                    answer = self.client_of(self.bob).generic(method, path)
                    self.assertIn(answer.status_code, (400, 404, 405), (method, path))
