"""A project's key: who makes it, what it opens, how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, KeyActor
from projects.actions.keys import regenerate_key, revoke_key
from projects.api.projects import ProjectView
from projects.authentication import key_actor
from projects.keys import new_key, prefix_of
from projects.models import ApiKey
from projects.testing import ProjectCase


class KeyCase(ProjectCase):
    key: str

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.key = regenerate_key(actor=cls.alice, project=cls.project)

    def ask(self, method: str, path: str, data: object = None, key: str | None = None) -> Any:  # noqa: ANN401  (an answer)
        send = getattr(Client(headers={"X-API-Key": self.key if key is None else key}), method.lower())
        if data is None:
            return send(path)
        return send(path, data, content_type="application/json")


class RegenerateKeyTest(KeyCase):
    def test_it_is_shown_once(self) -> None:
        response = self.client_of(self.alice).post("/api/projects/shop/regenerate-key")
        self.assertEqual((response.status_code, response["Cache-Control"]), (201, "no-store"))
        body = response.json()
        self.assertEqual(set(body), {"api_key", "prefix"})
        self.assertRegex(body["api_key"], r"\Am3m_[0-9a-f]{8}_[\w-]{43}\Z")
        self.assertTrue(body["api_key"].startswith(body["prefix"] + "_"))
        shown = self.client_of(self.bob).get("/api/projects/shop")
        self.assertEqual(shown.json()["api_key_prefix"], body["prefix"])
        self.assertNotIn(body["api_key"], shown.content.decode())

    def test_the_one_before_ends_at_once(self) -> None:
        self.assertEqual(self.ask("GET", "/api/projects/shop").status_code, 200)
        newer = self.client_of(self.alice).post("/api/projects/shop/regenerate-key").json()["api_key"]
        self.assertEqual(self.ask("GET", "/api/projects/shop").status_code, 401)
        self.assertEqual(self.ask("GET", "/api/projects/shop", key=newer).status_code, 200)
        self.assertEqual(ApiKey.objects.count(), 1)

    def test_nothing_keeps_the_key(self) -> None:
        secret = self.key.rpartition("_")[2]
        row = ApiKey.objects.values().get()
        self.assertNotIn(secret, str(row))
        entry = AuditEntry.objects.get(verb="regenerate_key")
        self.assertEqual(entry.after, {"prefix": prefix_of(self.key)})
        self.assertNotIn(secret, str(AuditEntry.objects.values()))

    def test_who_may(self) -> None:
        for user, code in ((None, 401), (self.charlie, 404), (self.bob, 403), (self.root, 201)):
            response = self.client_of(user).post("/api/projects/shop/regenerate-key")
            self.assertEqual(response.status_code, code, user)

    def test_a_key_makes_no_keys(self) -> None:
        self.assertEqual(self.ask("POST", "/api/projects/shop/regenerate-key").status_code, 403)
        self.assertEqual(self.ask("DELETE", "/api/projects/shop/key").status_code, 403)


class RevokeKeyTest(KeyCase):
    def test_it_ends_the_key(self) -> None:
        client = self.client_of(self.alice)
        self.assertEqual(client.delete("/api/projects/shop/key").status_code, 204)
        self.assertEqual(self.ask("GET", "/api/projects/shop").status_code, 401)
        self.assertIsNone(client.get("/api/projects/shop").json()["api_key_prefix"])
        again = client.delete("/api/projects/shop/key")
        self.assertEqual((again.status_code, again.json()["code"]), (404, "api_key_not_found"))
        self.assertEqual(AuditEntry.objects.filter(verb="revoke_key").count(), 1)

    def test_who_may(self) -> None:
        for user, code in ((None, 401), (self.charlie, 404), (self.bob, 403), (self.root, 204)):
            self.assertEqual(self.client_of(user).delete("/api/projects/shop/key").status_code, code, user)


class UseKeyTest(KeyCase):
    def test_it_works_in_its_project(self) -> None:
        variable = {"key": "A", "value": "1"}
        self.assertEqual(self.ask("POST", "/api/projects/shop/env", variable).status_code, 201)
        self.assertEqual(self.ask("GET", f"/api/projects/{self.project.pk}/env").json()[0]["key"], "A")
        entry = AuditEntry.objects.get(verb="create_env")
        self.assertEqual((entry.actor, entry.actor_label), (None, f"key {prefix_of(self.key)}…"))

    def test_it_is_no_owner(self) -> None:
        rows: tuple[tuple[str, str, object], ...] = (
            ("PUT", "", {"name": "Mine"}),
            ("DELETE", "", {"slug": "shop"}),
            ("PUT", "/owner", {"user_id": str(self.bob.pk)}),
            ("POST", "/members", {"email": "charlie@example.org"}),
            ("POST", "/env/A/reveal", None),
            ("GET", "/export", None),
        )
        for method, path, data in rows:
            response = self.ask(method, f"/api/projects/shop{path}", data)
            self.assertEqual(response.status_code, 403, path)

    def test_it_sees_no_other_project(self) -> None:
        for path in ("foreign", str(self.foreign.pk), "foreign/env", "foreign/members"):
            self.assertEqual(self.ask("GET", f"/api/projects/{path}").status_code, 404, path)

    def test_it_is_no_person(self) -> None:
        for path in ("/api/users/me", "/api/projects"):
            refused = self.ask("GET", path)
            self.assertEqual((refused.status_code, refused.json()["code"]), (401, "not_authenticated"), path)
            self.assertIn("API key", refused.json()["detail"], path)
        self.assertEqual(self.ask("POST", "/api/projects", {"name": "x"}).status_code, 403)
        self.assertEqual(self.ask("POST", "/api/auth/ticket", {}).status_code, 401)

    def test_wrong_keys_are_told_alike(self) -> None:
        for wrong in (
            "",
            "x",
            "m3m_",
            new_key(),
            self.key[:-1],
            self.key + "A",
            self.key[:13] + "A" * 43,
            "я",
        ):
            response = self.ask("GET", "/api/projects/shop", key=wrong)
            self.assertEqual((response.status_code, response.json()["code"]), (401, "api_key_invalid"), wrong)

    def test_it_counts_beside_a_session(self) -> None:
        client = Client(headers={"X-API-Key": self.key}, enforce_csrf_checks=True)
        client.force_login(self.charlie)
        variable = {"key": "A", "value": "1"}
        response = client.post("/api/projects/shop/env", variable, content_type="application/json")
        self.assertEqual(response.status_code, 201, "the key asks, not the session")

    def test_its_use_is_noted_once_a_minute(self) -> None:
        self.assertIsNone(ApiKey.objects.get().last_used_at)
        key_actor(self.key)
        first = ApiKey.objects.get().last_used_at
        self.assertIsNotNone(first)
        with self.assertNumQueries(1):
            self.assertEqual(key_actor(self.key), KeyActor(self.project.pk, self.key[:12]))
        self.assertEqual(ApiKey.objects.get().last_used_at, first)
        ApiKey.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
        key_actor(self.key)
        later = ApiKey.objects.get().last_used_at
        self.assertTrue(later and first and later > first)

    def test_it_ends_with_the_project(self) -> None:
        self.client_of(self.alice).delete("/api/projects/shop", {"slug": "shop"})
        self.assertEqual(self.ask("GET", "/api/projects/shop").status_code, 401)

    def test_the_doors_ask_keys_first(self) -> None:
        names = [one.__name__ for one in ProjectView.authentication_classes]
        self.assertEqual(names[0], "KeyAuthentication")

    def test_actions_refuse_charlie(self) -> None:
        for action in (regenerate_key, revoke_key):
            with self.assertRaisesMessage(Exception, "There is no such project."):
                action(actor=self.charlie, project=self.project)
