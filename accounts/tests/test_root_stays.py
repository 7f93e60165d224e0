"""The first root is neither deleted, demoted nor blocked, by no door below REST and admin."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from accounts.actions.profile import change_password
from accounts.actions.users import block_user, delete_user, set_password, unblock_user, update_user
from accounts.errors import UserError
from accounts.models import SYSTEM, User
from accounts.testing import People


class RootStaysTest(People):
    def tearDown(self) -> None:
        self.root.refresh_from_db()
        self.assertTrue(self.root.is_root and self.root.is_active)

    def manager(self) -> User:
        return User.objects.create_user(
            "manager@example.org", can_manage_users=True, can_create_projects=True
        )

    def test_it_refuses_save(self) -> None:
        for field in ("is_root", "is_active"):
            root = User.objects.get(pk=self.root.pk)
            setattr(root, field, False)
            with self.subTest(field), self.assertRaises(UserError):
                root.save()
            with self.subTest(field), self.assertRaises(UserError):
                root.save(update_fields=[field])

    def test_it_refuses_update(self) -> None:
        with self.assertRaises(UserError):
            User.objects.all().update(is_root=False)
        with self.assertRaises(IntegrityError), transaction.atomic():
            User.objects.all().update(is_active=False)
        with self.assertRaises(UserError), transaction.atomic():
            User.objects.bulk_update([User(pk=self.root.pk, is_root=False)], ["is_root"])

    def test_it_refuses_delete(self) -> None:
        for delete in (self.root.delete, User.objects.all().delete, User.objects.filter(is_root=True).delete):
            with self.assertRaises(UserError):
                delete()

    def test_it_refuses_sql_that_blocks(self) -> None:
        with self.assertRaises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_user SET is_active = %s WHERE is_root = %s", [False, True])

    def test_it_refuses_actions_of_others(self) -> None:
        for actor in (self.manager(), SYSTEM, self.charlie):
            with self.subTest(actor), self.assertRaises(PermissionDenied):
                update_user(actor=actor, user=self.root, name="Mine")
            with self.subTest(actor), self.assertRaises(PermissionDenied):
                set_password(actor=actor, user=self.root, password="correct horse battery")
            with self.subTest(actor), self.assertRaises(UserError):
                delete_user(actor=actor, user=self.root)

    def test_it_refuses_itself_too(self) -> None:
        with self.assertRaises(UserError):
            update_user(actor=self.root, user=self.root, is_active=False)
        with self.assertRaises(UserError):
            delete_user(actor=self.root, user=self.root)

    def test_it_outlives_createsuperuser(self) -> None:
        call_command("createsuperuser", "--noinput", email="next@example.org", verbosity=0)
        self.assertFalse(User.objects.get(email="next@example.org").is_root)

    def test_it_refuses_new_actions_of_others(self) -> None:
        for actor in (self.manager(), SYSTEM, self.charlie):
            for act in (block_user, unblock_user):
                with self.subTest(actor), self.assertRaises(PermissionDenied):
                    act(actor=actor, user=self.root)
            with self.subTest(actor), self.assertRaises(PermissionDenied):
                update_user(actor=actor, user=self.root, project_access=[])

    def test_it_gets_a_password_by_the_present_one_alone(self) -> None:
        with self.assertRaises(PermissionDenied):
            set_password(actor=self.root, user=self.root, password="correct horse battery")
        with self.assertRaises(UserError):
            change_password(actor=self.root, old_password="x", new_password="correct horse battery")

    def test_it_outlives_a_second_root(self) -> None:
        with self.assertRaises(IntegrityError), transaction.atomic():
            User.objects.create_user("second@example.org", is_root=True)
        with self.assertRaises(IntegrityError), transaction.atomic():
            User.objects.bulk_create([User(email="third@example.org", is_root=True)])

    def test_it_outlives_new_admin(self) -> None:
        call_command("new_admin", "next@example.org", "correct horse battery", verbosity=0)
        self.assertFalse(User.objects.get(email="next@example.org").is_root)
        with self.assertRaises(CommandError):
            call_command("new_admin", "ROOT@example.org", "correct horse battery", verbosity=0)

    def test_it_edits_itself(self) -> None:
        self.assertEqual(update_user(actor=self.root, user=self.root, name="Root").name, "Root")
