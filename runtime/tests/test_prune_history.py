from __future__ import annotations

from datetime import timedelta
from unittest import mock

from django.utils import timezone

from runtime import logs, tasks
from runtime.choices import RunStatus
from runtime.models import Node, Run
from runtime.tests.test_runs import RunCase


class PruneHistoryTest(RunCase):
    def test_it_keeps_the_newest_and_the_living(self) -> None:
        old, kept = (Run.objects.create(project=self.project, status=RunStatus.STOPPED) for _ in range(2))
        alive = Run.objects.create(project=self.project)
        logs.Writer(old.project_id, old.pk).write("info", "old")
        with mock.patch.object(tasks, "KEPT_RUNS", 1):
            tasks.prune_history(later_argument=1)
        self.assertEqual(set(Run.objects.all()), {kept, alive})
        self.assertFalse(logs.directory(old.project_id, old.pk).exists())

    def test_it_forgets_nodes_long_dead(self) -> None:
        for name in ("dead", "alive"):
            Node.register(name, 1, 60)
        Node.objects.filter(name="dead").update(lease_expires_at=timezone.now() - timedelta(days=2))
        tasks.prune_history()
        self.assertEqual([node.name for node in Node.objects.all()], ["alive"])
