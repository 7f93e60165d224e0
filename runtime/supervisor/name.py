"""The name of a node, held by a lock on this machine, and the lives that were lived under it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

MOST_NODES = 64


class NodeName:
    """The first free name of `wanted`, `wanted-2`, … on this machine.

    The lock goes with the process, and the locked file knows the ids of the lives that held it. So whoever gets
    the name knows that those lives are dead and may take over their runs at once; another machine that was given
    the same name has another file and is left alone.
    """

    def __init__(self, directory: Path, wanted: str) -> None:
        """Raises RuntimeError when there are too many nodes here."""
        for number in range(1, MOST_NODES + 1):
            self._name = wanted if number == 1 else f"{wanted}-{number}"
            self._file = os.open(directory / f"node-{self._name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(self._file)
                continue
            return
        raise RuntimeError(f"{MOST_NODES} nodes run on this machine already")

    def __str__(self) -> str:
        return self._name

    def remember(self, key: UUID) -> list[UUID]:
        """Write down the id of a life before it begins; returns those that it follows."""
        earlier = self._read()
        os.pwrite(self._file, f"{key}\n".encode(), len(earlier) * 37)
        return earlier

    def forget(self, keys: Sequence[UUID]) -> None:
        """Strike out lives that have been ended in the database."""
        left = [key for key in self._read() if key not in keys]
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, "".join(f"{key}\n" for key in left).encode(), 0)

    def _read(self) -> list[UUID]:
        lines = os.pread(self._file, 65536, 0).decode("ascii", "replace").splitlines()
        return [UUID(line) for line in lines if len(line) == 36]
