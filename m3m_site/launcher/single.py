"""`m3m front`, `web`, `worker`, `beat`: one role in the foreground, for containers and service managers."""

from __future__ import annotations

import signal
import socket
from importlib import import_module

from m3m_site.conf import load_config, runtime_dir
from m3m_site.console import CommandError, _
from m3m_site.launcher import process
from m3m_site.launcher.sockets import listen_tcp, listen_unix


def run(role: str, bind: str | None) -> int:
    """Be one role until SIGTERM or Ctrl-C; the exit code. Raises CommandError where it cannot listen."""
    process.forbid_core_files()
    process.save_memory()
    process.set_name(role)
    listener = listener_of(role, bind)
    module = import_module("m3m_site.launcher.platform").load((role,))[role]
    process.freeze()
    # The roles stop in good order on SIGTERM; Ctrl-C asks for the same.
    signal.signal(signal.SIGINT, lambda _number, _frame: signal.raise_signal(signal.SIGTERM))
    if role == "web":
        return int(module.run([listener]))
    return int(module.run(listener) if listener else module.run())


def listener_of(role: str, bind: str | None) -> socket.socket | None:
    """Where a role listens: `bind`, else its configured place; None for roles that do not listen."""
    if role not in ("front", "web"):
        return None
    if bind:
        return listen_tcp(*parse_bind(bind))
    if role == "web":
        return listen_unix(runtime_dir() / "web.sock")
    server = load_config().server
    return listen_tcp(server.host, server.port)


def parse_bind(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, `[IPV6]:PORT` or `:PORT`; raises CommandError for anything else."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise CommandError(_("'{text}' is no address such as 0.0.0.0:8000.").format(text=text))
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104  (what `:PORT` means everywhere)
