"""`/api/users…`, for those who manage people. What it says of projects is tested on the floor of projects."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone

from accounts.models import AuditEntry, Login, User
from accounts.testing import People

GOOD = "correct horse battery"
NEW = {"email": "New@Example.org", "name": "New", "password": GOOD}


class ManageCase(People):
    manager: User

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.manager = User.objects.create_user("manager@example.org", can_manage_users=True)

    def call(self, actor: User | None, method: str, path: str = "", body: object = None) -> Any:  # noqa: ANN401
        call = getattr(self.client_of(actor), method.lower())
        return call(f"/api/users{path}", body)

    def code(self, answer: Any) -> tuple[int, str]:  # noqa: ANN401
        return answer.status_code, answer.json()["code"]


class ListUsersTest(ManageCase):
    def test_managers_see_everybody(self) -> None:
        for actor in (self.root, self.manager):
            body = self.call(actor, "get").json()
            self.assertEqual(body["count"], 5)
            self.assertEqual([one["email"][0] for one in body["results"]], ["a", "b", "c", "m", "r"])

    def test_others_see_no_list(self) -> None:
        self.assertEqual(self.call(None, "get").status_code, 401)
        for actor in (self.alice, self.bob, self.charlie):
            self.assertEqual(self.call(actor, "get").status_code, 403)

    def test_it_filters_sorts_and_searches(self) -> None:
        User.objects.filter(pk=self.bob.pk).update(is_active=False)
        for query, found in (
            ("is_blocked=true", "b"),
            ("is_blocked=false", "acmr"),
            ("is_root=true", "r"),
            ("create_projects=true&is_root=false", "ac"),
            ("manage_users=true", "mr"),
            ("search=ALI", "a"),
            ("ordering=-email", "rmcba"),
            ("page_size=2&page=2", "cm"),
        ):
            results = self.call(self.manager, "get", f"?{query}").json()["results"]
            self.assertEqual("".join(one["email"][0] for one in results), found, query)

    def test_a_search_has_few_words(self) -> None:
        answer = self.call(self.manager, "get", f"?search={'a+' * 3000}")
        self.assertEqual(self.code(answer), (400, "search_invalid"))
        self.assertEqual(self.call(self.manager, "get", f"?search={'a+' * 20}").status_code, 200)

    def test_it_refuses_what_is_no_filter_value(self) -> None:
        for query in ("search=%00", "page=0", "page=x"):
            self.assertIn(self.call(self.manager, "get", f"?{query}").status_code, (400, 404), query)

    def test_its_queries_do_not_grow(self) -> None:
        client = self.client_of(self.manager)
        with self.assertNumQueries(3):
            client.get("/api/users")
        for number in range(20):
            User.objects.create_user(f"more{number}@example.org")
        with self.assertNumQueries(3):
            client.get("/api/users")


class ReadUserTest(ManageCase):
    def test_people_read_each_others_rights_and_nothing_personal(self) -> None:
        User.objects.filter(pk=self.bob.pk).update(last_login=timezone.now(), language="ru")
        body = self.call(self.charlie, "get", f"/{self.bob.pk}").json()
        self.assertEqual(body["permissions"]["create_projects"], False)
        self.assertEqual((body["language"], body["theme"], body["last_login"]), (None, None, None))
        for actor in (self.bob, self.manager, self.root):
            body = self.call(actor, "get", f"/{self.bob.pk}").json()
            self.assertEqual((body["language"], body["theme"]), ("ru", "system"))
            self.assertIsNotNone(body["last_login"])

    def test_nobody_and_the_blocked_read_nothing(self) -> None:
        self.assertEqual(self.call(None, "get", f"/{self.bob.pk}").status_code, 401)
        self.charlie.is_active = False
        self.assertEqual(self.call(self.charlie, "get", f"/{self.bob.pk}").status_code, 401)

    def test_ids_that_are_none(self) -> None:
        self.assertEqual(self.call(self.root, "get", f"/{uuid.uuid4()}").status_code, 404)
        for odd in ("x", "%00", "1", "me2", "%F0%9F%98%80", self.bob.pk.hex):
            self.assertEqual(self.call(self.root, "get", f"/{odd}").status_code, 404, odd)


class CreateUserTest(ManageCase):
    def test_it_creates(self) -> None:
        answer = self.call(self.manager, "post", "", {**NEW, "permissions": {"manage_users": True}})
        self.assertEqual(answer.status_code, 201)
        body = answer.json()
        self.assertEqual((body["email"], body["name"]), ("new@example.org", "New"))
        rights = {"create_projects": False, "manage_users": True, "project_access": []}
        self.assertEqual(body["permissions"], rights)
        self.assertNotIn("password", body)
        self.assertTrue(User.objects.get(pk=body["id"]).check_password(GOOD))
        entry = AuditEntry.objects.get(verb="create_user")
        self.assertEqual((entry.actor, entry.target_id), (self.manager, body["id"]))
        self.assertNotIn(GOOD, str(entry.after))

    def test_it_refuses_the_rest(self) -> None:
        for actor in (self.alice, self.bob, self.charlie):
            self.assertEqual(self.call(actor, "post", "", NEW).status_code, 403)
        lent = {**NEW, "permissions": {"create_projects": True}}
        self.assertEqual(self.call(self.manager, "post", "", lent).status_code, 403)
        self.assertEqual(User.objects.count(), 5)

    def test_it_refuses_wrong_values(self) -> None:
        wrong: list[tuple[dict[str, object], str]] = [
            ({"email": "no address"}, "email_invalid"),
            ({"email": "x" * 250 + "@example.org"}, "invalid"),
            ({"email": "\ufb03" * 90 + "@example.org"}, "email_invalid"),  # longer once it is normalised
            ({"email": "bob@EXAMPLE.org"}, "email_taken"),
            ({"email": ""}, "invalid"),
            ({"password": "short"}, "password_weak"),
            ({"password": "new@example.org"}, "password_weak"),
            ({"password": None}, "invalid"),
            ({"name": "x" * 101}, "invalid"),
            ({"name": "a\x00"}, "invalid"),
            ({"permissions": []}, "invalid"),
            ({"permissions": {"manage_users": "maybe"}}, "invalid"),
            ({"permissions": {"project_access": ["x"]}}, "invalid"),
            ({"permissions": {"project_access": "all"}}, "invalid"),
        ]
        for change, code in wrong:
            answer = self.call(self.manager, "post", "", {**NEW, **change})
            self.assertEqual(answer.json()["code"], code, change)
            self.assertIn(answer.status_code, (400, 409))


class ChangeUserTest(ManageCase):
    def test_it_changes_what_is_named_alone(self) -> None:
        for method in ("put", "patch"):
            body = self.call(self.manager, method, f"/{self.bob.pk}", {"name": method}).json()
            self.assertEqual((body["name"], body["email"]), (method, "bob@example.org"))
        rights = {"permissions": {"manage_users": True}}
        self.assertTrue(
            self.call(self.manager, "put", f"/{self.bob.pk}", rights).json()["permissions"]["manage_users"]
        )
        entry = AuditEntry.objects.filter(verb="update_user").first()
        assert entry
        self.assertEqual(entry.after, {"can_manage_users": True})

    def test_nothing_changed_is_no_entry(self) -> None:
        self.call(self.manager, "put", f"/{self.bob.pk}", {"name": "Bob"})
        self.assertFalse(AuditEntry.objects.exists())

    def test_others_only_and_never_the_root(self) -> None:
        for actor, user in (
            (self.manager, self.manager),
            (self.manager, self.root),
            (self.alice, self.bob),
            (self.charlie, self.charlie),
            (self.bob, self.root),
        ):
            for method, path, body in (
                ("put", "", {"name": "x"}),
                ("patch", "", {"email": "x@example.org"}),
                ("delete", "", None),
                ("post", "/block", None),
                ("post", "/unblock", None),
                ("put", "/password", {"password": GOOD}),
            ):
                answer = self.call(actor, method, f"/{user.pk}{path}", body)
                self.assertEqual(answer.status_code, 403, (actor, user, method, path))
        self.assertFalse(AuditEntry.objects.exists())

    def test_no_right_is_dealt_in_that_the_manager_lacks(self) -> None:
        given = {"permissions": {"create_projects": True}}
        taken = {"permissions": {"create_projects": False}}
        self.assertEqual(self.call(self.manager, "put", f"/{self.bob.pk}", given).status_code, 403)
        self.assertEqual(self.call(self.manager, "put", f"/{self.alice.pk}", taken).status_code, 403)
        self.assertEqual(self.call(self.root, "put", f"/{self.bob.pk}", given).status_code, 200)

    def test_the_root_edits_itself_but_not_its_rights(self) -> None:
        self.assertEqual(self.call(self.root, "put", f"/{self.root.pk}", {"name": "R"}).json()["name"], "R")
        refused: tuple[dict[str, object], ...] = (
            {"create_projects": False},
            {"manage_users": False},
            {"project_access": []},
        )
        for rights in refused:
            answer = self.call(self.root, "put", f"/{self.root.pk}", {"permissions": rights})
            self.assertEqual(answer.status_code, 403)

    def test_an_address_that_is_taken(self) -> None:
        answer = self.call(self.manager, "put", f"/{self.bob.pk}", {"email": "ALICE@example.org"})
        self.assertEqual(self.code(answer), (409, "email_taken"))

    def test_mass_assignment_changes_nothing(self) -> None:
        wanted = {
            "id": str(uuid.uuid4()),
            "is_root": True,
            "is_active": False,
            "is_blocked": True,
            "is_superuser": True,
            "is_staff": True,
            "can_manage_users": True,
            "can_create_projects": True,
            "password": GOOD,
            "language": "ru",
            "theme": "dark",
            "avatar": "x",
            "avatar_digest": "x",
            "last_login": "2000-01-01T00:00:00Z",
            "created_at": "2000-01-01T00:00:00Z",
            "updated_at": "2000-01-01T00:00:00Z",
        }
        for field, value in wanted.items():
            before = User.objects.values().get(pk=self.bob.pk)
            answer = self.call(self.manager, "put", f"/{self.bob.pk}", {field: value})
            self.assertIn(answer.status_code, (200, 400), field)
            after = User.objects.values().get(pk=self.bob.pk)
            self.assertEqual({**before, "updated_at": 0}, {**after, "updated_at": 0}, field)
        made = self.call(self.manager, "post", "", {**NEW, **wanted, "password": GOOD})
        if made.status_code == 201:
            user = User.objects.get(email="new@example.org")
            self.assertEqual((user.is_root, user.can_manage_users, user.theme), (False, False, "system"))
            self.assertNotEqual(str(user.pk), wanted["id"])
        self.assertEqual(User.objects.get(is_root=True), self.root)


class BlockUserTest(ManageCase):
    def test_it_blocks_and_unblocks_and_again_is_no_error(self) -> None:
        Login.objects.create(user=self.bob, expires_at=timezone.now())
        for _again in range(2):
            self.assertTrue(self.call(self.manager, "post", f"/{self.bob.pk}/block").json()["is_blocked"])
        self.assertFalse(Login.objects.filter(ended_at=None).exists())
        for _again in range(2):
            body = self.call(self.manager, "post", f"/{self.bob.pk}/unblock").json()
            self.assertEqual((body["is_blocked"], body["is_active"]), (False, True))
        verbs = list(AuditEntry.objects.values_list("verb", flat=True))
        self.assertEqual(verbs, ["unblock_user", "block_user"])

    def test_the_root_is_never_blocked(self) -> None:
        for actor in (self.root, self.manager):
            answer = self.call(actor, "post", f"/{self.root.pk}/block")
            self.assertIn(answer.status_code, (400, 403))
        self.root.refresh_from_db()
        self.assertTrue(self.root.is_active)


class GivePasswordTest(ManageCase):
    def test_it_sets_it(self) -> None:
        answer = self.call(self.manager, "put", f"/{self.bob.pk}/password", {"password": GOOD})
        self.assertEqual(answer.status_code, 204)
        self.bob.refresh_from_db()
        self.assertTrue(self.bob.check_password(GOOD))

    def test_it_refuses(self) -> None:
        for actor, user, password, code in (
            (self.manager, self.alice, GOOD, 403),  # with a right that the manager lacks
            (self.root, self.root, GOOD, 403),  # which needs the present one
            (self.manager, self.bob, "short", 400),
            (self.charlie, self.bob, GOOD, 403),
        ):
            answer = self.call(actor, "put", f"/{user.pk}/password", {"password": password})
            self.assertEqual(answer.status_code, code, (actor, user))


class DeleteUserTest(ManageCase):
    def test_it_deletes_and_the_audit_stays(self) -> None:
        AuditEntry.objects.all().delete()
        self.call(self.manager, "put", f"/{self.bob.pk}", {"name": "B"})
        self.assertEqual(self.call(self.manager, "delete", f"/{self.bob.pk}").status_code, 204)
        self.assertEqual(self.call(self.manager, "delete", f"/{self.bob.pk}").status_code, 404)
        kept = AuditEntry.objects.filter(target_id=str(self.bob.pk)).values_list("verb", flat=True)
        self.assertEqual(set(kept), {"update_user", "delete_user"})

    def test_the_root_stays(self) -> None:
        for actor in (self.root, self.manager, self.alice):
            self.assertEqual(self.call(actor, "delete", f"/{self.root.pk}").status_code, 403)
        self.assertTrue(User.objects.filter(is_root=True).exists())
