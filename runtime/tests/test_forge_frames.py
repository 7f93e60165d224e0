"""Ten thousand forged frames from a hostile sandbox: never a foreign read, and the node goes on for others."""

from __future__ import annotations

import json
import socket
import time
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from django.test import TransactionTestCase

from accounts.models import User
from projects.actions.projects import create_project
from projects.models import EnvVar, Project
from runtime import logs, registry
from runtime.models import Run
from runtime.modules.context import CallContext
from runtime.modules.declaration import HostFunction, HostModule
from runtime.sandbox.frames import Kind, Reader, pack
from runtime.sandbox.limits import Limits
from runtime.supervisor.calls import Calls
from runtime.supervisor.intake import Intake
from runtime.supervisor.lease import Lease
from runtime.supervisor.masking import Masker
from runtime.supervisor.sandbox import Sandbox
from runtime.tests import hostile
from runtime.tests.forgery import FOREIGN_WORD, malformed
from runtime.tests.harness import TestZygote, wait_until

OWN_WORD = "own-value"


def _read(context: CallContext, *_arguments: object) -> dict[str, Any]:
    """What every module does: data of the project that the connection belongs to."""
    return EnvVar.objects.values_for(Project.objects.get(pk=context.project_id))


VAULT = HostModule(
    name="vault",
    names=("vault",),
    doc="A module for this test.",
    functions=(
        HostFunction(
            "read", "(...ids: any[]): object", "Reads.", "vault.read();", runs="host", handler=_read
        ),
    ),
)


class PeeredSandbox(Sandbox):
    """Has this test in place of a process, at `theirs`."""

    def __init__(self, run: Run) -> None:
        ours, self.theirs = socket.socketpair()
        super().__init__(run, Limits(), ours, logs.Writer(run.project_id, run.pk), Masker([]))


class ForgeFramesTest(TransactionTestCase):
    def setUp(self) -> None:
        registry.register(VAULT)
        self.addCleanup(registry._modules.pop, "vault")
        self.events: list[tuple[Sandbox, int | None, Any]] = []
        self.alice = User.objects.create_user(
            "alice@example.org", "correct horse battery", can_create_projects=True
        )
        self.own, self.foreign = self.project("Own", OWN_WORD), self.project("Foreign", FOREIGN_WORD)
        calls = Calls(cast("Lease", SimpleNamespace(held=True)))
        self.intake = Intake(pool_size=4, on_event=lambda *event: self.events.append(event), on_call=calls)
        self.addCleanup(self.intake.stop)

    def project(self, name: str, secret: str) -> Project:
        project = create_project(actor=self.alice, name=name)
        variable = EnvVar(project=project, key="KEY", type="secret", position=0)
        variable.put(secret)
        variable.save()
        return project

    def sandbox(self) -> PeeredSandbox:
        run = Run.objects.create(project=self.own, epoch=1)
        sandbox = PeeredSandbox(run)
        self.intake.add(sandbox)
        return sandbox

    def foreign_ids(self) -> list[str]:
        run = Run.objects.create(project=self.foreign, epoch=1)
        return [str(self.foreign.pk), self.foreign.slug, str(run.pk), f"{run.pk}/1", self.foreign.pk.hex]

    def ask(self, peer: socket.socket, name: str) -> Any:  # noqa: ANN401
        peer.sendall(pack(Kind.CALL, json.dumps({"f": name, "a": []}).encode(), 7))
        peer.settimeout(10)
        return json.loads(next(Reader(frozenset({Kind.RESULT})).feed(peer.recv(65536)))[2])

    def test_eight_thousand_calls_read_nothing_foreign(self) -> None:
        sandbox, zygote = self.sandbox(), TestZygote(setup=hostile.SETUP)
        self.addCleanup(zygote.close)
        with socket.socket(socket.AF_UNIX) as listener:
            descriptors = [sandbox.theirs.fileno(), listener.fileno(), zygote.lease.readonly]
            socket.send_fds(
                zygote.control, [json.dumps({"run": "x", "heap": 64 << 20}).encode()], descriptors
            )
        sandbox.theirs.close()
        files = {"main": "forge", "foreign": " ".join(self.foreign_ids())}
        self.intake.send(sandbox, Kind.BOOT, {"files": files})
        path = logs.directory(self.own.pk, sandbox.run.pk)
        wait_until(lambda: logs.read(path).lines, "the count of the hostile sandbox", 90)
        counted = json.loads(logs.read(path).lines[0].message)
        assert counted["answers"] == 8000
        assert counted["betrayals"] == 0
        assert 0 < counted["errors"] < 8000  # its own data it did get

    def test_two_thousand_broken_streams_are_closed(self) -> None:
        honest = self.sandbox()
        slowest = 0.0
        for index, stream in enumerate(malformed(2, 2000)):
            with self.sandbox().theirs as peer:
                self.assert_closed(peer, stream)
            if index % 100 == 0:
                started = time.monotonic()
                assert self.ask(honest.theirs, "vault.read") == {"v": {"KEY": OWN_WORD}}
                slowest = max(slowest, time.monotonic() - started)
        assert slowest < 5
        told = [data for _, kind, data in self.events if kind == Kind.FAILED]
        assert not told

    def assert_closed(self, peer: socket.socket, stream: bytes) -> None:
        peer.settimeout(20)
        try:
            peer.sendall(stream)
            assert peer.recv(1) == b""
        except (BrokenPipeError, ConnectionResetError):
            return

    def test_a_project_cannot_be_named_in_the_message(self) -> None:
        peer = self.sandbox().theirs
        forged = {
            "f": "vault.read",
            "a": [],
            "project": str(self.foreign.pk),
            "context": {"project_id": str(uuid4())},
        }
        peer.sendall(pack(Kind.CALL, json.dumps(forged).encode(), 7))
        assert json.loads(peer.recv(65536)[9:]) == {"v": {"KEY": OWN_WORD}}

    def test_results_that_nobody_reads_are_not_kept_without_end(self) -> None:
        sandbox = self.sandbox()
        peer = sandbox.theirs
        call = pack(Kind.CALL, json.dumps({"f": "vault.read", "a": []}).encode(), 1)
        peer.settimeout(20)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(100_000):
                peer.sendall(call * 10)
        assert sandbox.unsent < 2 << 20

    def test_a_flood_of_lines_is_bounded(self) -> None:
        sandbox = self.sandbox()
        lines = pack(Kind.LOG, json.dumps(["info", "x" * 100, 0]).encode()) * 100
        for _ in range(500):
            sandbox.theirs.sendall(lines)
        assert self.ask(sandbox.theirs, "vault.read") == {"v": {"KEY": OWN_WORD}}
        directory = logs.directory(self.own.pk, sandbox.run.pk)
        size = sum(len(chunk) for chunk in logs.download(directory))
        assert size < 3 * 4 * Limits().log_burst * 150
