"""`m3m doctor`: what the platform needs from this machine, checked one by one."""

from __future__ import annotations

import ctypes.util
import errno
import os
import platform
import socket
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module

from m3m_site.conf import data_dir, load_config, runtime_dir
from m3m_site.console import _, say
from m3m_site.launcher.embedded import answers, find_redis

# A sentence when all is well, a Problem when it is not.
Check = Callable[[], str]
_LANDLOCK_CREATE_RULESET = 444


class Problem(Exception):
    """A check failed; the message says what to do."""


class Remark(Exception):
    """Something is missing that the platform can do without."""


def check_python() -> str:
    return _("Python {version}").format(version=platform.python_version())


def check_config() -> str:
    load_config()
    return _("configuration {path}").format(path=data_dir() / "config.yaml")


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


def check_redis() -> str:
    config = load_config()
    if not config.redis.uri:
        if found := find_redis():
            return _("embedded Redis: {path}").format(path=found)
        raise Problem(_("Redis is missing: install redis-server or valkey-server, or set M3M_REDIS_URI."))
    redis = import_module("redis")
    try:
        redis.Redis.from_url(config.redis.uri, socket_connect_timeout=3).ping()
    except redis.RedisError as error:
        raise Problem(_("Redis does not answer: {error}").format(error=error)) from error
    return _("Redis answers")


def check_database() -> str:
    django = import_module("django")
    django.setup()
    database = import_module("django.db")
    try:
        database.connection.ensure_connection()
    except database.Error as error:
        reason = " ".join(str(error).split())
        raise Problem(_("The database cannot be used: {reason}").format(reason=reason)) from error
    return _("database {vendor}").format(vendor=database.connection.vendor)


CHECKS: tuple[Check, ...] = (
    check_python,
    check_config,
    check_directories,
    check_port,
    check_seccomp,
    check_landlock,
    check_redis,
    check_database,
)


def main() -> int:
    """Run every check; 1 when something must be mended. Raises ConfigError for a broken configuration."""
    code = 0
    for check in CHECKS:
        try:
            say(f"  ok    {check()}")
        except Remark as remark:
            say(f"  note  {remark}")
        except Problem as problem:
            say(f"  wrong {problem}")
            code = 1
    return code
