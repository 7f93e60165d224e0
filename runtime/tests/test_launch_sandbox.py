"""A launch that fails half way leaves no process behind."""

from __future__ import annotations

from typing import Any
from unittest import mock

from projects.models import EnvVar
from projects.sealing import SealError
from runtime.models import Run
from runtime.supervisor.intake import Intake
from runtime.supervisor.sandboxes import Sandboxes
from runtime.supervisor.zygote import LeasePage
from runtime.tests.harness import FOREVER, wait_until
from runtime.tests.test_runs import RunCase


class LaunchSandboxTest(RunCase):
    def setUp(self) -> None:
        self.told: list[dict[str, Any]] = []
        page = LeasePage()
        page.set(FOREVER)
        intake = mock.Mock(spec=Intake)
        self.sandboxes = Sandboxes(
            intake, page, lambda _kind, message, _zygote: self.told.append(message or {})
        )
        self.sandboxes.start_zygote()
        self.addCleanup(self.sandboxes.close_all)
        self.addCleanup(self.sandboxes.forget_zygote)

    def test_an_environment_that_does_not_open_ends_the_fork(self) -> None:
        EnvVar.objects.create(project=self.project, key="TOKEN", sealed=b"of another key")
        run = Run.objects.create(project=self.project, files={"main": "1"}, epoch=1)
        with self.assertRaises(SealError):
            self.sandboxes.launch(run, go=True)
        self.assertEqual((self.sandboxes.by_run, self.sandboxes.by_key), ({}, {}))
        wait_until(lambda: len(self.told) > 1, "the end of the fork", 20)
        self.assertEqual([self.told[0]["spawned"], self.told[1]["exited"]], [f"{run.pk}/1"] * 2)
