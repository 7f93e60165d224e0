from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied

from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.models import AuditEntry
from projects.actions.projects import delete_project, update_project
from projects.models import Project
from projects.signals import project_deleted, project_renamed
from projects.testing import ProjectCase


class UpdateProjectTest(ProjectCase):
    def test_it_changes(self) -> None:
        changed = update_project(
            actor=self.alice, project=self.project, name="Store", color="red", auto_start=False, keep_runs=5
        )
        self.assertEqual(
            (changed.name, changed.color, changed.auto_start, changed.keep_runs), ("Store", "red", False, 5)
        )
        entry = AuditEntry.objects.get(verb="update_project")
        self.assertEqual(entry.before, {"name": "Shop", "color": "", "auto_start": True, "keep_runs": 1})

    def test_it_tells_of_a_new_slug(self) -> None:
        heard = []

        def hear(project: Project, old_slug: str, **_others: object) -> None:
            heard.append((project.slug, old_slug))

        project_renamed.connect(hear)
        try:
            update_project(actor=self.alice, project=self.project, slug="store")
            update_project(actor=self.alice, project=self.project, slug="store", name="Store")
        finally:
            project_renamed.disconnect(hear)
        self.assertEqual(heard, [("store", "shop")])

    def test_it_refuses_what_is_taken_or_wrong(self) -> None:
        with self.assertRaises(ConflictError):
            update_project(actor=self.alice, project=self.project, slug="foreign")
        for slug in ("", "A", "507f1f77bcf86cd799439011"):
            with self.subTest(slug), self.assertRaises(UserError):
                update_project(actor=self.alice, project=self.project, slug=slug)

    def test_it_refuses_protected_fields(self) -> None:
        for field in ("owner", "owner_id", "id", "created_at"):
            changes: dict[str, Any] = {field: self.charlie.pk}
            with self.subTest(field), self.assertRaises(TypeError):
                update_project(actor=self.alice, project=self.project, **changes)

    def test_only_the_owner_and_root_may(self) -> None:
        update_project(actor=self.root, project=self.project, name="By root")
        with self.assertRaises(PermissionDenied):
            update_project(actor=self.bob, project=self.project, name="By Bob")
        with self.assertRaises(NotFoundError):
            update_project(actor=self.charlie, project=self.project, name="By Charlie")


class DeleteProjectTest(ProjectCase):
    def test_it_deletes_when_confirmed(self) -> None:
        heard: list[bool] = []

        def hear(project: Project, **_others: object) -> None:
            heard.append(Project.objects.filter(pk=project.pk).exists())

        project_deleted.connect(hear)
        try:
            delete_project(actor=self.alice, project=self.project, confirm="shop")
        finally:
            project_deleted.disconnect(hear)
        self.assertEqual(heard, [True])
        self.assertFalse(Project.objects.filter(slug="shop").exists())
        self.assertEqual(AuditEntry.objects.get(verb="delete_project").target_label, "shop")

    def test_it_wants_the_slug(self) -> None:
        for wrong in ("", "Shop", "shop ", "foreign"):
            with self.subTest(wrong), self.assertRaises(UserError) as caught:
                delete_project(actor=self.alice, project=self.project, confirm=wrong)
            self.assertEqual(caught.exception.code, "confirmation_missing")

    def test_only_the_owner_and_root_may(self) -> None:
        with self.assertRaises(PermissionDenied):
            delete_project(actor=self.bob, project=self.project, confirm="shop")
        with self.assertRaises(NotFoundError):
            delete_project(actor=self.charlie, project=self.project, confirm="shop")
        delete_project(actor=self.root, project=self.project, confirm="shop")
