from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.test import TestCase

from accounts.actions.users import create_admin
from accounts.errors import ConflictError, UserError
from accounts.models import AuditEntry, User

GOOD = "correct horse battery"


class CreateAdminTest(TestCase):
    def test_it_makes_the_first_the_root(self) -> None:
        first = create_admin(email="First@Example.org ", password=GOOD)
        self.assertTrue(first.is_root and first.can_create_projects and first.can_manage_users)
        self.assertEqual(first.email, "first@example.org")
        self.assertTrue(first.password.startswith("argon2"))

    def test_it_makes_the_second_an_administrator(self) -> None:
        create_admin(email="first@example.org", password=GOOD)
        second = create_admin(email="second@example.org", password=GOOD)
        self.assertFalse(second.is_root)
        self.assertTrue(second.can_create_projects and second.can_manage_users)

    def test_it_never_touches_who_is_there(self) -> None:
        first = create_admin(email="first@example.org", password=GOOD)
        with self.assertRaises(ConflictError):
            create_admin(email="FIRST@example.org", password="another horse battery")
        first.refresh_from_db()
        self.assertTrue(first.is_root and first.check_password(GOOD))

    def test_it_refuses_weak_passwords_with_sentences(self) -> None:
        for weak in ("", "short", "password", "12345678901", "first@example.org"):
            with self.subTest(weak), self.assertRaises(UserError) as caught:
                create_admin(email="first@example.org", password=weak)
            self.assertEqual(caught.exception.code, "password_weak")
            self.assertTrue(str(caught.exception).endswith("."))

    def test_it_refuses_what_is_no_address(self) -> None:
        for wrong in ("", "x", "a@", "a@b", "a b@example.org"):
            with self.subTest(wrong), self.assertRaises(UserError) as caught:
                create_admin(email=wrong, password=GOOD)
            self.assertEqual(caught.exception.code, "email_invalid")

    def test_it_refuses_everybody_but_root_and_system(self) -> None:
        create_admin(email="first@example.org", password=GOOD)
        manager = create_admin(email="second@example.org", password=GOOD)
        with self.assertRaises(PermissionDenied):
            create_admin(email="third@example.org", password=GOOD, actor=manager)

    def test_it_is_audited_without_the_password(self) -> None:
        create_admin(email="first@example.org", password=GOOD)
        entry = AuditEntry.objects.get()
        self.assertEqual(
            (entry.verb, entry.actor_label, entry.target_label),
            ("create_admin", "system", "first@example.org"),
        )
        self.assertNotIn(GOOD, str(entry.after))
        self.assertNotIn("argon2", str(entry.after))

    def test_the_database_itself_refuses_a_second_root(self) -> None:
        User.objects.create_superuser("first@example.org")
        with self.assertRaises(IntegrityError):
            User(email="x@example.org", is_root=True).save()
