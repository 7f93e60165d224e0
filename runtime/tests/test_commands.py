"""Services on the console."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from pipeline.actions.releases import publish_release
from pipeline.models import Release
from projects.testing import ProjectCase
from runtime import logs
from runtime.models import Run


def said(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


class CommandsTest(ProjectCase):
    def publish(self) -> None:
        publish_release(actor=self.bob, project=self.project, branch="develop")

    def test_release(self) -> None:
        self.assertIn("Release 0.1 of shop", said("release", "shop", "--comment", "first"))
        body = json.loads(said("release", "shop", "--bump", "major", "--no-activate", "--json"))
        self.assertEqual((body["version"], body["is_active"], body["author_label"]), ("1.0", False, "system"))

    def test_errors_are_one_sentence(self) -> None:
        for arguments in (
            ("release", "nothing"),
            ("release", "shop", "--branch", "nothing"),
            ("start", "shop"),
            ("rollback", "shop"),
            ("start", "shop", "--release", "9.9"),
        ):
            with self.assertRaises(CommandError):
                said(*arguments)

    def test_rollback_takes_the_release_before(self) -> None:
        for _n in range(3):
            self.publish()
        said("rollback", "shop", "--wait", "0")
        self.assertEqual(Run.objects.get().version, "0.2")
        self.assertIn("0.1 is active", said("rollback", "shop", "0.1", "--no-start"))
        active = Release.objects.active(self.project)
        assert active is not None
        self.assertEqual(active.version, "0.1")

    def test_start_status_and_stop(self) -> None:
        self.publish()
        self.assertIn("0.1 was asked for", said("start", "shop", "--wait", "0"))
        with self.assertRaises(CommandError) as caught:  # no node is alive in a test
            said("restart", "shop", "--wait", "0.05")
        self.assertIn("m3m doctor", str(caught.exception))
        with pytest.raises(SystemExit) as left:
            said("status", "shop", "--json")
        self.assertEqual(left.value.code, 3)
        self.assertIn("stopped", said("stop", "shop"))
        self.assertIn("does not run", said("stop", "shop"))

    def test_tail_shows_the_last_messages(self) -> None:
        self.assertEqual(said("tail", "shop"), "")
        self.publish()
        said("start", "shop", "--wait", "0")
        writer = logs.Writer(self.project.pk, Run.objects.get().pk)
        for number in range(5):
            writer.write("warn" if number == 1 else "info", f"visit {number}")
        writer.close()
        self.assertEqual(
            [line[-7:] for line in said("tail", "shop", "-n", "2").splitlines()], ["visit 3", "visit 4"]
        )
        (line,) = said("tail", "shop", "--level", "warn", "--json").splitlines()
        self.assertEqual(json.loads(line)["message"], "visit 1")


class StartApiTest(ProjectCase):
    def test_a_repeated_request_starts_once(self) -> None:
        publish_release(actor=self.bob, project=self.project, branch="develop")
        client = self.client_of(self.bob)
        path = "/api/projects/shop/start?wait=0.05"
        first, second = (client.post(path, {}, headers={"idempotency-key": "k"}) for _n in range(2))
        self.assertEqual((first.status_code, second.status_code), (202, 202))
        self.assertEqual(first.json()["id"], second.json()["id"])
        self.assertEqual(second["Idempotency-Replayed"], "true")
        self.assertEqual(Run.objects.count(), 1)

    def test_a_wait_is_a_number_of_seconds(self) -> None:
        client = self.client_of(self.bob)
        for wrong in ("x", "-1"):
            self.assertEqual(client.post(f"/api/projects/shop/stop?wait={wrong}").status_code, 400, wrong)

    def test_a_restart_finds_a_renamed_branch(self) -> None:
        client = self.client_of(self.bob)
        client.post("/api/projects/shop/start", {"branch": "develop"})
        client.patch("/api/projects/shop/pipeline/branches/develop", {"name": "trunk"})
        self.assertEqual(client.post("/api/projects/shop/restart", {}).json()["branch"], "trunk")
