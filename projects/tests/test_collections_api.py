from __future__ import annotations

from typing import Any

from projects.actions.collections import create_collection
from projects.models import Collection
from projects.testing import ProjectCase

MODELS = "/api/projects/shop/models"
CUSTOMERS: list[dict[str, Any]] = [
    {"key": "email", "type": "string", "required": True, "unique": True},
    {"key": "age", "type": "number", "indexed": True},
    {"key": "plan", "type": "select", "options": ["free", "pro"], "default_value": "free"},
    {"key": "joined", "type": "datetime", "default_value": "$now"},
]


class CollectionsApiTest(ProjectCase):
    def test_a_collection_comes_changes_and_goes(self) -> None:
        client = self.client_of(self.bob)
        made = client.post(MODELS, {"name": "Customers", "fields": CUSTOMERS})
        self.assertEqual(made.status_code, 201, made.content)
        body = made.json()
        self.assertEqual(
            (body["slug"], body["record_count"], body["record_limit"]), ("customers", 0, 100_000)
        )
        self.assertEqual([one["key"] for one in body["fields"]], ["email", "age", "plan", "joined"])
        self.assertEqual(
            client.get(f"{MODELS}/{body['id']}").json(), client.get(f"{MODELS}/customers").json()
        )
        again = client.put(f"{MODELS}/customers", client.get(f"{MODELS}/customers").json())
        self.assertEqual(again.status_code, 200, again.content)
        self.assertEqual(again.json()["fields"], body["fields"])
        self.assertEqual(client.get(MODELS).json()["count"], 1)
        self.assertEqual(client.delete(f"{MODELS}/customers").status_code, 204)
        self.assertEqual(client.get(f"{MODELS}/customers").status_code, 404)
        self.assertEqual(client.get(MODELS).json()["count"], 0)

    def test_charlie_sees_and_changes_nothing(self) -> None:
        create_collection(actor=self.alice, project=self.project, name="Customers", fields=CUSTOMERS)
        client = self.client_of(self.charlie)
        for method, path, body in (
            ("get", MODELS, None),
            ("post", MODELS, {"name": "Mine"}),
            ("get", f"{MODELS}/customers", None),
            ("put", f"{MODELS}/customers", {"name": "Mine"}),
            ("patch", f"{MODELS}/customers", {"name": "Mine"}),
            ("delete", f"{MODELS}/customers", None),
            ("post", f"{MODELS}/customers/plan", {"fields": []}),
        ):
            answer = getattr(client, method)(path, body)
            self.assertEqual((answer.status_code, answer.json()["code"]), (404, "project_not_found"), path)
        self.assertEqual(Collection.objects.get().name, "Customers")

    def test_a_stale_change_is_refused_with_the_newer_schema(self) -> None:
        create_collection(actor=self.alice, project=self.project, name="Customers", fields=CUSTOMERS)
        client = self.client_of(self.bob)
        began = client.get(f"{MODELS}/customers")["ETag"]
        self.assertEqual(client.put(f"{MODELS}/customers", {"name": "Clients"}).status_code, 200)
        stale = client.put(f"{MODELS}/customers", {"name": "X"}, headers={"If-Match": began})
        self.assertEqual((stale.status_code, stale.json()["code"]), (412, "stale"))
        self.assertEqual(stale.json()["newer"]["name"], "Clients")

    def test_faults_of_fields_are_told_all_at_once(self) -> None:
        fields = [{"key": "1"}, {"key": "a", "type": "x"}, {"key": "id"}, {"key": "s", "type": "select"}, 5]
        answer = self.client_of(self.bob).post(MODELS, {"name": "C", "fields": fields})
        self.assertEqual((answer.status_code, answer.json()["code"]), (400, "schema_invalid"))
        self.assertEqual(
            [(one["pointer"], one["code"]) for one in answer.json()["errors"]],
            [
                ("/fields/0/key", "key_invalid"),
                ("/fields/1/type", "type_unknown"),
                ("/fields/2/key", "key_reserved"),
                ("/fields/3/options", "options_missing"),
                ("/fields/4", "type_wrong"),
            ],
        )

    def test_only_root_changes_the_limit(self) -> None:
        create_collection(actor=self.alice, project=self.project, name="Customers", fields=CUSTOMERS)
        path = f"{MODELS}/customers"
        self.assertEqual(self.client_of(self.alice).put(path, {"record_limit": 5}).status_code, 403)
        raised = self.client_of(self.root).put(path, {"record_limit": 200_000})
        self.assertEqual((raised.status_code, raised.json()["record_limit"]), (200, 200_000))
        kept = self.client_of(self.alice).put(path, {"record_limit": 200_000, "name": "Clients"})
        self.assertEqual(kept.status_code, 200)
