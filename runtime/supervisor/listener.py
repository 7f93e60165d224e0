"""The listening socket of a service's routes, kept by the node so that connections queue while the sandbox changes."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

BACKLOG = 1024


class RouteListener:
    """Published at `<runtime directory>/r/<slug>` by a rename, so that the newest node's socket is always the one found."""

    def __init__(self, directory: Path, slug: str) -> None:
        self._directory = directory
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        temporary = directory / f".{os.getpid()}-{id(self):x}"
        try:
            self.socket.bind(str(temporary))
        except OSError:  # the first of all, or one that was left over
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.unlink(missing_ok=True)
            self.socket.bind(str(temporary))
        self.socket.listen(BACKLOG)
        self._inode = temporary.stat().st_ino
        self.slug = slug
        temporary.replace(directory / slug)

    def rename(self, slug: str) -> None:
        """Follow the project to another slug."""
        if slug != self.slug and self._is_ours():
            with contextlib.suppress(FileNotFoundError):
                (self._directory / self.slug).replace(self._directory / slug)
        self.slug = slug

    def _is_ours(self) -> bool:
        try:
            return (self._directory / self.slug).stat().st_ino == self._inode
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Take the address back, unless another node has taken it over."""
        if self._is_ours():
            with contextlib.suppress(FileNotFoundError):
                (self._directory / self.slug).unlink()
        self.socket.close()
