"""Finds syntax errors without running anything: each look in a locked fork that is thrown away.

Started by web with a clean environment (`python -I`) when somebody saves code. It gets files as JSON, name to code,
over a stream socket, each message after its length, and answers [[file, line, column, message], …], or null where
the look took too long or too much memory.
"""

from __future__ import annotations

import gc
import json
import os
import re
import select
import signal
import socket
import struct
import sys
from collections.abc import Mapping

from runtime.sandbox import lockdown
from runtime.sandbox.capi import EVAL_COMPILE_ONLY, EVAL_GLOBAL, EVAL_MODULE, LINE_BEFORE, TAG_EXCEPTION
from runtime.sandbox.engine import Engine, EngineError
from runtime.sandbox.limits import shorten
from runtime.sandbox.natives import MODULE_SYNTAX

LENGTH = struct.Struct("<I")
LONGEST = 256 * 1024 * 1024
HEAP = 128 * 1024 * 1024
# Data beside the heap: the files as Python has them, twice over.
MARGIN = 192 * 1024 * 1024
SECONDS = 2.0
MOST = 50
MESSAGE = 300
MAIN = "main"

_PLACE = re.compile(r"^\s*at (.*):(\d+):(\d+)\s*$", re.MULTILINE)
_TELL = "m3m.tell = () => JSON.stringify([String(m3m.error?.name), String(m3m.error?.message), String(m3m.error?.stack)]);"

Fault = tuple[str, int, int, str]


class Grammar(Engine):
    """An engine that compiles and never executes what it is given."""

    def __init__(self) -> None:
        super().__init__(heap=HEAP)
        self.run_prelude("syntax.js", _TELL)
        self._tell = self.take("tell")

    def look(self, files: Mapping[str, str]) -> list[Fault]:
        """The first error of each file, at most so many. Raises MemoryError."""
        self.sources = files
        found: list[Fault] = []
        for name, code in files.items():
            fault = self._fault_of(name, code)
            if fault is not None and len(found) < MOST:
                found.append(fault)
        return found

    def _fault_of(self, name: str, code: str) -> Fault | None:
        """Nothing is wrong with what runs as a script or as a module; else the error is that of what it looks like."""
        plain = self._attempt(name, code, EVAL_GLOBAL)
        # What a script stands in is a function with these parameters.
        wrapped = f"(function (module, exports) {{\n\n{code}\n}})"
        as_script = plain or self._attempt(name, wrapped, EVAL_GLOBAL, LINE_BEFORE)
        if as_script is None or (plain is None and name == MAIN):
            return as_script
        as_module = self._attempt(name, code, EVAL_MODULE)
        return as_module and (as_module if MODULE_SYNTAX.search(code) else as_script)

    def _attempt(self, name: str, code: str, kind: int, line: int = 1) -> Fault | None:
        value = self._compile(code, name, flags=kind | EVAL_COMPILE_ONLY, line=line)
        if value.tag == TAG_EXCEPTION:
            self._hand_over("error", self._lib.JS_GetException(self._cx))
            return self._told(name)
        if kind == EVAL_GLOBAL:
            self._free(value)  # a module is never freed: its context owns it
        return None

    def _told(self, name: str) -> Fault:
        kind, message, stack = json.loads(str(self.call(self._tell)))
        if kind not in ("SyntaxError", "RangeError", "ReferenceError"):
            raise MemoryError(message)
        place = _PLACE.search(stack)
        line, column = (int(place[2]), int(place[3])) if place else (0, 0)
        return name, line, column, shorten(message, MESSAGE)

    def _on_load(self, context: int, raw_name: bytes, _opaque: int) -> int | None:
        """Whatever is imported is there: this asks after grammar alone."""
        return int(
            self._compile("", raw_name.decode("utf-8", "replace"), flags=EVAL_MODULE | EVAL_COMPILE_ONLY).bits
        )


def receive(link: socket.socket) -> bytes:
    """One message; empty when the other end has gone or sends nonsense."""
    head = _exactly(link, LENGTH.size)
    size = LENGTH.unpack(head)[0] if head else 0
    return _exactly(link, size) if size <= LONGEST else b""


def send(link: socket.socket, message: bytes) -> None:
    link.sendall(LENGTH.pack(len(message)))
    link.sendall(message)


def _exactly(link: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = link.recv(min(size - len(data), 1 << 20))
        if not chunk:
            return b""
        data += chunk
    return bytes(data)


def _look(lock: lockdown.Lock, grammar: Grammar, request: bytes) -> bytes:
    """The answer of a fork that had its time."""
    mine, theirs = socket.socketpair()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _answer(lock, grammar, request, theirs, parent)
    theirs.close()
    ready = select.select([mine], [], [], SECONDS)[0]
    answer = receive(mine) if ready else b""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    mine.close()
    return answer or b"null"


def _answer(lock: lockdown.Lock, grammar: Grammar, request: bytes, link: socket.socket, parent: int) -> None:
    """Look and leave; never returns."""
    try:
        lock.apply(parent=parent, memory=HEAP + MARGIN)
        found: list[Fault] | None = grammar.look(json.loads(request))
    except (MemoryError, lockdown.LockError):
        found = None
    finally:
        # Whatever went wrong, a fork must not go on as its parent.
        try:
            send(link, json.dumps(found).encode())
        finally:
            os._exit(0)


def main() -> None:
    """Entry point: `control_fd insecure`. Ends when the other side closes its end."""
    control = socket.socket(fileno=int(sys.argv[1]))
    lockdown.set_name("m3m: syntax")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        lock, grammar = lockdown.Lock(insecure=bool(int(sys.argv[2]))), Grammar()
    except (lockdown.LockError, EngineError) as error:
        send(control, json.dumps({"refused": str(error)}).encode())
        os._exit(1)
    send(control, b"{}")
    gc.freeze()
    while request := receive(control):
        send(control, _look(lock, grammar, request))
    os._exit(0)
