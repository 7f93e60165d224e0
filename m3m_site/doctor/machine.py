"""What the platform needs from this machine, whether it runs or not."""

from __future__ import annotations

import ctypes.util
import errno
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from importlib import import_module

from m3m_site.conf import BASE_DIR, data_dir, load_config, runtime_dir
from m3m_site.console import _
from m3m_site.doctor.findings import Check, Problem, Remark
from m3m_site.launcher.embedded import answers

_LANDLOCK_CREATE_RULESET = 444
_MIB = 1024 * 1024
_LITTLE, _ENOUGH = 256 * _MIB, 2048 * _MIB
_SOCKET_PATH = 107  # bytes that the kernel takes
_LONGEST_SLUG = "s" * 50
_OLDEST_PYTHON = (3, 11)


def check_python() -> str:
    if sys.version_info < _OLDEST_PYTHON:
        raise Problem(_("Python 3.11 or newer is needed; install one and run make again."))
    return _("Python {version}").format(version=platform.python_version())


def check_config() -> str:
    """The file holds the keys to everything, so nobody else may read it."""
    load_config()
    path = data_dir() / "config.yaml"
    if path.stat().st_mode & 0o077:
        raise Problem(_("Others may read {path}, which holds secrets: chmod 600 {path}").format(path=path))
    return _("configuration {path}").format(path=path)


def check_directories() -> str:
    for folder in (data_dir(), runtime_dir()):
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise Problem(
                _("{folder} cannot be written to ({error}).").format(folder=folder, error=error.strerror)
            ) from error
    return _("{data} and {run} are writable").format(data=data_dir(), run=runtime_dir())


def check_port() -> str:
    """A port that answers is fine when it is this platform's own."""
    server = load_config().server
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((server.host, server.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE and answers():
                return _("port {port} is used by this platform, which is running").format(port=server.port)
            raise Problem(
                _("Port {port} cannot be used ({error}); set M3M_SERVER_PORT.").format(
                    port=server.port, error=error.strerror
                )
            ) from error
    return _("port {port} is free").format(port=server.port)


def check_seccomp() -> str:
    if sys.platform != "linux" or not os.path.exists("/proc/sys/kernel/seccomp"):
        raise Problem(
            _("This kernel has no seccomp; services start only with runtime.allow_insecure_sandbox.")
        )
    if not ctypes.util.find_library("seccomp"):
        raise Problem(
            _("libseccomp is missing; install it (Debian and Ubuntu: apt-get install libseccomp2).")
        )
    return _("seccomp and libseccomp")


def check_landlock() -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, 1) if sys.platform == "linux" else -1
    if version < 1:
        raise Remark(_("no Landlock in this kernel; the other locks of the sandbox hold without it"))
    return _("Landlock, version {version}").format(version=version)


def check_space() -> str:
    free = shutil.disk_usage(data_dir()).free
    words = _("{free} MB are free in {data}").format(free=free // _MIB, data=data_dir())
    if free < _LITTLE:
        raise Problem(_("{words}: make room, or saving and logs will fail.").format(words=words))
    if free < _ENOUGH:
        raise Remark(_("{words}: make room before long").format(words=words))
    return words


def check_sockets() -> str:
    """The longest path of a socket is that of a service with the longest slug."""
    longest = len(os.fsencode(runtime_dir() / "r" / _LONGEST_SLUG))
    if longest > _SOCKET_PATH:
        message = _("{run} is too long for sockets by {bytes} bytes; set M3M_RUN to a shorter directory.")
        raise Problem(message.format(run=runtime_dir(), bytes=longest - _SOCKET_PATH))
    return _("paths of sockets are short enough")


def check_sandbox() -> str:
    """Puts the lock together and has the kernel take it in a throw-away child."""
    lockdown = import_module("runtime.sandbox.lockdown")
    try:
        lockdown.Lock()
    except lockdown.LockError as error:
        if load_config().runtime.allow_insecure_sandbox:
            raise Remark(
                _("services run without a sandbox, by runtime.allow_insecure_sandbox: {error}").format(
                    error=error
                )
            ) from error
        raise Problem(_("Services cannot be locked up here: {error}.").format(error=error)) from error
    return _("the kernel takes the lock of sandboxes")


def check_engine() -> str:
    """A child, since an engine of another build may take its process with it."""
    code = "from runtime.sandbox.engine import self_test; self_test()"
    done = subprocess.run(  # noqa: S603  (our own interpreter and code)
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(BASE_DIR)!r}); {code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise Problem(
            _("The JavaScript engine fails its test; install the locked requirements. {reason}").format(
                reason=reason
            )
        )
    return _("the JavaScript engine passes its test")


def check_static() -> str:
    """What `make` and the image build: styles and modules of the pages."""
    static = load_config().server.static
    folder = load_config().path(static) if static else BASE_DIR / "static" / "dist"
    if not folder.is_dir() or not any(folder.iterdir()):
        word = "m3m manage collectstatic" if static else "make venv"
        raise Problem(
            _("The pages' files are missing in {folder}; build them: {command}").format(
                folder=folder, command=word
            )
        )
    return _("pages' files in {folder}").format(folder=folder)


MACHINE_CHECKS: tuple[Check, ...] = (
    check_python,
    check_config,
    check_directories,
    check_space,
    check_sockets,
    check_port,
    check_seccomp,
    check_landlock,
    check_sandbox,
    check_engine,
    check_static,
)
