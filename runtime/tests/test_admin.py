"""The admin's lists of the runtime are for reading; limits are set by the root, through the action."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.errors import NotFoundError, UserError
from accounts.models import AuditEntry, User
from projects.testing import ProjectCase
from runtime.actions.limits import delete_limit, set_limit
from runtime.models import Attempt, LimitOverride, Node, Run


class AdminCase(ProjectCase):
    node: Node
    run_: Run

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        later = timezone.now() + timedelta(minutes=1)
        cls.node = Node.objects.create(name="node-1", pid=1, lease_expires_at=later)
        cls.run_ = Run.objects.create(project=cls.project, version="0.1", node=cls.node)
        Attempt.objects.create(run=cls.run_, node=cls.node, epoch=1)

    def browser(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def code(self, user: User, path: str) -> int:
        return self.browser(user).get(f"/admin/runtime/{path}").status_code


class RunAdminTest(AdminCase):
    def test_members_read_the_runs_of_their_projects(self) -> None:
        for model in ("run", "attempt"):
            for user, seen in (
                (self.root, True),
                (self.alice, True),
                (self.bob, True),
                (self.charlie, False),
            ):
                page = self.browser(user).get(f"/admin/runtime/{model}/").content.decode()
                self.assertEqual("shop" in page, seen, (model, user))
        self.assertEqual(self.code(self.bob, f"run/{self.run_.pk}/change/"), 200)
        self.assertEqual(self.code(self.charlie, f"run/{self.run_.pk}/change/"), 302)

    def test_nobody_writes_them(self) -> None:
        for model, key in (("run", self.run_.pk), ("attempt", self.run_.attempts.get().pk)):
            for path in (f"{model}/add/", f"{model}/{key}/delete/"):
                self.assertEqual(self.code(self.root, path), 403, path)
            data = {"status": "stopped"}
            path = f"/admin/runtime/{model}/{key}/change/"
            self.assertEqual(self.browser(self.root).post(path, data).status_code, 403)


class NodeAdminTest(AdminCase):
    def test_the_root_alone_reads_them(self) -> None:
        for path in ("node/", f"node/{self.node.pk}/change/"):
            self.assertEqual(
                [self.code(user, path) for user in (self.root, self.alice, self.bob)], [200, 403, 403]
            )
        self.assertEqual(self.code(self.root, "node/add/"), 403)


class LimitAdminTest(AdminCase):
    def test_the_root_sets_changes_and_removes_one(self) -> None:
        browser = self.browser(self.root)
        data = {"project": str(self.project.pk), "name": "heap", "value": "1000000"}
        self.assertEqual(browser.post("/admin/runtime/limitoverride/add/", data).status_code, 302)
        limit = LimitOverride.objects.get()
        path = f"/admin/runtime/limitoverride/{limit.pk}"
        self.assertEqual(browser.post(f"{path}/change/", {"value": "2000000"}).status_code, 302)
        limit.refresh_from_db()
        self.assertEqual(limit.value, 2000000)
        self.assertEqual(browser.post(f"{path}/delete/", {"post": "yes"}).status_code, 302)
        verbs = AuditEntry.objects.filter(verb__contains="limit").values_list("verb", flat=True)
        self.assertEqual(sorted(verbs), ["delete_limit", "set_limit", "set_limit"])

    def test_nobody_else_may(self) -> None:
        for path in ("limitoverride/", "limitoverride/add/"):
            for user in (self.alice, self.bob, self.charlie):
                self.assertEqual(self.code(user, path), 403, (path, user))


class SetLimitTest(AdminCase):
    def test_it_refuses_everybody_but_the_root(self) -> None:
        for user in (self.alice, self.bob, self.charlie):
            with self.assertRaises(PermissionDenied):
                set_limit(actor=user, project=self.project, name="heap", value=1)
            with self.assertRaises(PermissionDenied):
                delete_limit(actor=user, project=self.project, name="heap")

    def test_it_refuses_what_is_no_limit(self) -> None:
        for name, value in (("none", 1.0), ("heap", 0.0), ("heap", float("nan")), ("heap", float("inf"))):
            with self.assertRaises(UserError):
                set_limit(actor=self.root, project=self.project, name=name, value=value)
        with self.assertRaises(NotFoundError):
            delete_limit(actor=self.root, project=self.project, name="heap")
