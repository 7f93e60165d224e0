"""Syntax errors of files, found by a locked helper process that is started when code is saved and ends when idle.

Web itself never parses code of authors, and its memory does not grow by it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from pipeline.syntax import Fault
from runtime.sandbox.syntax import SECONDS, receive, send

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[1]
IDLE_SECONDS = 60.0
PATIENCE = 10.0  # for a helper to start, or to answer on a machine that is busy
REMEMBERED = 256
SUFFIXES = ("", ".js", ".mjs", ".cjs")


class Refused(Exception):
    """This machine cannot lock a helper; the message says why."""


class Helper:
    """One helper process. Raises Refused, OSError."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._link, theirs = socket.socketpair()
        self._link.settimeout(PATIENCE)
        code = f"import sys; sys.path.append({str(ROOT)!r}); from runtime.sandbox.syntax import main; main()"
        insecure = str(int(settings.RUNTIME.allow_insecure_sandbox))
        self._process = subprocess.Popen(  # noqa: S603  (our own interpreter and code)
            [sys.executable, "-I", "-B", "-c", code, str(theirs.fileno()), insecure],
            pass_fds=[theirs.fileno()],
            env={"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        theirs.close()
        try:
            greeting = json.loads(receive(self._link) or b'{"refused": "it ended at once"}')
        except OSError:
            self.close()
            raise
        if "refused" in greeting:
            self.close()
            raise Refused(greeting["refused"])

    def ask(self, files: Mapping[str, str]) -> list[Fault] | None:
        """What is wrong, or None where that could not be found out. Raises OSError when the helper has gone."""
        send(self._link, json.dumps(files).encode())
        answer = receive(self._link)
        if not answer:
            raise ConnectionResetError("the syntax helper ended")
        found = json.loads(answer)
        return None if found is None else [Fault(*fault) for fault in found]

    def close(self) -> None:
        self._link.close()
        if self.owner == os.getpid():
            self._process.kill()
            self._process.wait()


class Checker:
    """The helper of this process, and what was found lately: a release follows a save of the same code."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._helper: Helper | None = None
        self._refused = False
        self._idle: threading.Timer | None = None
        self._known: OrderedDict[bytes, list[Fault]] = OrderedDict()

    def check(self, files: Mapping[str, str]) -> list[Fault]:
        """Syntax errors of the files that are JavaScript by their names; nothing where that cannot be found out."""
        code = {name: text for name, text in files.items() if is_code(name)}
        key = hashlib.sha256(json.dumps(code).encode()).digest()
        # A hostile file takes its time; others rather go unchecked than wait for many of them.
        if not self._lock.acquire(timeout=SECONDS * 2):
            return []
        try:
            if key not in self._known:
                found = self._look(code)
                if found is None:
                    return []
                self._known[key] = found
            self._known.move_to_end(key)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            return list(self._known[key])
        finally:
            self._lock.release()

    def _look(self, code: Mapping[str, str]) -> list[Fault] | None:
        for _attempt in range(2):  # a helper that has gone is started anew, once
            helper = self._present()
            if helper is None:
                return None
            try:
                return helper.ask(code)
            except OSError as error:
                log.warning("the syntax helper is started anew: %s", error)
                self._close()
        return None

    def _present(self) -> Helper | None:
        if self._helper is not None and self._helper.owner != os.getpid():  # a fork has its own
            self._close()
        if self._helper is None and not self._refused:
            try:
                self._helper = Helper()
            except Refused as error:
                self._refused = True
                log.warning("code is saved without a look at its syntax: %s", error)
            except OSError as error:
                log.warning("the syntax helper did not start: %s", error)
        self._rest_later()
        return self._helper

    def _rest_later(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = threading.Timer(IDLE_SECONDS, self.rest)
        self._idle.daemon = True
        self._idle.start()

    def rest(self) -> None:
        """End the helper until it is needed again."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._helper is not None:
            self._helper.close()
            self._helper = None


def is_code(name: str) -> bool:
    """Whether a file is JavaScript by its name, as `main` and what `$require` finds are."""
    return Path(name).suffix in SUFFIXES


checker = Checker()
