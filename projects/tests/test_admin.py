from __future__ import annotations

from django.test import Client

from accounts.models import AuditEntry, User
from projects.actions.env import replace_env
from projects.models import EnvVar, Project
from projects.testing import ProjectCase


class ProjectAdminTest(ProjectCase):
    def browser(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def test_the_list_shows_what_one_sees(self) -> None:
        self.assertContains(self.browser(self.bob).get("/admin/projects/project/"), "shop")
        self.assertNotContains(self.browser(self.charlie).get("/admin/projects/project/"), "shop")

    def test_adding_goes_through_the_action(self) -> None:
        data = {"name": "New one", "slug": "", "keep_runs": "1", "time_zone": "UTC", "auto_start": "on"}
        self.assertEqual(self.browser(self.alice).post("/admin/projects/project/add/", data).status_code, 302)
        self.assertEqual(Project.objects.get(slug="new-one").owner, self.alice)
        self.assertEqual(self.browser(self.bob).post("/admin/projects/project/add/", data).status_code, 403)

    def test_errors_of_actions_are_messages(self) -> None:
        data = {"name": "New", "slug": "507f1f77bcf86cd799439011", "keep_runs": "1", "time_zone": "UTC"}
        response = self.browser(self.alice).post("/admin/projects/project/add/", data, follow=True)
        self.assertContains(response, "could be taken for an id")

    def test_changing_goes_through_the_action(self) -> None:
        path = f"/admin/projects/project/{self.project.pk}/change/"
        data = {
            "name": "Store",
            "slug": "shop",
            "keep_runs": "2",
            "time_zone": "UTC",
            "auto_start": "on",
            "owner": str(self.charlie.pk),
        }
        self.assertEqual(self.browser(self.alice).post(path, data).status_code, 302)
        self.project.refresh_from_db()
        self.assertEqual((self.project.name, self.project.owner), ("Store", self.alice))
        self.assertTrue(AuditEntry.objects.filter(verb="update_project").exists())
        self.assertEqual(self.browser(self.bob).get(path).status_code, 200)
        self.assertEqual(self.browser(self.bob).post(path, data).status_code, 403)
        self.assertEqual(
            self.browser(self.charlie).post(path, data).status_code, 302, "not found leads to the index"
        )
        self.assertEqual(AuditEntry.objects.filter(verb="update_project").count(), 1)

    def test_nothing_is_deleted_here(self) -> None:
        path = f"/admin/projects/project/{self.project.pk}/delete/"
        self.assertEqual(self.browser(self.root).post(path, {"post": "yes"}).status_code, 403)
        selected = {"action": "delete_selected", "_selected_action": [str(self.project.pk)], "post": "yes"}
        self.browser(self.root).post("/admin/projects/project/", selected)
        self.assertTrue(Project.objects.filter(pk=self.project.pk).exists())

    def test_values_are_not_shown(self) -> None:
        replace_env(actor=self.alice, project=self.project, variables=[{"key": "KEY", "value": "planted"}])
        variable = EnvVar.objects.get()
        for path in ("", f"{variable.pk}/change/"):
            response = self.browser(self.alice).get(f"/admin/projects/envvar/{path}")
            self.assertContains(response, "KEY")
            self.assertNotContains(response, "planted")
        self.assertNotContains(self.browser(self.charlie).get("/admin/projects/envvar/"), "KEY")
