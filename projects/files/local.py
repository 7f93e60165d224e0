"""Files on the local disk, or on a volume that all nodes share.

`<STORAGE_ROOT>/<project id>/` holds `storage`, which people see, and `tmp` beside it, where whatever is not yet or no
longer there stands. Both are on one file system: what is finished moves by one rename.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple, overload
from uuid import UUID

from django.conf import settings

from accounts.etags import StaleError, check_if_match
from projects.files import errors, trees
from projects.files.beneath import FOLDER, look, open_beneath, opened
from projects.files.drafts import LocalDraft, LocalOpened
from projects.files.errors import system_errors
from projects.files.listing import entry_of, in_order, states
from projects.files.store import Change, Draft, Entry, Meter, Opened, name_key
from projects.folding import fold
from projects.limits import PATH_BYTES, PATH_DEPTH
from projects.names import check_path, path_parts


class Room(NamedTuple):
    """Open folders of a project: its own, the one of its files, the one of temporary things."""

    base: int
    root: int
    tmp: int


class LocalStore:
    def __init__(self, project_id: UUID) -> None:
        self._folder = settings.STORAGE_ROOT / str(project_id)

    def stat(self, path: str) -> Entry:
        path = "/".join(path_parts(path))
        with system_errors(), self._room() as room:
            return entry_of(path, _present(room, path))

    def list(
        self, path: str = "", *, order: str = "name", search: str = "", recursive: bool = False
    ) -> Sequence[Entry]:
        path = "/".join(path_parts(path))
        with system_errors(), self._room() as room, opened(room.root, path) as folder:
            above = f"{path}/" if path else ""
            if recursive or search:
                found = [(one.path, one.is_dir) for one in trees.walk(folder, above)]
            else:
                found = [(above + name, is_dir) for name, is_dir in trees.children(folder)]
        if search:
            wanted = fold(search)
            found = [one for one in found if wanted in fold(one[0].rpartition("/")[2])]
        found.sort(key=lambda one: name_key(one[0]), reverse=order == "-name")
        found.sort(key=lambda one: not one[1])
        paths = [one[0] for one in found]
        if order not in ("name", "-name"):
            with system_errors(), self._room() as room:
                paths = in_order(states(room.root, paths), order)
        return _Entries(self, paths)

    def open(self, path: str) -> Opened:
        path = check_path(path)
        with system_errors(), self._room() as room:
            handle = open_beneath(room.root, path, os.O_RDONLY | os.O_NONBLOCK)
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            os.close(handle)
            raise errors.is_folder() if stat.S_ISDIR(state.st_mode) else errors.not_found()
        return LocalOpened(handle, entry_of(path, state))

    def draft(self) -> Draft:
        with system_errors(), self._room() as room:
            return LocalDraft(os.dup(room.tmp), self._keep)

    def mkdir(self, path: str) -> Change:
        path = check_path(path)
        with system_errors(), self._turn() as room:
            if look(room.root, path) is not None:
                raise errors.exists()
            made = _make_folders(room.root, path)
            return Change(0, made, entry_of(path, _present(room, path)))

    def move(self, path: str, new_path: str, *, overwrite: bool = False) -> Change:
        path, new_path = check_path(path), check_path(new_path, "/new_path")
        if f"{new_path}/".startswith(f"{path}/"):
            raise errors.exists() if path == new_path else errors.into_itself()
        above, _slash, name = path.rpartition("/")
        with system_errors(), self._turn() as room, opened(room.root, above) as parent:
            if stat.S_ISDIR(_present(room, path).st_mode):
                with opened(room.root, path) as folder:
                    _check_extent(folder, new_path)
            change = _place(room.root, parent, name, new_path, overwrite)
            os.fsync(parent)
            # What was moved is no gain: only what it replaced, and folders made on the way, count.
            return change

    def copy(self, path: str, new_path: str, *, overwrite: bool = False, meter: Meter) -> Change:
        path, new_path = check_path(path), check_path(new_path, "/new_path")
        if f"{new_path}/".startswith(f"{path}/"):
            raise errors.exists() if path == new_path else errors.into_itself()
        above, _slash, name = path.rpartition("/")
        draft = trees.new_name()
        with system_errors(), self._room() as room, opened(room.root, above) as parent:
            try:
                if stat.S_ISDIR(_present(room, path).st_mode):
                    gained = _copy_folder(room, path, draft, new_path, meter)
                else:
                    gained = Change(trees.copy_file(parent, name, room.tmp, draft, meter), 1)
                with self._turn():
                    placed = _place(room.root, room.tmp, draft, new_path, overwrite)
            finally:
                trees.remove(room.tmp, draft)
        return Change(gained.bytes + placed.bytes, gained.files + placed.files, placed.entry)

    def delete(self, path: str, *, recursive: bool = False) -> Change:
        path = check_path(path)
        above, _slash, name = path.rpartition("/")
        grave = trees.new_name()
        with system_errors(), self._room() as room:
            with self._turn(), opened(room.root, above) as parent:
                state = _present(room, path)
                lost = Change(state.st_size, 1)
                if not stat.S_ISDIR(state.st_mode):
                    os.unlink(name, dir_fd=parent)
                elif recursive:
                    with opened(room.root, path) as folder:
                        lost = trees.measure(folder)
                    lost = Change(lost.bytes, lost.files + 1)
                    os.rename(name, grave, src_dir_fd=parent, dst_dir_fd=room.tmp)
                else:
                    os.rmdir(name, dir_fd=parent)
                    lost = Change(0, 1)
                os.fsync(parent)
            # Out of sight at once; clearing it away takes its time.
            trees.remove(room.tmp, grave)
        return Change(-lost.bytes, -lost.files)

    def usage(self) -> Change:
        with system_errors(), self._room() as room:
            return trees.measure(room.root)

    def sweep(self, before: datetime) -> int:
        if not self._folder.is_dir():
            return 0
        with system_errors(), self._room() as room:
            return trees.sweep(room.tmp, before.timestamp())

    def holds_anything(self) -> bool:
        return self._folder.exists()

    def destroy(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def _room(self) -> Iterator[Room]:
        """The project's folders, opened; they are made where they are missing."""
        try:
            base = os.open(self._folder, FOLDER)
        except FileNotFoundError:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            base = os.open(self._folder, FOLDER)
        handles = [base]
        try:
            for name in ("storage", "tmp"):
                handles.append(_open_or_make(base, name))
            yield Room(*handles)
        finally:
            for handle in handles:
                os.close(handle)

    @contextmanager
    def _turn(self) -> Iterator[Room]:
        """The same, while nobody else changes what people see: looking and doing are one step."""
        with self._room() as room:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            lock = os.open("lock", flags, 0o600, dir_fd=room.base)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield room
            finally:
                os.close(lock)

    def _keep(self, tmp: int, name: str, path: str, overwrite: bool, if_match: str | None) -> Change:
        """A draft's last step."""
        path = check_path(path)
        with system_errors(), self._turn() as room:
            size = os.stat(name, dir_fd=tmp, follow_symlinks=False).st_size
            placed = _place(room.root, tmp, name, path, overwrite, if_match)
        return Change(size + placed.bytes, 1 + placed.files, placed.entry)


class _Entries(Sequence[Entry]):
    """Entries of paths, looked up as they are asked for; what has vanished meanwhile is left out of a slice."""

    def __init__(self, store: LocalStore, paths: list[str]) -> None:
        self._store, self._paths = store, paths

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        if isinstance(index, int):
            return self._store.stat(self._paths[index])
        with system_errors(), self._store._room() as room:
            return [entry_of(path, state) for path, state in states(room.root, self._paths[index])]


def _present(room: Room, path: str) -> os.stat_result:
    state = look(room.root, path)
    if state is None:
        raise errors.not_found()
    return state


def _place(
    root: int, source: int, name: str, path: str, overwrite: bool, if_match: str | None = None
) -> Change:
    """Move something finished to its path, by one rename, in turn; what it costs beside itself."""
    there = look(root, path)
    _check_free(there, overwrite, if_match)
    coming = os.stat(name, dir_fd=source, follow_symlinks=False)
    if there is not None and stat.S_ISDIR(coming.st_mode):
        raise errors.exists()
    above, _slash, new_name = path.rpartition("/")
    made = _make_folders(root, above)
    with opened(root, above) as parent:
        os.rename(name, new_name, src_dir_fd=source, dst_dir_fd=parent)
        os.fsync(parent)
    entry = entry_of(path, coming)
    if there is None:
        return Change(0, made, entry)
    return Change(-there.st_size, made - 1, entry)


def _check_free(there: os.stat_result | None, overwrite: bool, if_match: str | None) -> None:
    if there is None:
        if if_match is not None:
            raise StaleError
        return
    if stat.S_ISDIR(there.st_mode):
        raise errors.exists()
    check_if_match(if_match, entry_of("", there).etag)
    if not overwrite:
        raise errors.exists()


def _make_folders(root: int, path: str) -> int:
    """Make what is missing of a path of folders; how many these were. Raises ConflictError for a file on the way."""
    made = 0
    held = os.dup(root)
    try:
        for step in path.split("/") if path else ():
            try:
                os.mkdir(step, 0o700, dir_fd=held)
                os.fsync(held)
                made += 1
            except FileExistsError:
                pass
            try:
                deeper = os.open(step, FOLDER, dir_fd=held)
            except NotADirectoryError as error:
                raise errors.not_a_folder() from error
            os.close(held)
            held = deeper
    finally:
        os.close(held)
    return made


def _open_or_make(base: int, name: str) -> int:
    try:
        return os.open(name, FOLDER, dir_fd=base)
    except FileNotFoundError:
        try:
            os.mkdir(name, 0o700, dir_fd=base)
        except FileExistsError:
            pass  # somebody else was faster
        return os.open(name, FOLDER, dir_fd=base)


def _copy_folder(room: Room, path: str, draft: str, new_path: str, meter: Meter) -> Change:
    """A whole folder into the temporary one."""
    with opened(room.root, path) as source:
        _check_extent(source, new_path)
        meter(0, 1)
        os.mkdir(draft, 0o700, dir_fd=room.tmp)
        with opened(room.tmp, draft) as target:
            gained = trees.copy_tree(source, target, meter)
    return Change(gained.bytes, gained.files + 1)


def _check_extent(folder: int, new_path: str) -> None:
    """Raises UserError when something in a folder would get too long or too deep a path."""
    longest, deepest = trees.extent(folder)
    too_long = len(new_path.encode()) + 1 + longest > PATH_BYTES if longest else False
    if too_long or new_path.count("/") + 1 + deepest > PATH_DEPTH:
        raise errors.too_deep()
