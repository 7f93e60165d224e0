"""Who opens which page of a project, and what stands there."""

from __future__ import annotations

import json
import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from projects import tabs
from projects.actions.env import replace_env
from projects.actions.projects import create_project
from projects.choices import Right
from projects.testing import ProjectCase
from projects.views import page_url


class PageCase(ProjectCase):
    def open(self, user: User | None, path: str) -> HttpResponse:
        client = Client()
        if user:
            client.force_login(user)
        return client.get(path)  # type: ignore[return-value]

    def data_of(self, response: HttpResponse) -> dict[str, Any]:
        found = re.search(
            r'<script id="page-data" type="application/json">(.*?)</script>', response.content.decode()
        )
        assert found
        return dict(json.loads(found[1]))

    def codes(self, path: str) -> list[int]:
        """What Root, Alice, Bob, Charlie and somebody who is not logged in get."""
        everybody = (self.root, self.alice, self.bob, self.charlie, None)
        return [self.open(user, path).status_code for user in everybody]


class ProjectsPageTest(PageCase):
    def slugs(self, user: User) -> set[str]:
        data = self.data_of(self.open(user, "/admin/projects/"))
        return {project["slug"] for project in data["projects"]}

    def test_everybody_sees_the_own_projects(self) -> None:
        self.assertEqual(self.slugs(self.root), {"shop", "foreign"})
        self.assertEqual(self.slugs(self.alice), {"shop"})
        self.assertEqual(self.slugs(self.bob), {"shop"})
        self.assertEqual(self.slugs(self.charlie), {"foreign"})

    def test_only_who_may_create_is_offered_it(self) -> None:
        self.assertContains(self.open(self.alice, "/admin/projects/"), "data-new-dialog")
        self.assertNotContains(self.open(self.bob, "/admin/projects/"), "data-new-dialog")

    def test_strangers_are_sent_to_the_login(self) -> None:
        response = self.open(None, "/admin/projects/")
        self.assertEqual(
            (response.status_code, response["Location"]), (302, "/admin/login/?next=/admin/projects/")
        )

    def test_every_entrance_leads_here(self) -> None:
        for path in ("/", "/admin", "/admin/", "/admin/projects"):
            response = self.open(self.alice, path)
            self.assertEqual((response.status_code, response["Location"]), (302, "/admin/projects/"), path)

    def test_the_sidebar_offers_what_one_may_see(self) -> None:
        places = ("accounts/user/", "runtime/run/", "runtime/node/", "accounts/auditentry/")
        for user, wanted in ((self.root, places), (self.bob, ("runtime/run/",))):
            page = self.open(user, "/admin/projects/").content.decode()
            shown = [place for place in places if f'href="/admin/{place}"' in page]
            self.assertEqual(shown, list(wanted), user)


class ProjectPageTest(PageCase):
    def test_every_tab_opens_for_members_alone(self) -> None:
        self.assertEqual(
            [tab.name for tab in tabs.registered()],
            ["overview", "code", "releases", "logs", "environment", "settings"],
        )
        for tab in tabs.registered():
            self.assertEqual(self.codes(f"/admin/projects/shop/{tab.name}/"), [200, 200, 200, 404, 302], tab)

    def test_the_first_tab_is_the_page(self) -> None:
        response = self.open(self.bob, "/admin/projects/shop/")
        self.assertEqual(response["Location"], "/admin/projects/shop/overview/")
        self.assertEqual(self.codes("/admin/projects/shop/")[3:], [404, 302])

    def test_unknown_tabs_and_projects_are_not_found(self) -> None:
        for path in ("/admin/projects/shop/none/", "/admin/projects/none/", "/admin/projects/none/code/"):
            self.assertEqual(self.open(self.alice, path).status_code, 404, path)

    def test_the_id_leads_there_too(self) -> None:
        self.assertEqual(self.codes(f"/admin/projects/{self.project.pk}/code/"), [200, 200, 200, 404, 302])

    def test_a_slug_that_the_admin_has_taken_is_reached_by_id(self) -> None:
        project = create_project(actor=self.alice, name="Taken", slug="project")
        self.assertEqual(page_url(project, "code"), f"/admin/projects/{project.pk}/code/")
        self.assertEqual(self.open(self.alice, page_url(project, "code")).status_code, 200)
        self.assertEqual(page_url(self.project), "/admin/projects/shop/")

    def test_what_people_write_is_text(self) -> None:
        evil = "</script><img src=x onerror=alert(1)>"
        project = create_project(actor=self.alice, name=evil, slug="evil")
        for tab in tabs.registered():
            page = self.open(self.alice, page_url(project, tab.name)).content.decode()
            self.assertNotIn("<img src=x", page, tab)
        self.assertNotContains(self.open(self.alice, "/admin/projects/"), "<img src=x")

    def test_the_blocked_are_out(self) -> None:
        User.objects.filter(pk=self.bob.pk).update(is_active=False)
        self.assertEqual(self.open(self.bob, "/admin/projects/shop/code/").status_code, 302)

    def test_it_speaks_russian(self) -> None:
        client = Client()
        client.force_login(self.bob)
        client.post("/admin/i18n/setlang/", {"language": "ru", "next": "/admin/projects/"})
        self.assertContains(client.get("/admin/projects/shop/code/"), 'lang="ru"')


class EnvironmentPageTest(PageCase):
    def test_secrets_do_not_reach_the_page(self) -> None:
        variables = [
            {"key": "A", "value": "shown"},
            {"key": "TOKEN", "type": "secret", "value": "planted"},
        ]
        replace_env(actor=self.alice, project=self.project, variables=variables)
        response = self.open(self.bob, "/admin/projects/shop/environment/")
        self.assertNotContains(response, "planted")
        shown = self.data_of(response)["variables"]
        self.assertEqual([one["value"] for one in shown], ["shown", None])


class SettingsPageTest(PageCase):
    def test_only_the_owner_is_offered_changes(self) -> None:
        path = "/admin/projects/shop/settings/"
        for user, owns in ((self.alice, True), (self.root, True), (self.bob, False)):
            page = self.open(user, path).content.decode()
            self.assertEqual("data-delete-form" in page, owns, user)
            self.assertEqual("data-member-form" in page, owns, user)


class TabsTest(PageCase):
    def test_a_name_is_given_once(self) -> None:
        tab = tabs.Tab("settings", "x", 1, "x.html", "x", lambda *_: {})
        with self.assertRaises(ValueError):
            tabs.register(tab)

    def test_rights_choose(self) -> None:
        self.assertEqual([tab.name for tab in tabs.allowed({Right.VIEW})], ["overview", "settings"])
