"""`m3m files`."""

from __future__ import annotations

import json
import sys
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import AuditEntry
from projects.models import FileLink
from projects.tests.files import FilesCase


def said(*arguments: str) -> str:
    target = StringIO()
    call_command("files", *arguments, stdout=target)
    return target.getvalue()


def answered(*arguments: str) -> Any:  # noqa: ANN401  (any JSON)
    return json.loads(said(*arguments, "--json"))


class FilesCommandTest(FilesCase):
    def setUp(self) -> None:
        super().setUp()
        folder = TemporaryDirectory(dir=settings.TEMPORARY_DIR)
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.local = self.folder / "report.txt"
        self.local.write_bytes(b"of today")

    def fails(self, code: int, *arguments: str) -> None:
        with self.assertRaises(CommandError) as caught:
            said(*arguments)
        self.assertEqual(caught.exception.returncode, code, str(caught.exception))

    def test_put_takes_the_name_or_a_path(self) -> None:
        said("put", "shop", str(self.local))
        said("put", "shop", str(self.local), "docs/")
        self.assertEqual(answered("put", "shop", str(self.local), "docs/b.txt")["path"], "docs/b.txt")
        said("put", "shop", str(self.local), "docs", "--overwrite")
        self.assertEqual(self.paths(), ["docs", "docs/b.txt", "docs/report.txt", "report.txt"])
        self.assertEqual(self.content("docs/b.txt"), b"of today")
        self.assertEqual(AuditEntry.objects.filter(verb="upload_file").count(), 4)

    def test_put_replaces_only_if_told(self) -> None:
        self.put("report.txt", b"of yesterday")
        self.fails(4, "put", "shop", str(self.local))
        self.assertEqual(self.content("report.txt"), b"of yesterday")
        said("put", "shop", str(self.local), "--overwrite")
        self.assertEqual(self.content("report.txt"), b"of today")

    def test_put_reads_standard_input(self) -> None:
        with mock.patch.object(sys, "stdin", TextIOWrapper(BytesIO(b"\x00piped\xff"))):
            said("put", "shop", "-", "docs/a.bin")
        self.assertEqual(self.content("docs/a.bin"), b"\x00piped\xff")
        self.fails(1, "put", "shop", "-")
        self.fails(1, "put", "shop", "-", "docs")

    def test_get_writes_here_there_or_to_standard_output(self) -> None:
        self.put("docs/a.txt", b"hello")
        target = self.folder / "b.txt"
        self.assertEqual(answered("get", "shop", "docs/a.txt", str(target))["bytes"], 5)
        said("get", "shop", "docs/a.txt", str(self.folder))
        self.assertEqual((target.read_bytes(), (self.folder / "a.txt").read_bytes()), (b"hello", b"hello"))
        self.assertEqual({file.name for file in self.folder.iterdir()}, {"a.txt", "b.txt", "report.txt"})
        with mock.patch.object(sys, "stdout", TextIOWrapper(BytesIO())) as output:
            self.assertEqual(said("get", "shop", "docs/a.txt", "-", "--json"), "")
            self.assertEqual(output.buffer.getvalue(), b"hello")
        self.fails(3, "get", "shop", "docs/none.txt")
        self.fails(4, "get", "shop", "docs")
        self.fails(1, "get", "shop", "docs/a.txt", "/no/such/folder/x")

    def test_list_and_delete(self) -> None:
        self.put("docs/a.txt")
        self.put("docs/sub/b.txt")
        self.assertEqual([one["path"] for one in answered("list", "shop")], ["docs"])
        self.assertEqual(
            [one["path"] for one in answered("list", "shop", "docs", "--recursive")],
            ["docs/sub", "docs/a.txt", "docs/sub/b.txt"],
        )
        self.assertEqual(
            [one["path"] for one in answered("list", "shop", "--search", "B.T")], ["docs/sub/b.txt"]
        )
        self.assertIn("docs/a.txt", said("list", "shop", "docs"))
        self.fails(4, "delete", "shop", "docs")
        said("delete", "shop", "docs/a.txt")
        said("delete", "shop", "docs", "--recursive")
        self.assertEqual(self.paths(), [])
        self.fails(3, "delete", "shop", "docs")
        self.fails(3, "list", "shop", "docs")

    def test_links_come_and_go(self) -> None:
        self.put("docs/a.txt", b"hello")
        made = answered("link", "shop", "docs/a.txt", "--expires", "24h", "--download")
        path = made["url"].removeprefix(settings.PUBLIC_URI)
        self.assertEqual(b"".join(self.client.get(path)), b"hello")
        listed = said("links", "shop")
        self.assertIn(made["id"], listed)
        self.assertNotIn(path.split("/")[-2], listed)
        said("unlink", "shop", made["id"])
        self.assertEqual(self.client.get(path).status_code, 404)
        self.assertFalse(FileLink.objects.exists())
        self.fails(3, "unlink", "shop", made["id"])
        self.fails(3, "unlink", "shop", "x")
        self.fails(3, "link", "shop", "docs/none.txt")
        self.fails(1, "link", "shop", "docs/a.txt", "--expires", "7000d")
        with self.assertRaises(CommandError):
            said("link", "shop", "docs/a.txt", "--expires", "tomorrow")

    def test_it_knows_only_the_project_named(self) -> None:
        self.put("a.txt")
        self.fails(3, "get", "foreign", "a.txt")
        self.fails(3, "list", "nope")
        self.fails(1, "put", "shop", str(self.local), "../x")
        self.fails(1, "put", "shop", "/no/such/file")
