"""The table of services: their connections, and the requests that wait for one."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections import deque
from functools import partial
from pathlib import Path
from typing import Protocol

from runtime.gateway.answers import BUSY, DIED, NODE_AWAY, NOT_FOUND, STARTING, Failure
from runtime.gateway.connection import Call, ServiceConnection
from runtime.gateway.settings import GatewaySettings

logger = logging.getLogger(__name__)

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5


class Judge(Protocol):
    """Says why a service without a socket cannot answer."""

    def judge(self, slug: str, call: Call) -> None: ...


def _itself(connection: ServiceConnection) -> ServiceConnection:
    return connection


class Service:
    """One service: ready, being connected to, or about to leave the table."""

    def __init__(self, slug: str, services: Services) -> None:
        self.slug = slug
        self._services = services
        self._settings = services.settings
        self._path = str(services.settings.route_dir / slug)
        self._loop = asyncio.get_running_loop()
        self._connection: ServiceConnection | None = None
        self._newcomer: ServiceConnection | None = None
        self._waiting: deque[Call] = deque()
        self._task: asyncio.Task[None] | None = None
        self._changed: asyncio.Future[None] | None = None

    def submit(self, call: Call) -> None:
        """Send `call` now or as soon as the service serves; it fails when that takes too long."""
        connection = self._connection
        if connection is not None:
            connection.send(call)
        elif len(self._waiting) >= self._settings.max_waiting:
            call.fail(BUSY)
        else:
            call.deadline = self._loop.time() + self._settings.connect_wait
            self._waiting.append(call)
            self._pursue()

    def _pursue(self) -> None:
        if self._task is None:
            self._task = self._loop.create_task(self._connect())
            self._task.add_done_callback(self._connected)

    async def _connect(self) -> None:
        """Connect by path until HELLO arrives or nobody waits.

        The node holds the listening socket through restarts, so connecting succeeds while there is no sandbox yet;
        what waits was not sent and survives a sandbox that dies before its HELLO.
        """
        pause = 0.0
        while self._waiting and self._connection is None:
            self._changed = self._loop.create_future()
            try:
                # Before connecting: a socket file replaced in between is then found out by the sweep.
                inode = os.stat(self._path).st_ino
                newcomer = self._newcomer = ServiceConnection(self, self._settings, self._loop, inode)
                # HELLO or the end may arrive before this returns.
                await self._loop.create_unix_connection(partial(_itself, newcomer), self._path)
            except FileNotFoundError:
                self._drain(None)
                return
            except OSError as error:
                # A file without a listener: its node died. A full backlog is no better.
                logger.info("No connection to service %s: %s", self.slug, error)
                self._drain(NODE_AWAY)
                return
            await self._changed
            self._newcomer = None
            if self._connection is None:
                await asyncio.sleep(pause)
                pause = min(_LONGEST_PAUSE, pause * 2 or _FIRST_PAUSE)

    def _connected(self, task: asyncio.Task[None]) -> None:
        self._task = self._newcomer = None
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("Connecting to service %s failed", self.slug, exc_info=error)
            self._drain(NODE_AWAY)
        if self._waiting and self._connection is None and not task.cancelled():
            # They came after the task had given up and before this was told.
            self._pursue()
        self._leave_when_idle()

    def _drain(self, failure: Failure | None) -> None:
        """Fail all that wait; without a failure, web is asked for the reason."""
        waiting, self._waiting = self._waiting, deque()
        for call in waiting:
            if failure is None:
                self._services.judge.judge(self.slug, call)
            else:
                call.fail(failure)

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    # ------------------------------------------------------------------ told by connections

    def greeted(self, connection: ServiceConnection) -> None:
        self._connection = connection
        self._services.live.add(connection)
        self._wake()
        waiting, self._waiting = self._waiting, deque()
        for call in waiting:
            if not call.disconnected:
                connection.send(call)

    def refused(self, connection: ServiceConnection, call: Call) -> None:
        """The lease of that sandbox has ended: whoever holds it now listens behind the same path."""
        self._retire(connection)
        if call.retried:
            call.fail(NODE_AWAY)
        else:
            call.retried = True
            self._services.submit(self.slug, call)

    def lost(self, connection: ServiceConnection) -> None:
        self._services.live.discard(connection)
        if connection is self._connection:
            self._connection = None
        if connection is self._newcomer:
            self._wake()
        self._leave_when_idle()

    def _retire(self, connection: ServiceConnection) -> None:
        if connection is self._connection:
            self._connection = None
        connection.retire()

    # ------------------------------------------------------------------ told by the clock

    def sweep(self, now: float) -> None:
        """Fail what has waited too long."""
        waiting = self._waiting
        while waiting and waiting[0].deadline <= now:
            waiting.popleft().fail(STARTING)

    def check_path(self) -> None:
        """Leave a connection whose socket file is gone or was replaced by another node's."""
        connection = self._connection or self._newcomer
        if connection is None:
            return
        try:
            if os.stat(self._path).st_ino == connection.inode:
                return
        except OSError:
            pass
        self._retire(connection)
        self._leave_when_idle()

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._drain(DIED)

    def _leave_when_idle(self) -> None:
        if self._connection is None and self._task is None and not self._waiting:
            self._services.forget(self)


class Services:
    """All services that were called lately; bounded by the sockets that exist."""

    def __init__(self, settings: GatewaySettings, judge: Judge) -> None:
        self.settings = settings
        self.judge = judge
        self.live: set[ServiceConnection] = set()
        self._table: dict[str, Service] = {}
        self._route_dir: Path = settings.route_dir

    def submit(self, slug: str, call: Call) -> None:
        """Hand a request to the service; it is answered or failed later, or at once."""
        service = self._table.get(slug)
        if service is None:
            if SLUG.fullmatch(slug) is None:
                call.fail(NOT_FOUND)
                return
            if not os.path.exists(self._route_dir / slug):
                self.judge.judge(slug, call)
                return
            service = self._table[slug] = Service(slug, self)
        service.submit(call)

    def forget(self, service: Service) -> None:
        if self._table.get(service.slug) is service:
            del self._table[service.slug]

    def sweep(self, now: float) -> None:
        for connection in list(self.live):
            connection.sweep(now)
        for service in list(self._table.values()):
            service.sweep(now)

    def check_paths(self) -> None:
        for service in list(self._table.values()):
            service.check_path()

    def close(self) -> None:
        """Drop every connection; what is in flight fails."""
        for service in list(self._table.values()):
            service.close()
        for connection in list(self.live):
            connection.close()
