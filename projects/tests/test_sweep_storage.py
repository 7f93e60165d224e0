from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command

from accounts.permissions import SYSTEM
from projects import parts
from projects.models import StorageUsage
from projects.parts import ExportOptions
from projects.tests.files import FilesCase


class SweepStorageTest(FilesCase):
    def setUp(self) -> None:
        super().setUp()
        self.put("docs/a.txt", b"123")
        self.folder = settings.STORAGE_ROOT / str(self.project.pk)

    def sweep(self) -> None:
        call_command("sweep_storage", stdout=io.StringIO())

    def age(self, days: float) -> None:
        then = time.time() - days * 24 * 3600
        for path in (self.folder, *self.folder.rglob("*")):
            os.utime(path, (then, then))

    def test_files_of_a_project_that_is_there_stay(self) -> None:
        self.age(2)
        self.sweep()
        self.assertEqual(self.paths(), ["docs", "docs/a.txt"])

    def test_stale_temporary_files_go_and_figures_are_mended(self) -> None:
        (self.folder / "tmp" / "old").write_bytes(b"x")
        (self.folder / "tmp" / "tree").mkdir()
        (self.folder / "tmp" / "tree" / "x").write_bytes(b"x")
        self.age(2)
        (self.folder / "tmp" / "new").write_bytes(b"x")
        StorageUsage.objects.update(bytes=99)
        self.sweep()
        self.assertEqual(os.listdir(self.folder / "tmp"), ["new"])
        self.assertEqual(self.files.figures().used, 3)


class Archive:
    """An archive in memory, as far as a part sees it."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def put_json(self, name: str, value: object) -> None:
        self.values[name] = value

    def put_lines(self, name: str, rows: Iterator[object]) -> None:
        raise AssertionError(name)

    def put_stream(self, name: str, stream: IO[bytes]) -> None:
        self.values[name] = stream.read()

    def names(self, prefix: str = "") -> list[str]:
        return sorted(name for name in self.values if name.startswith(prefix))

    def get_json(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        return self.values.get(name, default)

    def get_lines(self, name: str) -> Iterator[Any]:
        raise AssertionError(name)

    def get_stream(self, name: str) -> IO[bytes]:
        return io.BytesIO(self.values[name])


class FilesPartTest(FilesCase):
    def test_files_go_along_where_they_are_asked_for(self) -> None:
        part = next(one for one in parts.registered() if one.name == "files")
        large = os.urandom(700_000)
        self.put("docs/large", large)
        self.put("docs/empty", b"")
        self.files.mkdir("nothing/in/it")
        without, archive = Archive(), Archive()
        part.dump(self.project, without, ExportOptions())
        self.assertEqual(without.values, {})
        part.dump(self.project, archive, ExportOptions(files=True))
        before = self.paths()
        self.files.store.destroy()
        part.load(self.project, archive, SYSTEM)
        self.assertEqual(self.paths(), before)
        self.assertEqual(self.content("docs/large"), large)
        self.assertEqual(self.content("docs/empty"), b"")

    def test_an_archive_without_files_is_fine(self) -> None:
        part = next(one for one in parts.registered() if one.name == "files")
        part.load(self.project, Archive(), SYSTEM)
        self.assertEqual(self.paths(), [])
