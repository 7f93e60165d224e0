from __future__ import annotations

import uuid
from typing import Any

from accounts.models import AuditEntry
from projects.actions.collections import create_collection
from projects.models import Collection, Record
from projects.testing import ProjectCase
from projects.tests.test_collections_api import CUSTOMERS, MODELS

DATA = f"{MODELS}/customers/data"


class RecordsCase(ProjectCase):
    customers: Collection

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.customers = create_collection(
            actor=cls.alice, project=cls.project, name="Customers", fields=CUSTOMERS
        )

    def create(self, **values: Any) -> dict[str, Any]:
        answer = self.client_of(self.bob).post(DATA, values)
        self.assertEqual(answer.status_code, 201, answer.content)
        return dict(answer.json())

    def count(self) -> int:
        self.customers.refresh_from_db()
        self.assertEqual(
            self.customers.record_count, Record.objects.filter(collection=self.customers).count()
        )
        return self.customers.record_count


class RecordsApiTest(RecordsCase):
    def test_a_record_comes_changes_and_goes(self) -> None:
        client = self.client_of(self.bob)
        made = self.create(email="ada@example.org", age=36)
        self.assertEqual((made["email"], made["age"], made["plan"]), ("ada@example.org", 36, "free"))
        self.assertRegex(made["joined"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        path = f"{DATA}/{made['id']}"
        self.assertEqual(client.get(path).json(), made)
        same = client.put(path, client.get(path).json())
        self.assertEqual({**same.json(), "updated_at": None}, {**made, "updated_at": None})
        patched = client.patch(path, {"age": None, "plan": "pro"}).json()
        self.assertEqual(
            (patched["email"], patched["age"], patched["plan"]), ("ada@example.org", None, "pro")
        )
        replaced = client.put(path, {"email": "a@example.org"}).json()
        self.assertEqual((replaced["email"], replaced["plan"]), ("a@example.org", "free"))
        self.assertEqual(self.count(), 1)
        self.assertEqual(client.delete(path).status_code, 204)
        self.assertEqual((client.get(path).status_code, self.count()), (404, 0))

    def test_all_flaws_are_told_at_once(self) -> None:
        body = {"age": "old", "plan": "gold", "joined": "yesterday", "x~/y": 1}
        answer = self.client_of(self.bob).post(DATA, body)
        self.assertEqual((answer.status_code, answer.json()["code"]), (400, "record_invalid"))
        self.assertEqual(
            {(one["pointer"], one["code"]) for one in answer.json()["errors"]},
            {
                ("/email", "required"),
                ("/age", "type_wrong"),
                ("/plan", "option_unknown"),
                ("/joined", "datetime_invalid"),
                ("/x~0~1y", "field_unknown"),
            },
        )

    def test_an_unknown_field_has_its_own_code(self) -> None:
        answer = self.client_of(self.bob).post(DATA, {"email": "a", "colour": "red"})
        self.assertEqual((answer.status_code, answer.json()["code"]), (400, "field_unknown"))

    def test_unique_values_stay_unique(self) -> None:
        first = self.create(email="a@example.org")
        second = self.create(email="b@example.org")
        client = self.client_of(self.bob)
        for answer in (
            client.post(DATA, {"email": "a@example.org"}),
            client.patch(f"{DATA}/{second['id']}", {"email": "a@example.org"}),
            client.post(f"{DATA}/bulk", {"records": [{"email": "c"}, {"email": "c"}]}),
            client.post(f"{DATA}/bulk", {"records": [{"email": "c"}, {"email": "a@example.org"}]}),
        ):
            self.assertEqual((answer.status_code, answer.json()["code"]), (409, "record_not_unique"))
            self.assertTrue(answer.json()["errors"][0]["pointer"].endswith("/email"))
        self.assertEqual(client.patch(f"{DATA}/{first['id']}", {"email": "a@example.org"}).status_code, 200)
        self.assertEqual(self.count(), 2)

    def test_a_stale_change_is_refused_with_the_newer_record(self) -> None:
        path = f"{DATA}/{self.create(email='a')['id']}"
        client = self.client_of(self.bob)
        began = client.get(path)["ETag"]
        self.assertEqual(client.patch(path, {"age": 1}).status_code, 200)
        for method in (client.patch, client.put, client.delete):
            stale = method(path, {"age": 2}, headers={"If-Match": began})
            self.assertEqual((stale.status_code, stale.json()["newer"]["age"]), (412, 1))

    def test_a_repeated_creation_has_one_effect(self) -> None:
        client = self.client_of(self.bob)
        headers = {"Idempotency-Key": "once"}
        first = client.post(DATA, {"email": "a"}, headers=headers)
        second = client.post(DATA, {"email": "a"}, headers=headers)
        self.assertEqual((first.json(), self.count()), (second.json(), 1))
        self.assertEqual(second["ETag"], first["ETag"])

    def test_bulk_creates_all_or_none(self) -> None:
        client = self.client_of(self.bob)
        wrong = client.post(f"{DATA}/bulk", {"records": [{"email": "a"}, {"age": 1}, 5]})
        self.assertEqual(
            [(one["pointer"], one["code"]) for one in wrong.json()["errors"]],
            [("/records/1/email", "required"), ("/records/2", "type_wrong")],
        )
        self.assertEqual(self.count(), 0)
        made = client.post(f"{DATA}/bulk", {"records": [{"email": str(n)} for n in range(1000)]})
        self.assertEqual((made.status_code, len(made.json()["records"]), self.count()), (201, 1000, 1000))
        more = client.post(f"{DATA}/bulk", {"records": [{"email": "x"}] * 1001})
        self.assertEqual((more.status_code, more.json()["code"]), (400, "records_at_once"))

    def test_the_limit_holds(self) -> None:
        Collection.objects.filter(pk=self.customers.pk).update(record_limit=2)
        self.create(email="a")
        answer = self.client_of(self.bob).post(f"{DATA}/bulk", {"records": [{"email": "b"}, {"email": "c"}]})
        self.assertEqual((answer.status_code, answer.json()["code"]), (409, "records_too_many"))
        self.create(email="b")
        self.assertEqual(self.count(), 2)

    def test_bulk_delete_by_ids_and_by_filter(self) -> None:
        ids = [self.create(email=str(number), age=number)["id"] for number in range(6)]
        client = self.client_of(self.bob)
        path = f"{DATA}/bulk-delete"
        self.assertEqual(
            client.post(path, {"ids": [*ids[:2], str(uuid.uuid4())]}).json(), {"deleted_count": 2}
        )
        asked = client.post(path, {"filter": {"age": {"$lt": 4}}})
        self.assertEqual((asked.status_code, asked.json()["code"]), (400, "confirmation_missing"))
        self.assertEqual(asked.json()["count"], 2)
        done = client.post(path, {"filter": {"age": {"$lt": 4}}, "confirm": True})
        self.assertEqual((done.json(), self.count()), ({"deleted_count": 2}, 2))
        self.assertEqual(client.post(path, {}).json()["code"], "records_not_named")
        nothing = client.post(path, {"filter": None, "confirm": True})
        self.assertEqual((nothing.status_code, self.count()), (400, 2))
        entry = AuditEntry.objects.filter(verb="delete_records").latest("created_at")
        assert entry.after is not None
        self.assertEqual((entry.after["deleted"], len(entry.after["ids"])), (2, 2))

    def test_charlie_sees_and_changes_nothing(self) -> None:
        made = self.create(email="a")
        client = self.client_of(self.charlie)
        one = f"{DATA}/{made['id']}"
        for method, path, body in (
            ("get", DATA, None),
            ("post", DATA, {"email": "b"}),
            ("get", one, None),
            ("put", one, {"email": "b"}),
            ("patch", one, {"email": "b"}),
            ("delete", one, None),
            ("post", f"{DATA}/query", {}),
            ("post", f"{DATA}/bulk", {"records": [{"email": "b"}]}),
            ("post", f"{DATA}/bulk-delete", {"ids": [made["id"]]}),
            ("get", f"{DATA}/export", None),
        ):
            answer = getattr(client, method)(path, body)
            self.assertEqual((answer.status_code, answer.json()["code"]), (404, "project_not_found"), path)
        self.assertEqual(self.count(), 1)

    def test_a_record_is_found_in_its_own_collection_only(self) -> None:
        create_collection(actor=self.alice, project=self.project, name="Others")
        made = self.create(email="a")
        client = self.client_of(self.bob)
        for path in (
            f"{MODELS}/others/data/{made['id']}",
            f"{DATA}/{uuid.uuid4()}",
            f"{DATA}/nothing",
            f"{DATA}/%00",
        ):
            self.assertEqual(client.get(path).status_code, 404, path)
            self.assertEqual(client.delete(path).status_code, 404, path)


class QueryRecordsTest(RecordsCase):
    def setUp(self) -> None:
        rows = [
            {"email": f"User{n}@example.org", "age": n, "plan": "pro" if n % 2 else "free"} for n in range(7)
        ]
        self.client_of(self.bob).post(f"{DATA}/bulk", {"records": rows})

    def ages(self, parameters: str) -> list[int]:
        answer = self.client_of(self.bob).get(f"{DATA}?{parameters}")
        self.assertEqual(answer.status_code, 200, answer.content)
        return [one["age"] for one in answer.json()["results"]]

    def test_parameters_choose_and_sort(self) -> None:
        self.assertEqual(self.ages("sort=-age&page_size=2"), [6, 5])
        self.assertEqual(self.ages("sort=age&order=desc&limit=2"), [6, 5])
        self.assertEqual(self.ages("filter[plan]=pro"), [1, 3, 5])
        self.assertEqual(self.ages("filter[age][gte]=5"), [5, 6])
        self.assertEqual(self.ages('filter={"age":{"$lt":3}}&filter[plan]=free'), [0, 2])
        self.assertEqual(self.ages("search=USER3"), [3])

    def test_the_same_query_in_a_body(self) -> None:
        body = {
            "filter": {"age": {"$gte": 2}},
            "filters": [{"field": "plan", "operator": "eq", "value": "pro"}],
        }
        answer = self.client_of(self.bob).post(f"{DATA}/query", {**body, "sort": "-age", "limit": 1})
        found = answer.json()
        self.assertEqual((found["count"], [one["age"] for one in found["results"]]), (2, [5]))
        more = self.client_of(self.bob).post(
            f"{DATA}/query", {**body, "sort": "-age", "cursor": found["next_cursor"]}
        )
        self.assertEqual([one["age"] for one in more.json()["results"]], [3])

    def test_pages_and_cursors_lead_through_all(self) -> None:
        for first in ("page_size=3&sort=plan", "page_size=3&sort=plan&cursor="):
            url, met = f"{DATA}?{first}", []
            while url:
                page = self.client_of(self.bob).get(url).json()
                met += [one["age"] for one in page["results"]]
                url = page["next"]
            self.assertEqual(met, [0, 2, 4, 6, 1, 3, 5])
        page = self.client_of(self.bob).get(f"{DATA}?page_size=3").json()
        met = [one["age"] for one in page["results"]]
        while page["next_cursor"]:
            page = self.client_of(self.bob).get(f"{DATA}?page_size=3&cursor={page['next_cursor']}").json()
            self.assertIsNone(page["count"])
            met += [one["age"] for one in page["results"]]
        self.assertEqual(met, list(range(7)))

    def test_previous_leads_back(self) -> None:
        page = self.client_of(self.bob).get(f"{DATA}?page_size=3&page=2").json()
        self.assertEqual(
            [one["age"] for one in self.client_of(self.bob).get(page["previous"]).json()["results"]],
            [0, 1, 2],
        )

    def test_wrong_queries_are_refused(self) -> None:
        for parameters, code in (
            ("filter={", "filter_invalid"),
            ("filter[colour]=red", "filter_field_unknown"),
            ("filter[age][like]=1", "filter_operator_unknown"),
            ("sort=colour", "sort_field_unknown"),
            ("page=0", "page_invalid"),
            ("page_size=1001", "page_invalid"),
            ("page=99999999999999999999", "page_invalid"),
            ("cursor=xyz", "cursor_invalid"),
            ("colour=red", "parameter_unknown"),
            ("search=%00", "search_invalid"),
        ):
            answer = self.client_of(self.bob).get(f"{DATA}?{parameters}")
            self.assertEqual((answer.status_code, answer.json()["code"]), (400, code), parameters)
        beyond = self.client_of(self.bob).get(f"{DATA}?page=9")
        self.assertEqual((beyond.status_code, beyond.json()["code"]), (404, "page_not_found"))
