"""The thread that listens to all sandboxes: logs to disk, host calls to the pool, everything else to the supervisor."""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from runtime.sandbox.frames import FrameError, Kind
from runtime.supervisor import words
from runtime.supervisor.sandbox import Sandbox

log = logging.getLogger(__name__)

CALLS_PER_SANDBOX = 16
MOST_UNSENT = 1024 * 1024  # bytes; an honest sandbox reads each answer before it asks again


class Intake:
    """`on_event(sandbox, kind, data)` is called for what changes an attempt, with kind None for the end of its stream.

    `on_call(sandbox, name, arguments)` carries out a host call in the pool and returns its reply {"v"} or {"e"}.
    """

    def __init__(
        self,
        *,
        pool_size: int,
        on_event: Callable[[Sandbox, int | None, Any], None],
        on_call: Callable[[Sandbox, str, list[Any]], dict[str, Any]],
    ) -> None:
        self._on_event, self._on_call = on_event, on_call
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK)
        self._epoll.register(self._wake, select.EPOLLIN)
        self._sandboxes: dict[int, Sandbox] = {}
        self._pool = ThreadPoolExecutor(pool_size, thread_name_prefix="hostcall")
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    def add(self, sandbox: Sandbox) -> None:
        self._sandboxes[sandbox.ours.fileno()] = sandbox
        self._epoll.register(sandbox.ours.fileno(), select.EPOLLIN)

    def send(self, sandbox: Sandbox, kind: int, data: object, frame_id: int = 0) -> None:
        """Send a frame; what does not fit now goes when the socket has room."""
        if sandbox.send(kind, data, frame_id):
            self._arm(sandbox, select.EPOLLIN | select.EPOLLOUT)

    def _arm(self, sandbox: Sandbox, mask: int) -> None:
        try:
            self._epoll.modify(sandbox.ours.fileno(), mask)
        except (OSError, ValueError):
            log.debug("sandbox %s is gone already", sandbox.key)

    def stop(self) -> None:
        self._stopping = True
        os.eventfd_write(self._wake, 1)
        self._thread.join(5)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while not self._stopping:
            for fileno, mask in self._epoll.poll():
                sandbox = self._sandboxes.get(fileno)
                if sandbox is None:
                    continue
                try:
                    self._serve(sandbox, mask)
                except Exception:
                    # One broken sandbox must not silence the others.
                    log.exception("intake of sandbox %s failed; closing it", sandbox.key)
                    self._drop(sandbox)

    def _serve(self, sandbox: Sandbox, mask: int) -> None:
        if mask & select.EPOLLOUT and not sandbox.flush():
            self._arm(sandbox, select.EPOLLIN)
        if mask & ~select.EPOLLOUT:
            self._read(sandbox)

    def _read(self, sandbox: Sandbox) -> None:
        try:
            data = sandbox.ours.recv(262144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(sandbox)
            return
        try:
            for kind, frame_id, payload in sandbox.reader.feed(data):
                self._frame(sandbox, kind, frame_id, payload)
        except FrameError as error:
            log.warning("sandbox %s broke the protocol: %s", sandbox.key, error)
            self._drop(sandbox)

    def _frame(self, sandbox: Sandbox, kind: int, frame_id: int, payload: bytes) -> None:
        if kind == Kind.LOG:
            if sandbox.may_log():
                level, text, dropped = words.parse(kind, payload)
                sandbox.write_dropped(dropped)
                sandbox.write_log(level, text)
        elif kind == Kind.CALL:
            self._call(sandbox, frame_id, *words.parse(kind, payload))
        elif kind in sandbox.said:
            raise FrameError(f"frame {kind} was said before")
        else:
            sandbox.said.add(kind)
            self._on_event(sandbox, kind, words.parse(kind, payload))

    def _call(self, sandbox: Sandbox, frame_id: int, name: str, arguments: list[Any]) -> None:
        if sandbox.unsent > MOST_UNSENT:
            raise FrameError("it asks and asks, and does not read the answers")
        if sandbox.calls >= CALLS_PER_SANDBOX:
            busy = {"name": "Error", "message": "too many host calls at once", "code": "limit_calls"}
            self.send(sandbox, Kind.RESULT, {"e": busy}, frame_id)
            return
        sandbox.calls += 1
        self._pool.submit(self._answer, sandbox, frame_id, name, arguments)

    def _answer(self, sandbox: Sandbox, frame_id: int, name: str, arguments: list[Any]) -> None:
        try:
            self.send(sandbox, Kind.RESULT, self._on_call(sandbox, name, arguments), frame_id)
        except (TypeError, ValueError):
            log.exception("host call %s returned what JSON cannot hold", name)
            broken = {"name": "Error", "message": f"{name} failed inside the platform", "code": "host_error"}
            self.send(sandbox, Kind.RESULT, {"e": broken}, frame_id)
        finally:
            sandbox.calls -= 1

    def _drop(self, sandbox: Sandbox) -> None:
        fileno = sandbox.ours.fileno()
        if self._sandboxes.pop(fileno, None) is not None:
            self._epoll.unregister(fileno)
            sandbox.close()
            self._on_event(sandbox, None, None)
