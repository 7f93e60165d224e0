from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from runtime.actions.runs import start_service, stop_service
from runtime.choices import EndReason, RunStatus
from runtime.models import Attempt, Node, Run
from runtime.tests.test_runs import RunCase


class ClaimTest(RunCase):
    def setUp(self) -> None:
        self.release()
        self.run_ = start_service(actor=self.bob, project=self.project)
        self.here, self.there = Node.register("here", 1, 60), Node.register("there", 2, 60)

    def expire(self, node: Node) -> None:
        Node.objects.filter(pk=node.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))

    def again(self) -> Run:
        return Run.objects.get(pk=self.run_.pk)

    def test_one_of_two_nodes_wins(self) -> None:
        mine, yours = self.again(), self.again()
        self.assertTrue(mine.claim(self.here))
        self.assertFalse(yours.claim(self.there))
        self.assertEqual((self.again().epoch, self.again().node), (1, self.here))

    def test_it_is_taken_over_only_when_the_lease_has_ended(self) -> None:
        self.assertTrue(self.again().claim(self.here))
        self.assertFalse(self.again().claim(self.there))
        self.expire(self.here)
        self.assertTrue(self.again().claim(self.there))
        self.assertEqual(self.again().epoch, 2)
        lost = Attempt.objects.get(run=self.run_, epoch=1)
        self.assertEqual(lost.reason, EndReason.NODE_LOST)

    def test_who_lost_it_can_write_nothing(self) -> None:
        mine = self.again()
        mine.claim(self.here)
        self.expire(self.here)
        self.again().claim(self.there)
        self.assertFalse(mine.mark_running(self.here, []))
        self.assertFalse(mine.next_attempt(self.here))
        self.assertFalse(mine.mark_restarting(self.here, EndReason.ENGINE_CRASH, 1))
        self.assertFalse(mine.finish(self.here, RunStatus.CRASHED, EndReason.ENGINE_CRASH))
        self.assertFalse(mine.give_back(self.here))
        self.assertEqual(self.again().status, RunStatus.STARTING)

    def test_an_ended_lease_is_never_renewed(self) -> None:
        self.assertTrue(self.here.renew(60))
        self.expire(self.here)
        self.assertFalse(self.here.renew(60))

    def test_a_new_life_ends_those_that_it_knows_of(self) -> None:
        Node.register("here", 3, 60, earlier=[self.here.pk])
        self.assertFalse(self.here.renew(60))

    def test_a_new_life_leaves_another_machine_of_the_same_name_alone(self) -> None:
        Node.register("here", 3, 60)
        self.assertTrue(self.here.renew(60))

    def test_a_taken_over_node_cannot_renew_even_by_a_statement_that_began_before(self) -> None:
        self.again().claim(self.here)
        self.expire(self.here)
        self.assertTrue(self.again().claim(self.there))
        self.here.refresh_from_db()
        self.assertLess(self.here.lease_expires_at, timezone.now() - timedelta(minutes=50))

    def test_a_finished_run_gets_no_further_attempt(self) -> None:
        run = self.again()
        run.claim(self.here)
        self.again().finish(self.here, RunStatus.STOPPED, EndReason.STOPPED)
        self.assertFalse(run.next_attempt(self.here))

    def test_an_orphan_is_finished_only_when_it_is_one(self) -> None:
        self.again().claim(self.here)
        self.assertFalse(self.again().finish_orphan(EndReason.NODE_LOST))
        self.expire(self.here)
        self.assertTrue(self.again().finish_orphan(EndReason.NODE_LOST))
        self.assertEqual(self.again().status, RunStatus.STOPPED)

    def test_a_stopped_run_is_not_claimed(self) -> None:
        self.again().claim(self.here)
        stop_service(actor=self.bob, project=self.project)
        self.expire(self.here)
        self.assertFalse(self.again().claim(self.there))

    def test_a_project_has_one_held_run(self) -> None:
        self.again().claim(self.here)
        second = start_service(actor=self.bob, project=self.project)
        self.assertFalse(second.claim(self.there))
        self.again().finish(self.here, RunStatus.STOPPED, EndReason.REPLACED)
        self.assertTrue(second.claim(self.there))

    def test_every_fork_has_its_own_epoch(self) -> None:
        run = self.again()
        run.claim(self.here)
        self.assertTrue(run.next_attempt(self.here))
        self.assertEqual((run.epoch, run.restarts, self.again().epoch, self.again().restarts), (2, 1, 2, 1))
        self.assertEqual(Attempt.objects.filter(run=run).count(), 2)

    def test_it_is_given_back_for_the_next_node(self) -> None:
        run = self.again()
        run.claim(self.here)
        self.assertTrue(run.give_back(self.here))
        self.assertTrue(self.again().claim(self.there))

    def test_only_final_statuses_end_a_run(self) -> None:
        with self.assertRaises(ValueError):
            self.run_.finish(None, RunStatus.RUNNING, EndReason.STOPPED)
        self.assertTrue(self.run_.finish(None, RunStatus.STOPPED, EndReason.STOPPED))
        self.assertFalse(self.run_.finish(None, RunStatus.CRASHED, EndReason.STOPPED))
