"""One suite for every implementation of FileStore."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from unittest import TestCase

from django.utils import timezone

from accounts.errors import ConflictError, UserError
from accounts.etags import StaleError
from projects.files.store import Change, FileStore, store_of
from projects.tests.moto import s3_server, s3_settings


def free(_size: int, _files: int) -> None:
    """A meter that lets everything pass."""


class FileStoreSuite:
    """Run by the classes below, for one implementation each."""

    store: FileStore
    tells_when_drafts_began = True

    def put(self, path: str, data: bytes = b"x", **options: object) -> Change:
        draft = self.store.draft()
        try:
            draft.write(data)
            return draft.keep(path, **options)  # type: ignore[arg-type]
        finally:
            draft.discard()

    def get(self, path: str, start: int = 0, stop: int | None = None) -> bytes:
        with self.store.open(path) as opened:
            return b"".join(opened.chunks(start, stop))

    def paths(self, path: str = "", **options: object) -> list[str]:
        return [one.path for one in self.store.list(path, **options)[:]]  # type: ignore[arg-type]

    def code(self, call: object, *args: object, **options: object) -> str:
        try:
            call(*args, **options)  # type: ignore[operator]
        except UserError as error:
            return error.code
        return ""

    def test_what_is_kept_is_there(self) -> None:
        change = self.put("docs/new/report.txt", b"hello")
        assert (change.bytes, change.files) == (5, 3)
        entry = self.store.stat("docs/new/report.txt")
        assert entry == change.entry
        assert (entry.name, entry.size, entry.is_dir, entry.mime_type) == (
            "report.txt",
            5,
            False,
            "text/plain",
        )
        assert self.get("docs/new/report.txt") == b"hello"
        assert abs(entry.updated_at - timezone.now()) < timedelta(minutes=1)

    def test_ranges(self) -> None:
        self.put("a", b"0123456789")
        assert self.get("a", 3, 6) == b"345"
        assert self.get("a", 8) == b"89"
        assert self.get("a", 10) == b""

    def test_an_empty_and_a_large_file(self) -> None:
        self.put("empty", b"")
        assert self.get("empty") == b""
        large = bytes(range(256)) * 36_000
        assert self.put("large", large).bytes == len(large)
        assert self.get("large") == large
        assert self.put("large", large + b"!", overwrite=True).bytes == 1
        assert self.get("large", len(large)) == b"!"

    def test_a_draft_is_seen_by_nobody_and_leaves_nothing(self) -> None:
        draft = self.store.draft()
        draft.write(b"x" * 9_000_000)
        assert self.paths(recursive=True) == []
        draft.discard()
        draft.discard()
        assert self.store.sweep(timezone.now() + timedelta(days=1)) == 0

    def test_sweep_removes_what_was_left(self) -> None:
        draft = self.store.draft()
        draft.write(b"x" * 9_000_000)
        if self.tells_when_drafts_began:
            assert self.store.sweep(timezone.now() - timedelta(days=1)) == 0
        assert self.store.sweep(timezone.now() + timedelta(days=1)) == 1
        assert self.store.sweep(timezone.now() + timedelta(days=1)) == 0

    def test_nothing_is_replaced_unasked(self) -> None:
        self.put("a", b"old")
        self.put("folder/b")
        assert self.code(self.put, "a", b"new") == "file_exists"
        assert self.code(self.put, "folder", b"new", overwrite=True) == "file_exists"
        assert self.code(self.put, "a/below", b"new") == "not_a_folder"
        assert self.get("a") == b"old"
        change = self.put("a", b"newer", overwrite=True)
        assert (change.bytes, change.files) == (2, 0)
        assert self.get("a") == b"newer"

    def test_if_match(self) -> None:
        first = self.put("a", b"one").entry
        assert first is not None
        second = self.put("a", b"two", overwrite=True, if_match=first.etag).entry
        assert second is not None
        assert first.etag != second.etag
        for path, etag in (("a", first.etag), ("b", first.etag), ("b", "*")):
            try:
                self.put(path, b"three", overwrite=True, if_match=etag)
            except StaleError:
                continue
            raise AssertionError(path)
        assert self.get("a") == b"two"
        self.put("a", b"three", overwrite=True, if_match="*")

    def test_mkdir(self) -> None:
        change = self.store.mkdir("a/b/c")
        assert change.files == 3
        assert change.entry is not None
        assert change.entry.is_dir
        self.put("file")
        assert self.code(self.store.mkdir, "a/b") == "file_exists"
        assert self.code(self.store.mkdir, "file") == "file_exists"
        assert self.code(self.store.mkdir, "file/below") == "not_a_folder"
        assert self.code(self.store.mkdir, "") == "path_missing"

    def test_list(self) -> None:
        for path, size in (("b.txt", 3), ("A.txt", 1), ("z/inner.txt", 2), ("c.txt", 2)):
            self.put(path, b"x" * size)
        self.store.mkdir("empty")
        assert self.paths() == ["empty", "z", "A.txt", "b.txt", "c.txt"]
        assert self.paths(order="-name") == ["z", "empty", "c.txt", "b.txt", "A.txt"]
        assert self.paths(order="size")[2:] == ["A.txt", "c.txt", "b.txt"]
        assert self.paths(order="-size")[2:] == ["b.txt", "c.txt", "A.txt"]
        assert set(self.paths(order="-updated_at")) == {"empty", "z", "A.txt", "b.txt", "c.txt"}
        assert self.paths("z") == ["z/inner.txt"]
        assert self.paths("empty") == []
        assert self.paths(recursive=True) == ["empty", "z", "A.txt", "b.txt", "c.txt", "z/inner.txt"]
        assert len(self.store.list()) == 5
        assert [one.path for one in self.store.list()[1:3]] == ["z", "A.txt"]
        assert self.code(self.store.list, "nothing") == "file_not_found"
        assert self.code(self.store.list, "b.txt") == "file_not_found"

    def test_search(self) -> None:
        for path in ("Übung.txt", "a/übungen/x", "a/report.txt"):
            self.put(path)
        assert self.paths(search="ÜBUNG") == ["a/übungen", "Übung.txt"]
        assert self.paths("a", search="report") == ["a/report.txt"]
        assert self.paths(search="a/") == []

    def test_move(self) -> None:
        self.put("a/one", b"12")
        self.put("two", b"123")
        assert self.store.move("a/one", "b/c/uno").files == 2
        assert self.get("b/c/uno") == b"12"
        assert self.paths("a") == []
        change = self.store.move("two", "b/c/uno", overwrite=True)
        assert (change.bytes, change.files) == (-2, -1)
        assert self.get("b/c/uno") == b"123"
        moved = self.store.move("b", "d")
        assert (moved.bytes, moved.files) == (0, 0)
        assert self.get("d/c/uno") == b"123"
        assert self.code(self.store.stat, "b") == "file_not_found"

    def test_move_refuses(self) -> None:
        self.put("a/one")
        self.put("two")
        self.store.mkdir("empty")
        assert self.code(self.store.move, "nothing", "x") == "file_not_found"
        assert self.code(self.store.move, "two", "a/one") == "file_exists"
        assert self.code(self.store.move, "two", "a", overwrite=True) == "file_exists"
        assert self.code(self.store.move, "a", "empty", overwrite=True) == "file_exists"
        assert self.code(self.store.move, "a", "two", overwrite=True) == "file_exists"
        assert self.code(self.store.move, "a", "a/b/c") == "into_itself"
        assert self.code(self.store.move, "a", "a") == "file_exists"
        assert self.code(self.store.move, "two", "a/one/x") == "not_a_folder"
        deep = "/".join("d" * 31)
        assert self.code(self.store.move, "a", f"{deep}/a") == "path_too_long"
        assert self.paths(recursive=True) == ["a", "empty", "a/one", "two"]

    def test_copy(self) -> None:
        self.put("a/b/one", b"12")
        self.put("a/two", b"123")
        self.store.mkdir("a/empty")
        told: list[tuple[int, int]] = []
        change = self.store.copy("a", "x/y", meter=lambda size, files: told.append((size, files)))
        assert (change.bytes, change.files) == (5, 6)
        assert (sum(size for size, _ in told), sum(files for _, files in told)) == (5, 5)
        assert self.get("x/y/b/one") == b"12"
        assert self.paths("x/y") == ["x/y/b", "x/y/empty", "x/y/two"]
        assert self.code(self.store.copy, "a/two", "a/b/one", meter=free) == "file_exists"
        change = self.store.copy("a/two", "a/b/one", overwrite=True, meter=free)
        assert (change.bytes, change.files) == (1, 0)
        assert self.code(self.store.copy, "a", "a/b/c", meter=free) == "into_itself"
        assert self.code(self.store.copy, "nothing", "b", meter=free) == "file_not_found"
        usage = self.store.usage()
        assert (usage.bytes, usage.files) == (11, 11)

    def test_a_copy_that_is_refused_leaves_nothing(self) -> None:
        self.put("a/one", b"12")

        def refuse(size: int, files: int) -> None:
            if size:
                raise ConflictError("full", "")

        assert self.code(self.store.copy, "a", "b", meter=refuse) == "full"
        assert self.paths(recursive=True) == ["a", "a/one"]
        assert self.store.sweep(timezone.now() + timedelta(days=1)) == 0

    def test_delete(self) -> None:
        self.put("a/b/one", b"12")
        self.put("two", b"123")
        assert self.code(self.store.delete, "a") == "folder_not_empty"
        assert self.store.delete("two") == Change(-3, -1)
        assert self.store.delete("a", recursive=True) == Change(-2, -3)
        self.store.mkdir("c")
        assert self.store.delete("c") == Change(0, -1)
        assert self.code(self.store.delete, "c") == "file_not_found"
        assert self.code(self.store.delete, "", recursive=True) == "path_missing"
        assert self.store.usage() == Change()

    def test_what_is_open_is_read_to_its_end(self) -> None:
        self.put("a", b"x" * 100)
        with self.store.open("a") as opened:
            chunks: Iterator[bytes] = opened.chunks()
            first = next(chunks)
            self.store.delete("a")
            assert first + b"".join(chunks) == b"x" * 100

    def test_open_takes_files_alone(self) -> None:
        self.store.mkdir("a")
        assert self.code(self.store.open, "a") == "is_folder"
        assert self.code(self.store.open, "b") == "file_not_found"
        assert self.code(self.store.open, "") == "path_missing"

    def test_names_are_normalised(self) -> None:
        self.put("cafe\u0301", b"1")
        assert self.paths() == ["caf\u00e9"]
        assert self.get("/cafe\u0301/") == b"1"

    def test_projects_do_not_see_each_other(self) -> None:
        self.put("a")
        other = store_of(uuid.uuid4())
        assert len(other.list()) == 0
        assert self.code(other.stat, "a") == "file_not_found"
        self.store.destroy()
        assert len(self.store.list()) == 0


class LocalStoreTest(FileStoreSuite, TestCase):
    def setUp(self) -> None:
        self.store = store_of(uuid.uuid4())

    def tearDown(self) -> None:
        self.store.destroy()


class S3StoreTest(FileStoreSuite, TestCase):
    endpoint: str
    server: ExitStack
    # moto says 2010 of every upload of parts.
    tells_when_drafts_began = False

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = ExitStack()
        cls.endpoint = cls.server.enter_context(s3_server())

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.close()
        super().tearDownClass()

    def setUp(self) -> None:
        self.bucket = self.enterContext(s3_settings(self.endpoint))
        self.store = store_of(uuid.uuid4())

    def test_folders_of_other_programs_are_seen(self) -> None:
        self.put("a")
        root = self.store._root  # type: ignore[attr-defined]
        bucket = self.store._bucket  # type: ignore[attr-defined]
        self.bucket.put_object(Bucket=bucket, Key=f"{root}deep/er/file", Body=b"x")
        assert self.paths(recursive=True) == ["deep", "deep/er", "a", "deep/er/file"]
        assert self.paths("deep") == ["deep/er"]
        self.store.delete("deep", recursive=True)
        assert self.paths() == ["a"]
