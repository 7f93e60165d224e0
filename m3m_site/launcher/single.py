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
    listeners = listeners_of(role, bind)
    module = import_module("m3m_site.launcher.platform").load((role,))[role]
    process.freeze()
    # The roles stop in good order on SIGTERM; Ctrl-C asks for the same.
    signal.signal(signal.SIGINT, lambda _number, _frame: signal.raise_signal(signal.SIGTERM))
    if role == "web":
        return int(module.run(listeners))
    return int(module.run(*listeners))


def prepare() -> int:
    """Migrate and make the first account, once per deployment; the exit code."""
    import_module("m3m_site.launcher.platform").load(())
    first = import_module("m3m_site.launcher.first")
    return 0 if first.prepare() in (first.READY, first.FRESH) else 1


def listeners_of(role: str, bind: str | None) -> list[socket.socket]:
    """Where a role listens: front at `bind` or its configured place, web at its socket and `bind`, others nowhere."""
    if role == "web":
        inner = listen_unix(runtime_dir() / "web.sock")
        return [listen_tcp(*parse_bind(bind)), inner] if bind else [inner]
    if role == "front":
        server = load_config().server
        return [listen_tcp(*(parse_bind(bind) if bind else (server.host, server.port)))]
    return []


def parse_bind(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, `[IPV6]:PORT` or `:PORT`; raises CommandError for anything else."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise CommandError(_("'{text}' is no address such as 0.0.0.0:8000.").format(text=text))
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104  (what `:PORT` means everywhere)
