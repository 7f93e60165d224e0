"""The listening sockets; the parent keeps them, so that connections queue while a process restarts."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time
from pathlib import Path

from m3m_site.console import CommandError, _

BACKLOG = 2048


def listen_tcp(host: str, port: int) -> socket.socket:
    """A listening TCP socket; raises CommandError with one sentence where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise CommandError(_reason(error, host, port)) from error
    return listener


def _reason(error: Exception, host: str, port: int) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        text = _(
            "Port {port} is in use by another program; choose another with M3M_SERVER_PORT or server.port."
        )
    elif number in (errno.EACCES, errno.EPERM):
        text = _(
            "Port {port} needs rights that this user lacks; choose one above 1023 with M3M_SERVER_PORT or server.port."
        )
    else:
        text = _("{host}:{port} cannot be listened on ({error}); check server.host and server.port.")
    return text.format(host=host, port=port, error=getattr(error, "strerror", None) or error)


def listen_unix(path: Path) -> socket.socket:
    """A listening unix socket that only this user may connect to; replaces one that was left behind."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        raise CommandError(
            _("The socket {path} cannot be made ({error}); set M3M_RUN to a short path of your own.").format(
                path=path, error=error.strerror or error
            )
        ) from error
    finally:
        os.umask(before)
    listener.listen(BACKLOG)
    return listener


def lock_data(folder: Path, wait: float = 2.0) -> int:
    """Descriptor of a lock that says: this data directory is in use. Children share it, so it outlives a killed parent.

    Raises CommandError when another platform holds it for longer than `wait` seconds.
    """
    try:
        handle = os.open(folder / "m3m.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        text = _("Cannot write to {folder} ({error}); set M3M_DATA to a directory you may write to.")
        raise CommandError(text.format(folder=folder, error=error.strerror)) from error
    until = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() < until:
                time.sleep(0.05)
                continue
            holder = os.read(handle, 32).decode(errors="replace").strip()
            os.close(handle)
            text = _(
                "M3M already runs on {folder} (process {holder}); stop it, or set M3M_DATA to another directory."
            )
            raise CommandError(text.format(folder=folder, holder=holder or "?")) from error
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        return handle
