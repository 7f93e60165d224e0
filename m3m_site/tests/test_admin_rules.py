"""The admin's lists, filters, forms and deletions, all of them, for everybody who can log in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.models import User
from m3m_site.tests.stage import StageCase
from pipeline.models import Release
from projects.models import Project
from runtime.models import Attempt, LimitOverride, Node, Run

APPS = {"accounts", "projects", "goals", "pipeline", "runtime"}
# Notes of the platform to itself, and what its things are made of.
NO_THINGS = {
    *("accounts.Avatar", "accounts.IdempotentAnswer", "accounts.Login", "accounts.LoginAttempt"),
    *("accounts.SocketTicket", "pipeline.BranchFile", "pipeline.ReleaseNumber", "projects.FieldIndex"),
    *("projects.Remains", "projects.StorageReservation", "projects.StorageUsage"),
}
# For those who run the platform: root alone, or managers of users as well.
SYSTEM = {"runtime.node", "runtime.limitoverride"}
PEOPLE = {"accounts.user", "accounts.auditentry"}
# The name of the other project, but for its global goal, which everybody reads.
FOREIGN = re.compile(r"(?<!all-)foreign(?!er)", re.IGNORECASE)
HOSTILE = (
    *(
        "q=%00",
        "q='%22%5C;--",
        "q=%F0%9F%92%A9",
        "o=99.-7.x",
        "o=1.2.3.-4.5.6",
        "o=-1",
        "p=9999999999999999999999",
        "p=-1",
        "all=",
    ),
    *("e=1", "_facets=True", "nonsense=1", "pk__in=%00", "id__exact=x%00y"),
)


def models() -> Iterator[tuple[type[Model], admin.ModelAdmin[Any], str]]:
    """What of ours the admin shows, with the address of its list."""
    for model, shown in admin.site._registry.items():
        label = model._meta.label_lower
        if model._meta.app_label in APPS:
            yield model, shown, reverse(f"admin:{label.replace('.', '_')}_changelist")


class AdminRulesTest(StageCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        node = Node.objects.create(name="n", pid=1, lease_expires_at="2030-01-01T00:00:00Z")
        for place in (cls.stage.own, cls.stage.foreign):
            run = Run.objects.create(project=place.project, version="0.1")
            Attempt.objects.create(run=run, node=node, epoch=1)
            LimitOverride.objects.create(project=place.project, name="heap", value=1.0)

    def browser(self, role: str) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(User.objects.get(pk=self.stage.people[role].pk))
        return client

    def foreign_rows(self, model: type[Model]) -> set[object]:
        """Keys of what belongs to the other project."""
        paths = {
            "projects.project": "pk",
            "projects.record": "collection__project",
            "projects.recordimport": "collection__project",
            "pipeline.branchrevision": "branch__project",
            "runtime.attempt": "run__project",
        }
        label = model._meta.label_lower
        names = {field.name for field in model._meta.get_fields()}
        path = paths.get(label) or ("project" if "project" in names else None)
        if path is None:
            return set()
        found = model._default_manager.filter(**{path: self.stage.foreign.project.pk})
        return set(found.values_list("pk", flat=True))

    def rows(self, response: Any) -> set[object]:  # noqa: ANN401  (as the test client has it)
        return {row.pk for row in response.context["cl"].result_list}

    def test_every_model_is_listed_searched_and_filtered(self) -> None:
        registered = {model for model, _shown, _path in models()}
        ours = {model for app in APPS for model in apps.get_app_config(app).get_models()}
        self.assertEqual({model._meta.label for model in ours - registered}, NO_THINGS)
        for model, shown, path in models():
            with self.subTest(model._meta.label):
                self.assertTrue(shown.search_fields)
                self.assertTrue(shown.list_filter)
                page = self.browser("root").get(path)
                self.assertEqual(page.status_code, 200)
                if model is not Project:
                    self.assertTrue(self.foreign_rows(model) <= self.rows(page))

    def test_lists_show_nothing_of_other_projects(self) -> None:
        for role in ("owner", "stranger", "manager"):
            client = self.browser(role)
            for model, _shown, path in models():
                label = model._meta.label_lower
                with self.subTest(role=role, model=label):
                    page = client.get(path)
                    if label in SYSTEM or (label in PEOPLE and role != "manager"):
                        self.assertEqual(page.status_code, 403)
                        continue
                    self.assertEqual(page.status_code, 200)
                    self.assertEqual(self.rows(page) & self.foreign_rows(model), set())
                    if label not in PEOPLE:
                        self.assertIsNone(FOREIGN.search(page.content.decode()))

    def test_what_is_invisible_is_neither_opened_nor_deleted(self) -> None:
        for role in ("owner", "manager"):
            client = self.browser(role)
            for model, _shown, path in models():
                for key in self.foreign_rows(model):
                    with self.subTest(role=role, model=model._meta.label, key=key):
                        for step, body in (
                            ("change", {"name": "taken"}),
                            ("delete", {"post": "yes"}),
                            ("history", None),
                        ):
                            url = f"{path}{key}/{step}/"
                            self.assertIn(client.get(url).status_code, (302, 403, 404))
                            if body is not None:
                                self.assertIn(client.post(url, body).status_code, (302, 403, 404))
                        chosen = {"action": "delete_selected", "_selected_action": str(key), "post": "yes"}
                        self.assertIn(client.post(path, chosen).status_code, (200, 302, 403))
                        self.assertTrue(model._default_manager.filter(pk=key).exists())

    def test_a_member_takes_nothing_that_is_the_owners(self) -> None:
        client = self.browser("member")
        project = self.stage.own.project
        for name in ("membership", "apikey"):
            model = next(one for one, _shown, _path in models() if one._meta.model_name == name)
            for row in model._default_manager.filter(project=project):
                url = f"/admin/projects/{name}/{row.pk}/delete/"
                self.assertEqual(client.post(url, {"post": "yes"}).status_code, 403)
                chosen = {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"}
                client.post(f"/admin/projects/{name}/", chosen)
                self.assertTrue(model._default_manager.filter(pk=row.pk).exists())
        client.post(f"/admin/projects/project/{project.pk}/change/", {"name": "Taken", "slug": "taken"})
        project.refresh_from_db()
        self.assertEqual(project.slug, "shop")

    def test_lists_answer_no_question_about_what_they_do_not_show(self) -> None:
        asked = {
            "accounts/user": ("password__startswith", "manager"),
            "projects/apikey": ("digest__startswith", "owner"),
            "projects/filelink": ("digest__startswith", "member"),
            "projects/envvar": ("sealed__startswith", "member"),
            "projects/record": ("data__title", "member"),
        }
        for path, (lookup, role) in asked.items():
            page = self.browser(role).get(f"/admin/{path}/?{lookup}=a")
            self.assertEqual(page.status_code, 400, path)

    def test_no_query_is_a_fault(self) -> None:
        client = self.browser("root")
        for model, shown, path in models():
            offered: Sequence[Any] = shown.list_filter
            names = [one if isinstance(one, str) else one[0] for one in offered]
            mad = [f"{name}{end}" for name in names for end in ("=%00", "__gte=x")]
            general = HOSTILE if model in (User, Run, Release) else ()
            for query in (*general, *mad):
                with self.subTest(model=model._meta.label, query=query):
                    self.assertLess(client.get(f"{path}?{query}").status_code, 500)

    def test_no_key_is_a_fault(self) -> None:
        client = self.browser("root")
        for model, _shown, path in models():
            for key in ("%00", "9" * 40, "_5F"):
                with self.subTest(model=model._meta.label, key=key):
                    self.assertLess(client.get(f"{path}{key}/change/").status_code, 500)
            chosen = {"action": "delete_selected", "_selected_action": "\0x", "post": "yes"}
            self.assertIn(client.post(path, chosen).status_code, (200, 302, 400))
