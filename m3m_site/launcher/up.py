"""The parent process behind `m3m up` and `make run`."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module

from m3m_site.conf import Config, data_dir, load_config, runtime_dir
from m3m_site.console import CommandError, _, say
from m3m_site.launcher import embedded, process
from m3m_site.launcher.sockets import listen_tcp, listen_unix, lock_data
from m3m_site.launcher.watch import Child, Watcher

log = logging.getLogger("m3m.launcher")

DOORS, NODE, STORE = range(3)
# When each stage has to be over, in seconds after the request to stop.
STOPPING = ((DOORS, 1.5), (NODE, 8.5), (STORE, 9.5))
REDIS_WAIT = 60.0


def up() -> int:
    """Run the platform until it is told to stop; the exit code. Raises CommandError or ConfigError before that."""
    process.forbid_core_files()
    process.save_memory()
    config = load_config()
    # The descriptor stays open as long as this process or a child of it lives.
    lock_data(data_dir())
    public = listen_tcp(config.server.host, config.server.port)
    inner = listen_unix(runtime_dir() / "web.sock")
    process.set_name("parent")
    process.adopt_orphans()
    watcher = Watcher()
    watcher.install()
    try:
        return _live(watcher, config, public, inner)
    finally:
        watcher.stop(STOPPING)


def _live(watcher: Watcher, config: Config, public: socket.socket, inner: socket.socket) -> int:
    say(_("Starting M3M"))
    redis = _start_redis(watcher, config)
    platform = import_module("m3m_site.launcher.platform")
    roles = platform.load()
    platform.seal()
    first = import_module("m3m_site.launcher.first")
    code = watcher.finish(watcher.start(Child("prepare", first.prepare, DOORS, once=True)))
    if watcher.signals or code not in (first.READY, first.FRESH):
        return 0 if watcher.signals else 1
    platform.warm_up()
    platform.seal()
    if redis:
        _wait_for_redis(watcher, redis)
    if watcher.signals:
        return 0
    for name, run, count, stage in (
        ("web", partial(roles["web"].run, [inner]), config.server.webs, DOORS),
        ("front", partial(roles["front"].run, public), config.server.fronts, DOORS),
        ("worker", roles["worker"].run, 1, NODE),
        ("beat", roles["beat"].run, 1, DOORS),
    ):
        _start(watcher, name, run, count, stage)
    watcher.start(Child("greet", partial(first.greet, code == first.FRESH), DOORS, once=True))
    watcher.watch()
    say(_("Stopping"))
    return 0


def _start(watcher: Watcher, name: str, run: Callable[[], int], count: int, stage: int) -> None:
    for number in range(count):
        watcher.start(Child(name if count == 1 else f"{name}-{number + 1}", run, stage))


def _start_redis(watcher: Watcher, config: Config) -> Child | None:
    if config.redis.uri:
        return None
    server = embedded.require_redis()
    return watcher.start(Child("redis", partial(embedded.exec_redis, server), STORE))


def _wait_for_redis(watcher: Watcher, redis: Child) -> None:
    """Return when it answers or a signal asks to stop; a large append-only file takes its time to load."""
    until = time.monotonic() + REDIS_WAIT
    while not watcher.signals and not embedded.answers():
        if not redis.pid or time.monotonic() > until:
            path = embedded.redis_folder() / "redis.log"
            raise CommandError(_("Redis does not start; {path} says why.").format(path=path))
        watcher.wait(0.005)
