"""The console: words, JSON, exit codes."""

from __future__ import annotations

import io
import json
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import User
from projects.models import EnvVar, Project
from projects.testing import ProjectCase


def said(*arguments: str, stdin: str = "") -> str:
    target = StringIO()
    with mock.patch("sys.stdin", io.StringIO(stdin)):
        call_command(*arguments, stdout=target)
    return target.getvalue()


def answered(*arguments: str, stdin: str = "") -> Any:  # noqa: ANN401  (any JSON)
    return json.loads(said(*arguments, "--json", stdin=stdin))


class CommandsTest(ProjectCase):
    def fails(self, code: int, *arguments: str) -> None:
        with self.assertRaises(CommandError) as caught:
            said(*arguments)
        self.assertEqual(caught.exception.returncode, code, str(caught.exception))

    def test_projects(self) -> None:
        self.assertEqual({one["slug"] for one in answered("projects", "list")}, {"shop", "foreign"})
        made = answered("projects", "create", "New one", "--owner", "bob@example.org")
        self.assertEqual((made["slug"], made["owner"]), ("new-one", "bob@example.org"))
        self.assertEqual(answered("projects", "create", "Of root")["owner"], "root@example.org")
        self.fails(4, "projects", "create", "x", "--slug", "shop")
        self.fails(3, "projects", "create", "x", "--owner", "nobody@example.org")
        self.fails(1, "projects", "delete", "new-one", "--confirm", "other")
        self.assertIn("new-one", said("projects", "delete", "new-one", "--confirm", "new-one"))
        self.assertFalse(Project.objects.filter(slug="new-one").exists())
        self.fails(3, "projects", "delete", "new-one", "--confirm", "new-one")

    def test_env(self) -> None:
        self.assertEqual(answered("env", "set", "shop", "A", "1", "--type", "integer")["value"], 1)
        self.assertEqual(answered("env", "set", "shop", "A", "2")["value"], 2)
        self.assertIsNone(
            answered("env", "set", "shop", "S", "-", "--type", "secret", stdin="planted\n")["value"]
        )
        self.assertEqual(EnvVar.objects.values_for(self.project), {"A": 2, "S": "planted"})
        self.assertNotIn("planted", said("env", "list", "shop"))
        self.assertEqual(answered("env", "import", "shop", "-", stdin="B=1\nA=2")["created"], ["B"])
        said("env", "unset", "shop", "B")
        self.assertEqual([one["key"] for one in answered("env", "list", "shop")], ["A", "S"])
        self.fails(3, "env", "unset", "shop", "B")
        self.fails(3, "env", "list", "nope")
        self.fails(1, "env", "import", "shop", "/no/such/file")
        self.fails(1, "env", "set", "shop", "A", "planted")

    def test_export_and_import(self) -> None:
        said("env", "set", "shop", "S", "planted", "--type", "secret")
        file = Path(settings.TEMPORARY_DIR) / "shop.zip"
        told = answered("export", "shop", str(file))
        self.assertEqual((told["bytes"], file.stat().st_mode & 0o777), (file.stat().st_size, 0o600))
        made = answered("import", str(file), "--slug", "copy", "--owner", "alice@example.org")
        self.assertEqual((made["project"], made["missing_secrets"]), ("copy", ["S"]))
        self.assertEqual(Project.objects.get(slug="copy").owner, self.alice)
        self.fails(4, "import", str(file), "--slug", "copy")
        self.fails(1, "import", "/no/such/file")
        self.fails(1, "export", "shop", "/no/such/folder/x.zip")
        self.fails(3, "export", "nope", str(file))
        file.write_text("no zip")
        self.fails(1, "import", str(file))
        file.unlink()

    def test_users(self) -> None:
        added = answered("users", "add", "dora@example.org", "--create-projects", stdin="korrekt-horse-9\n")
        self.assertEqual((added["create_projects"], added["manage_users"]), (True, False))
        self.assertTrue(User.objects.get(email="dora@example.org").check_password("korrekt-horse-9"))
        self.assertFalse(answered("users", "block", "dora@example.org")["active"])
        self.assertTrue(answered("users", "unblock", "dora@example.org")["active"])
        granted = answered("users", "grant", "dora@example.org", "--manage-users", "--no-create-projects")
        self.assertEqual((granted["create_projects"], granted["manage_users"]), (False, True))
        self.fails(2, "users", "grant", "dora@example.org")
        said("users", "delete", "dora@example.org")
        self.fails(3, "users", "block", "dora@example.org")
        self.fails(4, "users", "delete", "alice@example.org")
        for verb in ("block", "delete", "grant"):
            more = ("--no-manage-users",) if verb == "grant" else ()
            self.fails(1, "users", verb, "root@example.org", *more)
        self.assertEqual(len(answered("users", "list")), 4)
