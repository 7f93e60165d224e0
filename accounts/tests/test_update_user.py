from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.actions.users import create_user, delete_user, set_password, update_user
from accounts.errors import ConflictError, UserError
from accounts.models import AuditEntry, Login, User
from accounts.testing import People

GOOD = "correct horse battery"


class ManageUsersTest(People):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.manager = User.objects.create_user("manager@example.org", can_manage_users=True)

    manager: User

    def test_it_creates_people(self) -> None:
        user = create_user(actor=self.manager, email="New@Example.org", password=GOOD, name="New")
        self.assertEqual((user.email, user.is_root, user.can_manage_users), ("new@example.org", False, False))

    def test_it_refuses_who_lacks_the_right(self) -> None:
        for actor in (self.alice, self.bob, self.charlie):
            with self.subTest(actor), self.assertRaises(PermissionDenied):
                create_user(actor=actor, email="new@example.org", password=GOOD)
            with self.subTest(actor), self.assertRaises(PermissionDenied):
                update_user(actor=actor, user=self.bob, name="x")
            with self.subTest(actor), self.assertRaises(PermissionDenied):
                set_password(actor=actor, user=self.manager, password=GOOD)
            with self.subTest(actor), self.assertRaises(PermissionDenied):
                delete_user(actor=actor, user=self.manager)

    def test_it_lends_no_right_that_the_actor_lacks(self) -> None:
        with self.assertRaises(PermissionDenied):
            create_user(actor=self.manager, email="new@example.org", password=GOOD, can_create_projects=True)
        with self.assertRaises(PermissionDenied):
            update_user(actor=self.manager, user=self.bob, can_create_projects=True)
        with self.assertRaises(PermissionDenied):
            update_user(actor=self.manager, user=self.manager, can_create_projects=True)
        with self.assertRaises(PermissionDenied, msg="a password opens the rights of its account"):
            set_password(actor=self.manager, user=self.alice, password=GOOD)

    def test_it_blocks_and_ends_logins(self) -> None:
        Login.objects.create(user=self.bob, expires_at=timezone.now())
        update_user(actor=self.manager, user=self.bob, is_active=False)
        self.bob.refresh_from_db()
        self.assertFalse(self.bob.is_active)
        self.assertFalse(Login.objects.filter(user=self.bob, ended_at=None).exists())

    def test_it_blocks_nobody_himself(self) -> None:
        with self.assertRaises(PermissionDenied):
            update_user(actor=self.manager, user=self.manager, is_active=False)
        with self.assertRaises(UserError):
            update_user(actor=self.root, user=self.root, is_active=False)

    def test_it_refuses_an_address_that_is_taken(self) -> None:
        with self.assertRaises(ConflictError):
            update_user(actor=self.manager, user=self.bob, email="ALICE@example.org")

    def test_it_refuses_protected_fields(self) -> None:
        for field in ("is_root", "password", "id", "last_login"):
            with self.subTest(field), self.assertRaises(TypeError):
                update_user(actor=self.root, user=self.bob, **{field: True})  # type: ignore[arg-type]

    def test_it_audits_what_changed_alone(self) -> None:
        update_user(actor=self.manager, user=self.bob, name="Robert")
        entry = AuditEntry.objects.get(verb="update_user")
        self.assertEqual((entry.before, entry.after), ({"name": "Bob"}, {"name": "Robert"}))

    def test_it_deletes(self) -> None:
        delete_user(actor=self.manager, user=self.bob)
        self.assertFalse(User.objects.filter(email="bob@example.org").exists())
        self.assertEqual(AuditEntry.objects.get(verb="delete_user").target_label, "bob@example.org")

    def test_it_deletes_nobody_himself(self) -> None:
        with self.assertRaises(PermissionDenied):
            delete_user(actor=self.manager, user=self.manager)

    def test_a_blocked_manager_manages_nothing(self) -> None:
        self.manager.is_active = False
        with self.assertRaises(PermissionDenied):
            update_user(actor=self.manager, user=self.bob, name="x")
        self.assertFalse(User.objects.visible_to(self.manager).exists())

    def test_people_see_themselves(self) -> None:
        self.assertEqual(list(User.objects.visible_to(self.charlie)), [self.charlie])
        self.assertEqual(User.objects.visible_to(self.manager).count(), 5)
