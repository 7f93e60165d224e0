from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import AuditEntry, User
from pipeline.actions.branches import create_branch, save_branch
from pipeline.actions.releases import publish_release
from pipeline.models import Branch, BranchRevision, Release
from projects.testing import ProjectCase


class PipelineAdminTest(ProjectCase):
    def setUp(self) -> None:
        save_branch(actor=self.alice, project=self.project, name="develop", files={"main": "'<script>1'"})
        create_branch(actor=self.alice, project=self.project, name="next", from_branch="develop")
        for _n in range(2):
            publish_release(actor=self.alice, project=self.project, branch="develop", activate=False)
        self.active, self.other = Release.objects.order_by("minor")

    def browser(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def select(self, user: User, model: str, action: str, *keys: int) -> Any:  # noqa: ANN401
        data = {"action": action, "_selected_action": [str(key) for key in keys], "post": "yes"}
        return self.browser(user).post(f"/admin/pipeline/{model}/", data, follow=True)

    def test_pages_show_code_as_text(self) -> None:
        branch = Branch.objects.named(self.project, "develop")
        for path in (f"branch/{branch.pk}/change/", f"release/{self.active.pk}/change/"):
            response = self.browser(self.bob).get(f"/admin/pipeline/{path}")
            self.assertContains(response, "&lt;script&gt;1")
            self.assertEqual(self.browser(self.charlie).get(f"/admin/pipeline/{path}").status_code, 302)
        released = f"/admin/pipeline/release/{self.active.pk}/change/"
        self.assertEqual(self.browser(self.root).post(released, {"name": "x"}).status_code, 403)

    def test_renaming_goes_through_the_action(self) -> None:
        branch = Branch.objects.named(self.project, "next")
        path = f"/admin/pipeline/branch/{branch.pk}/change/"
        self.browser(self.charlie).post(path, {"name": "mine"})
        self.assertContains(
            self.browser(self.bob).post(path, {"name": "develop"}, follow=True), "of that name"
        )
        self.assertContains(
            self.browser(self.bob).post(path, {"name": "a/b"}, follow=True), "letters, digits"
        )
        self.browser(self.bob).post(path, {"name": "later", "revision": "9"})
        branch.refresh_from_db()
        self.assertEqual((branch.name, branch.revision), ("later", 1))
        self.assertEqual(AuditEntry.objects.get(verb="rename_branch").actor, self.bob)

    def test_restoring_goes_through_the_action(self) -> None:
        first = BranchRevision.objects.filter(branch__project=self.project, branch__name="develop").last()
        assert first is not None
        self.select(self.charlie, "branchrevision", "restore", first.pk)
        self.assertEqual(AuditEntry.objects.filter(verb="restore_branch").count(), 0)
        self.assertContains(
            self.select(self.bob, "branchrevision", "restore", first.pk), "holds revision 1 again"
        )
        self.assertEqual(Branch.objects.named(self.project, "develop").as_files(), first.as_files())
        page = self.browser(self.bob).get(f"/admin/pipeline/branchrevision/{first.pk}/change/")
        self.assertContains(page, "service.boot(")

    def test_purging_goes_through_the_action(self) -> None:
        self.select(self.charlie, "release", "purge", self.active.pk)
        self.assertEqual(Release.objects.count(), 2)
        self.assertContains(self.select(self.bob, "release", "purge", self.active.pk), "shop 0.2")
        self.assertEqual(list(Release.objects.all()), [self.active])

    def test_activating_goes_through_the_action(self) -> None:
        self.select(self.charlie, "release", "activate", self.other.pk)
        self.assertEqual(Release.objects.active(self.project), self.active)
        self.assertContains(self.select(self.bob, "release", "activate", self.other.pk), "0.2 is active")
        self.assertEqual(Release.objects.active(self.project), self.other)
        response = self.select(self.bob, "release", "activate", self.other.pk, self.active.pk)
        self.assertContains(response, "exactly one")

    def test_deleting_goes_through_the_action(self) -> None:
        self.assertEqual(self.select(self.bob, "release", "delete_selected", self.active.pk).status_code, 403)
        self.select(self.bob, "release", "delete_selected", self.other.pk)
        self.assertEqual(list(Release.objects.all()), [self.active])
        self.assertEqual(AuditEntry.objects.get(verb="delete_release").actor, self.bob)
        keys = [branch.pk for branch in Branch.objects.filter(project=self.project)]
        self.assertContains(self.select(self.bob, "branch", "delete_selected", *keys), "last branch")
        self.assertEqual(Branch.objects.filter(project=self.project).count(), 2, "all or none")
        self.browser(self.bob).post(f"/admin/pipeline/branch/{keys[0]}/delete/", {"post": "yes"})
        self.assertEqual(AuditEntry.objects.filter(verb="delete_branch").count(), 1)
