"""Nothing outside a project's folder is read, written, looked at or removed, whatever paths say and links lead to."""

from __future__ import annotations

import os
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import TestCase, mock

from django.conf import settings

from accounts.errors import UserError
from projects.files import beneath
from projects.files.store import FileStore, store_of

COUNT = int(os.environ.get("M3M_TEST_HOSTILE_PATHS", "10000"))
SECRET = b"the canary's own"
STEPS = (
    *(
        "..",
        ".",
        "",
        "...",
        "....//",
        "..\\",
        "%2e%2e",
        "..%2f",
        "..;",
        " ..",
        ".. ",
        "..\0",
        "\0",
        "~",
        "~root",
    ),
    *(
        "/",
        "//",
        "\\",
        "C:",
        "con",
        "nul",
        "aux.txt",
        "etc",
        "passwd",
        "proc",
        "self",
        "fd",
        "root",
        "dev",
        "fd/3",
    ),
    *(
        "canary",
        "secret.txt",
        "storage",
        "tmp",
        "lock",
        "a",
        "b",
        "docs",
        "outside",
        "loop",
        "up",
        "file-link",
    ),
    *(
        "\u202e",
        "a\u202eb",
        "\u200b",
        "\u2028",
        "\ud800",
        "\udcff",
        "e\u0301",
        "\uff0e\uff0e",
        "\u2025",
        "\u2215",
    ),
    *(
        "a" * 255,
        "a" * 256,
        "ä" * 128,
        "\n",
        "a\nb",
        "\r",
        "\t",
        "-rf",
        "*",
        "?",
        "|",
        "$(id)",
        "`id`",
        "'",
        '"',
    ),
)


def free(_size: int, _files: int) -> None:
    """A meter that lets everything pass."""


def tree(folder: Path) -> dict[str, tuple[int, ...]]:
    """All that is below a folder, with what changes when somebody reads or writes it."""
    found: dict[str, tuple[int, ...]] = {}
    for path in [folder, *folder.rglob("*")]:
        state = path.lstat()
        found[str(path)] = (state.st_ino, state.st_mode, state.st_size, state.st_mtime_ns, state.st_atime_ns)
    return found


class HostileCase(TestCase):
    """A project's folder with planted links, and canaries all around it."""

    def setUp(self) -> None:
        self.key = uuid.uuid4()
        self.store: FileStore = store_of(self.key)
        self.addCleanup(self.store.destroy)
        self.put("docs/a", b"inside")
        self.base = settings.STORAGE_ROOT / str(self.key)
        self.root = self.base / "storage"
        self.canary = settings.STORAGE_ROOT / "canary"
        self.canary.mkdir(exist_ok=True)
        (self.canary / "secret.txt").write_bytes(SECRET)
        (self.canary / "folder").mkdir(exist_ok=True)
        (self.base / "secret.txt").write_bytes(SECRET)
        (self.base / "secret.txt").chmod(0o400)
        for name, target in (
            ("outside", self.canary),
            ("up", ".."),
            ("loop", "loop"),
            ("file-link", self.canary / "secret.txt"),
            ("absolute", "/"),
            ("proc", "/proc/self"),
            ("docs/up", "../.."),
            ("docs/inside", "a"),
        ):
            (self.root / name).symlink_to(target)
        os.mkfifo(self.root / "pipe")

    def put(self, path: str, data: bytes, overwrite: bool = False) -> None:
        draft = self.store.draft()
        try:
            draft.write(data)
            draft.keep(path, overwrite=overwrite)
        finally:
            draft.discard()

    def read(self, path: str) -> bytes:
        with self.store.open(path) as opened:
            return b"".join(opened.chunks())

    def calls(self, path: str, other: str) -> list[Callable[[], object]]:
        store = self.store
        return [
            lambda: store.stat(path),
            lambda: list(store.list(path)[:5]),
            lambda: self.read(path),
            lambda: self.put(path, b"overwritten", overwrite=True),
            lambda: store.mkdir(path),
            lambda: store.move("docs/a", path, overwrite=True),
            lambda: store.move(path, other, overwrite=True),
            lambda: store.copy(path, other, overwrite=True, meter=free),
            lambda: store.copy("docs/a", path, overwrite=True, meter=free),
            lambda: store.delete(path, recursive=True),
        ]

    @contextmanager
    def nothing_outside_changes(self) -> Iterator[None]:
        # The access time is part of it: a read leaves its trace too where the disk keeps it.
        before = (
            tree(self.canary),
            (self.base / "secret.txt").read_bytes(),
            set(os.listdir(settings.STORAGE_ROOT)),
        )
        yield
        after = (
            tree(self.canary),
            (self.base / "secret.txt").read_bytes(),
            set(os.listdir(settings.STORAGE_ROOT)),
        )
        self.assertEqual(before, after)
        self.assertEqual(set(os.listdir(self.base)), {"storage", "tmp", "lock", "secret.txt"})
        self.assertEqual(os.listdir(self.base / "tmp"), [])


class HostilePathsTest(HostileCase):
    def test_generated_paths(self) -> None:
        dice = random.Random(20260101)  # noqa: S311
        accepted = refused = 0
        with self.nothing_outside_changes():
            for _number in range(COUNT):
                path, other = self._path(dice), self._path(dice)
                call = dice.choice(self.calls(path, other))
                try:
                    found = call()
                    accepted += 1
                except UserError:
                    refused += 1
                    continue
                self.assertNotEqual(found, SECRET, path)
                self._refresh()
        self.assertEqual(accepted + refused, COUNT)
        self.assertGreater(accepted, COUNT // 50)
        self.assertGreater(refused, COUNT // 5)

    def test_generated_paths_where_the_kernel_lacks_openat2(self) -> None:
        with mock.patch.object(beneath, "has_openat2", return_value=False):
            self.test_generated_paths()

    def test_links_lead_nowhere(self) -> None:
        paths = (
            *("outside", "outside/secret.txt", "outside/folder", "up/secret.txt", "up", "loop", "loop/a"),
            *("file-link", "absolute/etc/passwd", "proc/fd/0", "docs/up/secret.txt", "docs/inside", "pipe"),
        )
        for lacking in (False, True):
            with mock.patch.object(beneath, "has_openat2", return_value=not lacking):
                for path in paths:
                    for call in (
                        lambda path=path: self.store.stat(path),
                        lambda path=path: self.store.list(path),
                        lambda path=path: self.read(path),
                        lambda path=path: self.store.copy(path, "copied", meter=free),
                        lambda path=path: self.store.move(path, "moved"),
                        lambda path=path: self.store.delete(path, recursive=True),
                    ):
                        with self.assertRaises(UserError, msg=path):
                            call()
        listed = [one.path for one in self.store.list(recursive=True)[:]]
        self.assertEqual(listed, ["docs", "docs/a"])
        self.assertEqual(self.store.usage().bytes, len(b"inside"))

    def test_writing_over_a_link_replaces_the_link(self) -> None:
        with self.nothing_outside_changes():
            self.put("file-link", b"mine", overwrite=True)
        self.assertEqual(self.read("file-link"), b"mine")
        self.assertFalse((self.root / "file-link").is_symlink())

    def test_deleting_and_copying_folders_does_not_follow_links(self) -> None:
        for name in ("outside", "up", "loop", "file-link"):
            (self.root / "docs" / f"{name}-2").symlink_to(self.canary)
        with self.nothing_outside_changes():
            self.store.copy("docs", "copied", meter=free)
            self.assertEqual(os.listdir(self.root / "copied"), ["a"])
            self.store.delete("docs", recursive=True)
            self.store.delete("copied", recursive=True)
        self.assertTrue((self.canary / "secret.txt").exists())

    def test_swaps_of_links_do_not_win(self) -> None:
        """A folder is exchanged for a link and back all the time, while everything is done below it."""
        for lacking in (False, True):
            patch = mock.patch.object(beneath, "has_openat2", return_value=not lacking)
            with patch, self.nothing_outside_changes():
                self._race(seconds=1.0)

    def _race(self, seconds: float) -> None:
        (self.root / "swap").mkdir(exist_ok=True)
        done = threading.Event()

        def swap() -> None:
            while not done.is_set():
                try:
                    os.rename(self.root / "swap", self.root / "swap-folder")
                    os.symlink(self.canary, self.root / "swap")
                    os.unlink(self.root / "swap")
                    os.rename(self.root / "swap-folder", self.root / "swap")
                except OSError:
                    continue

        thread = threading.Thread(target=swap)
        thread.start()
        attempts, deadline = 0, time.monotonic() + seconds
        try:
            while time.monotonic() < deadline:
                for call in self.calls("swap/secret.txt", "swap/folder")[:-1]:
                    try:
                        self.assertNotEqual(call(), SECRET)
                    except UserError:
                        pass
                    attempts += 1
        finally:
            done.set()
            thread.join()
        self.assertGreater(attempts, 50)

    def _path(self, dice: random.Random) -> str:
        steps = [dice.choice(STEPS) for _count in range(dice.randint(1, 4))]
        return dice.choice(("/", "//", "/../", "\\")).join(steps) if dice.random() < 0.3 else "/".join(steps)

    def _refresh(self) -> None:
        """What later calls need may have been moved or deleted."""
        if not (self.root / "docs" / "a").is_file():
            try:
                self.put("docs/a", b"inside", overwrite=True)
            except UserError:
                self.store.delete("docs", recursive=True)
                self.put("docs/a", b"inside")
