from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from runtime.sandbox.frames import Kind, Reader, pack
from runtime.sandbox.limits import Limits
from runtime.supervisor.zygote import LeasePage, Zygote

MANY = 130  # beyond the hundred where descriptors get numbers of three digits


class ForkManySandboxesTest:
    @pytest.fixture
    def zygote(self) -> Iterator[Zygote]:
        page = LeasePage()
        page.set(2**62)
        zygote = Zygote(page, insecure=False)
        yield zygote
        zygote.kill()

    def _boot(self, zygote: Zygote, listener: socket.socket, name: str) -> tuple[socket.socket, int]:
        """The node's end and the first kind of frame that came; 0 when the sandbox died."""
        ours, theirs = socket.socketpair()
        zygote.spawn(uuid4(), 1, theirs, listener, Limits(), name)
        theirs.close()
        limits = Limits()._asdict()
        files = {"main": "service.boot(() => {});"}
        boot = {"epoch": 1, "limits": limits, "files": files, "env": {}, "go": False}
        ours.sendall(pack(Kind.BOOT, json.dumps(boot).encode()))
        ours.settimeout(10)
        for kind, _frame_id, _payload in Reader(frozenset(Kind)).feed(ours.recv(65536)):
            return ours, kind
        return ours, 0

    def test_the_hundred_and_thirtieth_boots_like_the_first(self, zygote: Zygote) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("")  # an address of the kernel's choice
            listener.listen()
            booted = [self._boot(zygote, listener, "one") for _ in range(MANY)]
        assert [kind for _, kind in booted] == [Kind.BOOTED] * MANY
        for ours, _ in booted:
            ours.close()

    def test_a_sandbox_shows_its_service_in_process_lists(self, zygote: Zygote) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("")
            listener.listen()
            ours, _kind = self._boot(zygote, listener, "a-rather-long-name")
        spawned = zygote.read()
        assert spawned
        assert Path(f"/proc/{spawned['pid']}/comm").read_text() == "m3m/a-rather-lo\n"
        ours.close()
