"""The node's lease: registered, renewed, and acted upon the moment it is lost. docs/design/leases.md."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from uuid import uuid4

from django.db import DatabaseError, connection

from runtime.models import Node
from runtime.supervisor.name import NodeName
from runtime.supervisor.zygote import LeasePage

log = logging.getLogger(__name__)

MARGIN = 0.2  # of the lease is given up, for what lies between the database's clock and ours
POLL = 0.25


class Lease:
    """Keeps one Node row alive from a thread of its own, so that no slow work can starve it.

    Sandboxes read the end of the lease from the shared page and refuse requests after it, even when this whole
    process is stopped. `on_lost` is called from that thread, before the node registers anew.
    """

    def __init__(self, name: NodeName, seconds: float, page: LeasePage, on_lost: Callable[[], None]) -> None:
        self._name, self._seconds, self._page, self._on_lost = name, seconds, page, on_lost
        self._until = 0.0
        self._stopping = threading.Event()
        self.node = self._register()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)
        self._thread.start()

    @property
    def held(self) -> bool:
        """Whether no other node can have taken over yet."""
        return time.monotonic() < self._until

    def _register(self) -> Node:
        key = uuid4()
        earlier = self._name.remember(key)
        asked = time.monotonic()
        node = Node.register(str(self._name), os.getpid(), self._seconds, key=key, earlier=earlier)
        self._name.forget(earlier)
        self._extend(asked)
        return node

    def _extend(self, asked: float) -> None:
        # Counted from before the question: the row's lease can only end later.
        self._until = asked + self._seconds * (1 - MARGIN)
        self._page.set(int(self._until * 1e9))

    def _run(self) -> None:
        due = time.monotonic() + self._seconds / 4
        while not self._stopping.wait(POLL):
            if not self.held:
                self._lost()
            elif time.monotonic() >= due:
                if not self._renew():
                    continue
            else:
                continue
            due = time.monotonic() + self._seconds / 4
        connection.close()

    def _renew(self) -> bool:
        asked = time.monotonic()
        try:
            renewed = self.node.renew(self._seconds)
        except DatabaseError as error:
            log.warning("node %s: lease not renewed: %s", self._name, error)
            connection.close()
            return False
        if renewed:
            self._extend(asked)
        else:
            self._lost()
        return True

    def _lost(self) -> None:
        self._until = 0.0
        self._page.set(0)
        log.error("node %s lost its lease; its services are ended here and may run elsewhere", self._name)
        self._on_lost()
        while not self._stopping.is_set():
            try:
                self.node = self._register()
                return
            except DatabaseError as error:
                log.warning("node %s: cannot register: %s", self._name, error)
                connection.close()
                self._stopping.wait(1)

    def stop(self) -> None:
        """Stop renewing and let others take over at once."""
        self._stopping.set()
        self._thread.join(5)
        self._page.set(0)
        self._until = 0.0
        self.node.release()
