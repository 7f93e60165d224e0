from __future__ import annotations

import uuid
from unittest import mock

from django.test import override_settings

from runtime import logs
from runtime.actions.runs import start_service
from runtime.models import Node, Run
from runtime.tests.test_runs import RunCase

DOORS = (
    ("post", "start"),
    ("post", "stop"),
    ("post", "restart"),
    ("get", "status"),
    ("get", "logs"),
    ("get", "logs/download"),
)


class RuntimeApiTest(RunCase):
    def url(self, door: str) -> str:
        return f"/api/projects/{self.project.slug}/{door}"

    def test_a_start_is_accepted_with_its_run(self) -> None:
        self.release()
        answer = self.client_of(self.bob).post(self.url("start"), {"version": "0.1"})
        self.assertEqual(answer.status_code, 202, answer.content)
        self.assertEqual(answer.json()["release"], "0.1")
        self.assertEqual(Run.objects.get().pk, uuid.UUID(answer.json()["id"]))

    def test_a_start_survives_a_broker_that_is_away(self) -> None:
        self.release()
        with self.captureOnCommitCallbacks(execute=True):
            answer = self.client_of(self.bob).post(self.url("start"), {})
        self.assertEqual(answer.status_code, 202)

    def test_waiting_ends_at_its_time(self) -> None:
        self.release()
        answer = self.client_of(self.bob).post(self.url("start") + "?wait=0.05", {})
        self.assertEqual((answer.status_code, answer.json()["status"]), (202, "pending"))

    def test_stop_of_nothing_is_no_error(self) -> None:
        client = self.client_of(self.bob)
        self.assertEqual(client.post(self.url("stop")).status_code, 204)
        self.release()
        start_service(actor=self.bob, project=self.project)
        for _ in range(2):
            answer = client.post(self.url("stop"))
            self.assertEqual((answer.status_code, answer.json()["status"]), (202, "stopped"))

    def test_status_of_a_new_project(self) -> None:
        answer = self.client_of(self.bob).get(self.url("status")).json()
        self.assertEqual((answer["status"], answer["run"], answer["routes"]), ("stopped", None, []))

    def test_logs_of_a_run(self) -> None:
        self.release()
        run = start_service(actor=self.bob, project=self.project)
        logs.Writer(run.project_id, run.pk).write("error", "seen")
        client = self.client_of(self.bob)
        answer = client.get(self.url("logs"), {"level": "error", "search": "SEE"}).json()
        self.assertEqual([line["message"] for line in answer["lines"]], ["seen"])
        download = client.get(self.url("logs/download")).getvalue()
        self.assertIn(b"[ERROR] seen", download)
        self.assertEqual(client.get(self.url("logs"), {"run": str(uuid.uuid4())}).status_code, 404)
        self.assertEqual(client.get(self.url("logs"), {"cursor": -1}).status_code, 400)

    def test_a_foreign_run_is_not_found(self) -> None:
        theirs = Run.objects.create(project=self.foreign, version="0.1")
        answer = self.client_of(self.bob).get(self.url("logs"), {"run": str(theirs.pk)})
        self.assertEqual(answer.status_code, 404)

    def test_strangers_are_refused_everywhere(self) -> None:
        self.release()
        for method, door in DOORS:
            with self.subTest(door=door):
                stranger = getattr(self.client_of(self.charlie), method)(self.url(door))
                self.assertEqual(stranger.status_code, 404)
                nobody = getattr(self.client_of(None), method)(self.url(door))
                self.assertEqual(nobody.status_code, 401)
        self.assertFalse(Run.objects.exists())


class AbsentServiceTest(RunCase):
    def test_unknown_is_404_and_not_running_503(self) -> None:
        for prefix in ("/r", "/api/r"):
            self.assertEqual(self.client.get(f"{prefix}/nothing/x").status_code, 404)
            answer = self.client.post(f"{prefix}/shop")
            self.assertEqual((answer.status_code, answer["Retry-After"]), (503, "2"))


class HealthTest(RunCase):
    def test_it_names_what_is_not_well(self) -> None:
        with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
            answer = self.client.get("/health")
        self.assertEqual(answer.status_code, 503)
        checks = answer.json()["checks"]
        self.assertEqual((checks["database"], checks["redis"]), ("ok", "unreachable"))
        self.assertEqual(checks["node"], "no runtime node is alive")

    def test_it_is_well_with_a_node(self) -> None:
        Node.register("n", 1, 60)
        with mock.patch("redis.Redis.ping"):
            answer = self.client.get("/health")
        self.assertEqual((answer.status_code, answer.json()["status"]), (200, "ok"))
