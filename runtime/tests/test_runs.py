from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.models import AuditEntry
from pipeline.actions.branches import save_main
from pipeline.actions.releases import delete_release, publish_release
from projects import facets
from projects.testing import ProjectCase
from runtime import logs
from runtime.actions.runs import restart_service, start_service, stop_service
from runtime.choices import EndReason, RunStatus
from runtime.models import Node, Run


class RunCase(ProjectCase):
    def release(self, code: str = "1") -> str:
        save_main(actor=self.bob, project=self.project, name="develop", code=code)
        return publish_release(actor=self.bob, project=self.project, branch="develop", bump="minor").version

    def hold(self, run: Run, status: RunStatus = RunStatus.RUNNING) -> Node:
        """As if a node ran it."""
        node = Node.register("n", 1, 60)
        self.assertTrue(run.claim(node))
        Run.objects.filter(pk=run.pk).update(status=status)
        run.refresh_from_db()
        return node


class StartServiceTest(RunCase):
    def test_it_wants_a_run_of_the_named_release_and_activates_it(self) -> None:
        first = self.release()
        self.release()
        run = start_service(actor=self.bob, project=self.project, version=first)
        self.assertEqual((run.status, run.version, run.branch), (RunStatus.PENDING, "0.1", ""))
        self.assertEqual(facets.load([self.project])[self.project.pk]["active_release"], "0.1")

    def test_without_words_it_takes_the_active_release(self) -> None:
        self.release()
        self.assertEqual(start_service(actor=self.bob, project=self.project).version, "0.1")

    def test_a_branch_is_frozen_in_the_run(self) -> None:
        save_main(actor=self.bob, project=self.project, name="develop", code="before")
        run = start_service(actor=self.bob, project=self.project, branch="develop")
        save_main(actor=self.bob, project=self.project, name="develop", code="after")
        self.assertEqual(Run.objects.get(pk=run.pk).code, {"main": "before"})

    def test_it_replaces_a_live_run(self) -> None:
        self.release()
        waiting = start_service(actor=self.bob, project=self.project)
        held = start_service(actor=self.bob, project=self.project)
        self.hold(held)
        start_service(actor=self.bob, project=self.project)
        waiting.refresh_from_db()
        held.refresh_from_db()
        self.assertEqual((waiting.status, waiting.reason), (RunStatus.STOPPED, EndReason.REPLACED))
        self.assertEqual((held.status, held.stop_reason), (RunStatus.RUNNING, EndReason.REPLACED))

    def test_it_says_what_is_wrong(self) -> None:
        with self.assertRaises(ConflictError) as caught:
            start_service(actor=self.bob, project=self.project)
        self.assertEqual(caught.exception.code, "no_release")
        with self.assertRaises(UserError):
            start_service(actor=self.bob, project=self.project, version="0.1", branch="develop")
        for words in ({"version": "9.9"}, {"branch": "nothing"}):
            with self.assertRaises(NotFoundError):
                start_service(actor=self.bob, project=self.project, **words)
        self.assertFalse(Run.objects.exists())

    def test_it_is_audited(self) -> None:
        self.release()
        start_service(actor=self.bob, project=self.project)
        entry = AuditEntry.objects.get(verb="start")
        self.assertEqual(entry.actor, self.bob)

    def test_charlie_may_not(self) -> None:
        self.release()
        for action in (start_service, stop_service, restart_service):
            with self.assertRaises(NotFoundError):
                action(actor=self.charlie, project=self.project)


class ClearLogsTest(RunCase):
    def run_to_end(self, version: str, status: RunStatus = RunStatus.STOPPED) -> Run:
        with self.captureOnCommitCallbacks(execute=True):
            run = start_service(actor=self.bob, project=self.project, version=version)
        logs.Writer(run.project_id, run.pk).write("info", "hello")
        run.finish(None, status, EndReason.STOPPED)
        return run

    def has_log(self, run: Run) -> bool:
        return bool(logs.read(logs.directory(run.project_id, run.pk)).lines)

    def test_another_release_clears_earlier_logs_save_a_crashed_runs(self) -> None:
        for _ in range(2):
            self.release()
        stopped = self.run_to_end("0.1")
        crashed = self.run_to_end("0.1", RunStatus.CRASHED)
        self.assertTrue(self.has_log(stopped), "the same release keeps its logs")
        last = self.run_to_end("0.2")
        self.assertEqual([self.has_log(run) for run in (stopped, crashed, last)], [False, True, True])

    def test_a_project_may_keep_the_last_ones(self) -> None:
        for _ in range(3):
            self.release()
        self.project.keep_runs = 2
        self.project.save()
        runs = [self.run_to_end(version) for version in ("0.1", "0.2", "0.3")]
        self.assertEqual([self.has_log(run) for run in runs], [False, True, True])


class StopServiceTest(RunCase):
    def test_it_ends_a_waiting_run_at_once(self) -> None:
        self.release()
        run = start_service(actor=self.bob, project=self.project)
        self.assertEqual(stop_service(actor=self.bob, project=self.project), run)
        run.refresh_from_db()
        self.assertEqual((run.status, run.reason), (RunStatus.STOPPED, EndReason.STOPPED))

    def test_it_asks_the_node_of_a_held_run(self) -> None:
        self.release()
        run = start_service(actor=self.bob, project=self.project)
        self.hold(run)
        stop_service(actor=self.bob, project=self.project)
        run.refresh_from_db()
        self.assertEqual((run.status, run.stop_reason), (RunStatus.RUNNING, EndReason.STOPPED))

    def test_without_a_run_it_does_nothing(self) -> None:
        self.assertIsNone(stop_service(actor=self.bob, project=self.project))


class RestartServiceTest(RunCase):
    def test_it_runs_the_active_release_or_the_branch_again(self) -> None:
        self.release()
        self.assertEqual(restart_service(actor=self.bob, project=self.project).version, "0.1")
        start_service(actor=self.bob, project=self.project, branch="develop")
        self.assertEqual(restart_service(actor=self.bob, project=self.project).branch, "develop")


class DeleteRunningReleaseTest(RunCase):
    def test_a_running_release_stays(self) -> None:
        for _ in range(2):
            self.release()
        start_service(actor=self.bob, project=self.project, version="0.1")
        publish_release(actor=self.bob, project=self.project, branch="develop", bump="minor")
        with self.assertRaises(ConflictError):
            delete_release(actor=self.bob, project=self.project, version="0.1")
        delete_release(actor=self.bob, project=self.project, version="0.2")


class FacetsTest(RunCase):
    def test_status_costs_one_query_for_any_number_of_projects(self) -> None:
        self.release()
        start_service(actor=self.bob, project=self.project)
        with CaptureQueriesContext(
            connection,
        ) as few:
            one = facets.load([self.project])
        with CaptureQueriesContext(connection) as many:
            both = facets.load([self.project, self.foreign])
        self.assertEqual(len(few), len(many))
        self.assertEqual(one[self.project.pk]["status"], "starting")
        self.assertEqual(both[self.foreign.pk]["status"], "stopped")
        self.assertTrue(str(one[self.project.pk]["route_url"]).endswith("/r/shop/"))
