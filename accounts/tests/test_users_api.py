from __future__ import annotations

from accounts.models import AuditEntry, User
from accounts.testing import People

GOOD = "correct horse battery"


class MeTest(People):
    def test_it_shows_the_person(self) -> None:
        body = self.client_of(self.alice).get("/api/users/me").json()
        self.assertEqual(body["id"], str(self.alice.pk))
        self.assertEqual(
            body["permissions"], {"create_projects": True, "manage_users": False, "project_access": []}
        )
        self.assertFalse(body["is_root"])

    def test_it_changes_the_name(self) -> None:
        body = self.client_of(self.alice).put("/api/users/me", {"name": "Alicia"}).json()
        self.assertEqual(body["name"], "Alicia")
        self.assertEqual(AuditEntry.objects.get(verb="update_profile").after, {"name": "Alicia"})

    def test_it_changes_nothing_else(self) -> None:
        wanted = {
            "id": str(self.root.pk),
            "email": "evil@example.org",
            "is_root": True,
            "is_active": False,
            "is_superuser": True,
            "can_manage_users": True,
            "permissions": {
                "create_projects": False,
                "manage_users": True,
                "project_access": [str(self.root.pk)],
            },
            "avatar": "https://example.org/x.png",
            "avatar_digest": "x",
            "is_blocked": True,
            "last_login": "2000-01-01T00:00:00Z",
            "password": "x",
            "created_at": "2000-01-01T00:00:00Z",
        }
        unknown = {"is_superuser", "can_manage_users", "avatar_digest", "password"}
        before = User.objects.values().get(pk=self.alice.pk)
        refused = self.client_of(self.alice).put("/api/users/me", wanted)
        self.assertEqual((refused.status_code, refused.json()["code"]), (400, "unknown_field"))
        self.assertEqual(
            {one["pointer"] for one in refused.json()["errors"]}, {f"/{name}" for name in unknown}
        )
        # What an answer has may be sent back.
        known = {name: value for name, value in wanted.items() if name not in unknown}
        self.assertEqual(self.client_of(self.alice).put("/api/users/me", known).status_code, 200)
        after = User.objects.values().get(pk=self.alice.pk)
        self.assertEqual({**before, "updated_at": 0}, {**after, "updated_at": 0})

    def test_it_refuses_wrong_names(self) -> None:
        values: tuple[object, ...] = ("x" * 101, "a\x00b", None, {}, [])
        for wrong in values:
            response = self.client_of(self.alice).put("/api/users/me", {"name": wrong})
            self.assertEqual(response.status_code, 400, wrong)
            self.assertEqual(response.json()["errors"][0]["pointer"], "/name")

    def test_it_refuses_nobody(self) -> None:
        self.assertEqual(self.client_of(None).get("/api/users/me").status_code, 401)

    def test_it_refuses_the_blocked(self) -> None:
        self.charlie.is_active = False
        self.assertEqual(self.client_of(self.charlie).get("/api/users/me").status_code, 401)


class PasswordTest(People):
    def put(self, old: str, new: str) -> tuple[int, str]:
        self.alice.refresh_from_db()
        body = {"old_password": old, "new_password": new}
        response = self.client_of(self.alice).put("/api/users/me/password", body)
        return response.status_code, response.json().get("code") if response.content else ""

    def setUp(self) -> None:
        self.alice.set_password(GOOD)
        self.alice.save()

    def test_it_changes(self) -> None:
        self.assertEqual(self.put(GOOD, "another horse battery"), (204, ""))
        self.alice.refresh_from_db()
        self.assertTrue(self.alice.check_password("another horse battery"))
        self.assertTrue(
            AuditEntry.objects.filter(
                verb="change_password", before__isnull=True, after__isnull=True
            ).exists()
        )

    def test_it_wants_the_present_one(self) -> None:
        self.assertEqual(self.put("wrong", "another horse battery"), (400, "password_wrong"))

    def test_it_refuses_weak_ones(self) -> None:
        self.assertEqual(self.put(GOOD, "short"), (400, "password_weak"))
        self.assertEqual(self.put(GOOD, "alice@example.org"), (400, "password_weak"))
