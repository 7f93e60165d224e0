"""Keys, members, former slugs and variables in the admin: what changes goes through the actions."""

from __future__ import annotations

from django.test import Client

from accounts.models import AuditEntry, User
from projects.actions.env import replace_env
from projects.actions.keys import regenerate_key
from projects.actions.projects import update_project
from projects.models import ApiKey, EnvVar, Membership
from projects.testing import ProjectCase


class OwnerAdminTest(ProjectCase):
    def browser(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def test_a_key_is_revoked_by_the_owner(self) -> None:
        text = regenerate_key(actor=self.alice, project=self.project)
        key = ApiKey.objects.get()
        path = f"/admin/projects/apikey/{key.pk}/delete/"
        listed = self.browser(self.bob).get("/admin/projects/apikey/")
        self.assertContains(listed, key.prefix)
        self.assertNotContains(listed, text)
        self.assertNotContains(self.browser(self.charlie).get("/admin/projects/apikey/"), key.prefix)
        self.assertEqual(self.browser(self.bob).post(path, {"post": "yes"}).status_code, 403)
        self.assertEqual(self.browser(self.alice).post(path, {"post": "yes"}).status_code, 302)
        self.assertFalse(ApiKey.objects.exists())
        self.assertTrue(AuditEntry.objects.filter(verb="revoke_key").exists())

    def test_members_come_and_go_by_actions(self) -> None:
        path = "/admin/projects/membership/"
        data = {"project": str(self.project.pk), "email": "charlie@example.org"}
        self.browser(self.bob).post(f"{path}add/", data)
        self.assertFalse(self.project.members.filter(pk=self.charlie.pk).exists(), "Bob owns nothing")
        foreign = {**data, "project": str(self.foreign.pk)}
        self.browser(self.alice).post(f"{path}add/", foreign)
        self.assertFalse(self.foreign.members.exists())
        self.assertEqual(self.browser(self.alice).post(f"{path}add/", data).status_code, 302)
        added = Membership.objects.get(user=self.charlie)
        self.assertEqual(self.browser(self.alice).get(f"{path}{added.pk}/change/").status_code, 200)
        self.assertContains(self.browser(self.alice).get(path), "charlie@example.org")
        self.browser(self.alice).post(f"{path}{added.pk}/delete/", {"post": "yes"})
        self.assertFalse(Membership.objects.filter(user=self.charlie).exists())
        self.assertTrue(AuditEntry.objects.filter(verb="remove_member").exists())

    def test_variables_are_taken_away_by_members(self) -> None:
        replace_env(actor=self.alice, project=self.project, variables=[{"key": "KEY", "value": "planted"}])
        path = f"/admin/projects/envvar/{EnvVar.objects.get().pk}/delete/"
        self.browser(self.charlie).post(path, {"post": "yes"})
        self.assertTrue(EnvVar.objects.exists())
        self.browser(self.bob).post(path, {"post": "yes"})
        self.assertFalse(EnvVar.objects.exists())
        self.assertTrue(AuditEntry.objects.filter(verb="delete_env").exists())

    def test_former_slugs_are_listed(self) -> None:
        update_project(actor=self.alice, project=self.project, slug="store")
        self.assertContains(self.browser(self.bob).get("/admin/projects/slugalias/"), "store")
        self.assertNotContains(self.browser(self.charlie).get("/admin/projects/slugalias/"), "store")

    def test_the_page_shows_the_key_by_its_prefix(self) -> None:
        text = regenerate_key(actor=self.alice, project=self.project)
        page = self.browser(self.alice).get("/admin/projects/shop/settings/")
        self.assertContains(page, text[:12])
        self.assertNotContains(page, text)
        self.assertContains(page, "Europe/Berlin")
        self.assertNotContains(self.browser(self.bob).get("/admin/projects/shop/settings/"), "data-make-key")
