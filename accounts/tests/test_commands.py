from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from django.core.management import CommandError, call_command
from django.test import TestCase

from accounts.models import AuditEntry, User

GOOD = "correct horse battery"


def run(*arguments: str, stdin: str = "") -> str:
    out = io.StringIO()
    with mock.patch("sys.stdin", io.StringIO(stdin)):
        call_command(*arguments, stdout=out)
    return out.getvalue()


@contextmanager
def environment(**values: str) -> Iterator[None]:
    with mock.patch.dict("os.environ", values):
        yield


class NewAdminTest(TestCase):
    def test_it_creates_the_root_first(self) -> None:
        self.assertIn("(root)", run("new_admin", "a@example.org", GOOD))
        self.assertIn("(administrator)", run("new_admin", "b@example.org", GOOD))
        self.assertEqual(User.objects.get(is_root=True).email, "a@example.org")

    def test_it_reads_the_password_from_standard_input(self) -> None:
        run("new_admin", "a@example.org", stdin=GOOD + "\n")
        self.assertTrue(User.objects.get().check_password(GOOD))

    def test_it_asks_on_a_terminal(self) -> None:
        with (
            mock.patch("sys.stdin.isatty", return_value=True),
            mock.patch("getpass.getpass", return_value=GOOD),
        ):
            call_command("new_admin", "a@example.org", stdout=io.StringIO())
        self.assertTrue(User.objects.get().check_password(GOOD))

    def test_it_refuses_weak_passwords_in_a_sentence(self) -> None:
        with self.assertRaisesRegex(CommandError, "too short"):
            run("new_admin", "a@example.org", "kurz")
        self.assertFalse(User.objects.exists())


class EnsureRootTest(TestCase):
    def test_it_generates_a_password_once(self) -> None:
        answer = json.loads(run("ensure_root", "--json"))
        self.assertEqual((answer["email"], answer["created"]), ("root@m3m.local", True))
        root = User.objects.get()
        self.assertTrue(root.is_root and root.check_password(answer["password"]))
        again = json.loads(run("ensure_root", "--json"))
        self.assertEqual(again, {"email": "root@m3m.local", "created": False, "password": None})

    def test_it_takes_the_environment(self) -> None:
        with environment(M3M_ROOT_EMAIL="me@example.org", M3M_ROOT_PASSWORD=GOOD):
            answer = json.loads(run("ensure_root", "--json"))
        self.assertEqual(answer, {"email": "me@example.org", "created": True, "password": None})
        self.assertTrue(User.objects.get().check_password(GOOD))

    def test_it_refuses_a_weak_password_in_a_sentence(self) -> None:
        with (
            environment(M3M_ROOT_PASSWORD="root"),
            self.assertRaisesRegex(CommandError, "M3M_ROOT_PASSWORD: .*short"),
        ):
            run("ensure_root", "--json")
        with environment(M3M_ROOT_EMAIL="root"), self.assertRaisesRegex(CommandError, "M3M_ROOT_EMAIL: "):
            run("ensure_root", "--json")
        self.assertFalse(User.objects.exists())


class ChangePasswordTest(TestCase):
    def test_it_asks_the_root_for_the_present_one(self) -> None:
        run("new_admin", "root@example.org", GOOD)
        with self.assertRaisesRegex(CommandError, "present password is wrong"):
            run("changepassword", "root@example.org", stdin="wrong\nanother horse battery\n")
        run("changepassword", "root@example.org", stdin=f"{GOOD}\nanother horse battery\n")
        self.assertTrue(User.objects.get().check_password("another horse battery"))

    def test_it_audits(self) -> None:
        run("new_admin", "root@example.org", GOOD)
        run("new_admin", "b@example.org", GOOD)
        run("changepassword", "b@example.org", stdin="another horse battery\n")
        self.assertTrue(AuditEntry.objects.filter(verb="set_password", target_label="b@example.org").exists())

    def test_it_refuses_the_weak(self) -> None:
        run("new_admin", "root@example.org", GOOD)
        run("new_admin", "b@example.org", GOOD)
        with self.assertRaisesRegex(CommandError, "too short"):
            run("changepassword", "b@example.org", stdin="kurz\n")
