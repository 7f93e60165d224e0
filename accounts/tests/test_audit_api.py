"""`GET /api/audit`: who may read what."""

from __future__ import annotations

import uuid
from datetime import timedelta
from urllib.parse import quote

from django.utils import timezone

from accounts.actions.users import update_user
from accounts.audit import record
from accounts.models import SYSTEM, AuditEntry, KeyActor, Login, User
from accounts.testing import People


class AuditTest(People):
    manager: User

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.manager = User.objects.create_user("manager@example.org", can_manage_users=True)
        update_user(actor=cls.manager, user=cls.bob, name="Robert")
        login = Login.objects.create(user=cls.bob, expires_at=timezone.now())
        cls.key = KeyActor(uuid.uuid4(), "m3m_ab12cd34")
        record(actor=cls.key, verb="press", target=login, project=cls.key.project_id)
        record(actor=SYSTEM, verb="tick", target=login)

    key: KeyActor

    def verbs(self, actor: User, query: str = "") -> list[str]:
        body = self.client_of(actor).get(f"/api/audit?{query}").json()
        return [one["verb"] for one in body["results"]]

    def test_the_root_reads_all_and_managers_what_was_done_to_users(self) -> None:
        self.assertEqual(self.verbs(self.root), ["tick", "press", "update_user"])
        self.assertEqual(self.verbs(self.manager), ["update_user"])
        for actor in (self.alice, self.charlie):
            self.assertEqual(self.client_of(actor).get("/api/audit").status_code, 403)
        self.assertEqual(self.client_of(None).get("/api/audit").status_code, 401)

    def test_an_entry_says_who_what_and_from_where(self) -> None:
        client = self.client_of(self.manager)
        client.put(f"/api/users/{self.bob.pk}", {"name": "B"}, headers={"x-request-id": "front-0123456789"})
        entry = client.get("/api/audit").json()["results"][0]
        self.assertEqual((entry["before"], entry["after"]), ({"name": "Robert"}, {"name": "B"}))
        self.assertEqual(
            (entry["actor"], entry["actor_label"]), (str(self.manager.pk), "manager@example.org")
        )
        self.assertEqual((entry["target_type"], entry["target_id"]), ("accounts.user", str(self.bob.pk)))
        self.assertEqual((entry["ip"], entry["request_id"]), ("127.0.0.1", "front-0123456789"))

    def test_a_key_is_named_by_its_prefix(self) -> None:
        entry = AuditEntry.objects.get(verb="press")
        self.assertIsNone(entry.actor)
        self.assertIn("m3m_ab12cd34", entry.actor_label)
        self.assertEqual(entry.project_id, self.key.project_id)

    def test_it_filters(self) -> None:
        old = AuditEntry.objects.get(verb="press")
        AuditEntry.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
        noon = quote((timezone.now() - timedelta(days=1)).isoformat())
        for query, found in (
            ("verb=tick", ["tick"]),
            (f"actor={self.manager.pk}", ["update_user"]),
            ("target_type=accounts.user", ["update_user"]),
            (f"target_id={self.bob.pk}", ["update_user"]),
            (f"project={self.key.project_id}", ["press"]),
            (f"since={noon}", ["tick", "update_user"]),
            (f"until={noon}", ["press"]),
            ("search=manager", ["update_user"]),
            ("ordering=created_at&verb=press", ["press"]),
            ("page_size=1&page=2", ["update_user"]),
        ):
            self.assertEqual(self.verbs(self.root, query), found, query)

    def test_it_refuses_what_is_no_filter_value(self) -> None:
        for query in (
            *("actor=x", "project=1", "since=yesterday", "until=99999-01-01", "verb=%00", "search=a%00b"),
            *("since=0001-01-01T00:00:00%2B14:00", "until=9999-12-31T23:59:59-14:00"),
        ):
            self.assertEqual(self.client_of(self.root).get(f"/api/audit?{query}").status_code, 400, query)
