"""The tabs Overview and Logs, and what the list of projects says of runs."""

from __future__ import annotations

from django.utils import timezone

from pipeline.actions.releases import publish_release
from projects.actions.members import add_member
from projects.tests.test_pages import PageCase
from runtime import logs
from runtime.choices import EndReason, RunStatus
from runtime.models import Run
from runtime.states import project_facets


class OverviewPageTest(PageCase):
    path = "/admin/projects/shop/overview/"

    def test_it_shows_routes_of_the_live_run(self) -> None:
        routes = [{"method": "GET", "path": "/hello/:name"}, {"method": "POST", "path": "/<b>"}]
        Run.objects.create(project=self.project, version="0.1", status=RunStatus.RUNNING, routes=routes)
        page = self.open(self.bob, self.path).content.decode()
        self.assertIn('/r/shop/hello/name"', page)
        self.assertIn("/&lt;b&gt;", page)

    def test_it_shows_why_the_last_run_ended(self) -> None:
        Run.objects.create(
            project=self.project,
            branch="develop",
            status=RunStatus.CRASHED,
            reason=EndReason.LIMIT_MEMORY,
            error="<i>Out of memory</i>",
            restarts=7,
            finished_at=timezone.now(),
        )
        page = self.open(self.bob, self.path)
        for text in ("memory limit exceeded", "&lt;i&gt;Out of memory"):
            self.assertContains(page, text)
        self.assertRegex(page.content.decode(), r"<dd>\s*7\s*</dd>")

    def test_it_tells_who_changed_what(self) -> None:
        publish_release(actor=self.alice, project=self.project, branch="develop")
        add_member(actor=self.alice, project=self.project, email=self.charlie.email)
        page = self.open(self.bob, self.path)
        self.assertContains(page, "published a release <code>0.1</code>")
        self.assertContains(page, "added a member <code>charlie@example.org</code>")


class LogsPageTest(PageCase):
    def test_it_offers_the_runs_whose_logs_are_kept(self) -> None:
        kept, gone = (
            Run.objects.create(project=self.project, version=version, status=RunStatus.STOPPED)
            for version in ("0.1", "0.2")
        )
        writer = logs.Writer(self.project.pk, kept.pk)
        writer.close()
        path = "/admin/projects/shop/logs/"
        page = self.open(self.bob, path)
        self.assertContains(page, f'value="{kept.pk}"')
        self.assertNotContains(page, f'value="{gone.pk}"')
        chosen = self.open(self.bob, f"{path}?run={kept.pk}")
        self.assertRegex(chosen.content.decode(), rf'value="{kept.pk}"\s+selected')
        logs.clear_project(self.project.pk)


class LastErrorTest(PageCase):
    def last_errors(self) -> list[object]:
        found = project_facets([self.project, self.foreign])
        return [found[project.pk]["last_error"] for project in (self.project, self.foreign)]

    def test_it_is_the_newest_crash_in_one_line(self) -> None:
        crash = {
            "status": RunStatus.CRASHED,
            "reason": EndReason.SCRIPT_ERROR,
            "error": "Error: a\n  at main",
        }
        Run.objects.create(project=self.project, **crash)
        self.assertEqual(self.last_errors(), ["Error: a", None])
        answer = self.client_of(self.bob).get("/api/projects/shop").json()
        self.assertEqual(answer["last_error"], "Error: a")
        Run.objects.create(project=self.project, status=RunStatus.RUNNING)
        self.assertEqual(self.last_errors(), [None, None])

    def test_without_words_of_the_script_the_reason_stands(self) -> None:
        Run.objects.create(project=self.project, status=RunStatus.CRASHED, reason=EndReason.LIMIT_CPU)
        self.assertEqual(self.last_errors(), ["CPU limit exceeded", None])
