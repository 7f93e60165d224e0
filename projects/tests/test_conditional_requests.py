"""ETag, If-Match and Idempotency-Key of projects and their environment."""

from __future__ import annotations

from typing import Any

from projects.actions.members import remove_member
from projects.models import EnvVar, Project
from projects.testing import ProjectCase


class ChangeProjectTest(ProjectCase):
    def put(self, etag: str, **changes: object) -> Any:  # noqa: ANN401  (an answer)
        client = self.client_of(self.alice)
        return client.put("/api/projects/shop", changes, headers={"If-Match": etag})

    def test_it_refuses_settings_that_are_old(self) -> None:
        client = self.client_of(self.alice)
        seen = client.get("/api/projects/shop")["ETag"]
        first = self.put(seen, name="First")
        self.assertEqual(first.status_code, 200)
        late = self.put(seen, name="Second")
        self.assertEqual((late.status_code, late.json()["code"]), (412, "stale"))
        self.assertEqual(late.json()["newer"]["name"], "First")
        self.assertEqual(self.put(first["ETag"], name="Third").status_code, 200)
        self.assertEqual(self.put("*", name="Fourth").status_code, 200)
        self.assertEqual(self.put(f'"x", {seen}', name="Fifth").status_code, 412)
        self.assertEqual(client.put("/api/projects/shop", {"name": "Last"}).status_code, 200)

    def test_what_is_no_setting_is_no_conflict_but_another_answer(self) -> None:
        client = self.client_of(self.alice)
        seen = client.get("/api/projects/shop")["ETag"]
        self.assertEqual(client.get("/api/projects/shop")["ETag"], seen)
        remove_member(actor=self.alice, project=self.project, user_id=self.bob.pk)
        self.assertNotEqual(client.get("/api/projects/shop")["ETag"], seen)
        self.assertEqual(self.put(seen, name="Still fine").status_code, 200)

    def test_creating_twice_by_one_key_makes_one(self) -> None:
        client = self.client_of(self.alice)
        headers = {"Idempotency-Key": "once"}
        first = client.post("/api/projects", {"name": "Once"}, headers=headers)
        again = client.post("/api/projects", {"name": "Once"}, headers=headers)
        self.assertEqual((first.status_code, again.status_code), (201, 201))
        self.assertEqual(first.json(), again.json())
        self.assertEqual(Project.objects.filter(name="Once").count(), 1)


class ChangeEnvironmentTest(ProjectCase):
    def test_every_change_makes_the_one_before_old(self) -> None:
        client = self.client_of(self.bob)
        path = "/api/projects/shop/env"
        seen = client.get(path)["ETag"]

        def ask(method: str, path: str, body: object, etag: str) -> Any:  # noqa: ANN401  (an answer)
            return getattr(client, method)(path, body, headers={"If-Match": etag})

        calls: tuple[tuple[str, str, object, int], ...] = (
            ("post", path, {"key": "A", "value": "1"}, 201),
            ("put", path, [{"key": "A", "value": "2"}], 200),
            ("put", f"{path}/A", {"value": "3"}, 200),
            ("post", f"{path}/import", {"text": "B=1"}, 200),
            ("delete", f"{path}/A", None, 204),
        )
        for method, address, body, code in calls:
            done = ask(method, address, body, seen)
            self.assertEqual(done.status_code, code, address)
            late = ask(method, address, body, seen)
            self.assertEqual((late.status_code, late.json()["code"]), (412, "stale"), address)
            self.assertIsInstance(late.json()["newer"], list)
            self.assertNotEqual(done["ETag"], seen)
            seen = done["ETag"]
            self.assertEqual(client.get(path)["ETag"], seen)
        self.assertEqual([one.key for one in EnvVar.objects.all()], ["B"])
        self.assertEqual(client.get(f"{path}/B")["ETag"], seen)

    def test_a_dry_run_changes_no_etag(self) -> None:
        client = self.client_of(self.bob)
        seen = client.get("/api/projects/shop/env")["ETag"]
        tried = client.post("/api/projects/shop/env/import?dry_run=true", {"text": "B=1"})
        self.assertEqual((tried.status_code, tried["ETag"]), (200, seen))
