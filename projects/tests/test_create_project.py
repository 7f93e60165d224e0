from __future__ import annotations

from typing import Any
from unittest import mock

from django.core.exceptions import PermissionDenied

from accounts.errors import ConflictError, UserError
from accounts.models import SYSTEM, AuditEntry
from accounts.testing import People
from projects.actions.projects import create_project
from projects.models import Project
from projects.signals import project_created


class CreateProjectTest(People):
    def create(self, name: str = "Shop", **fields: Any) -> Project:
        return create_project(actor=self.alice, name=name, **fields)

    def test_it_creates(self) -> None:
        project = self.create(slug="my-shop", color="teal")
        self.assertEqual((project.owner, project.slug, project.color), (self.alice, "my-shop", "teal"))
        self.assertTrue(project.auto_start)
        self.assertEqual(project.keep_runs, 1)

    def test_it_makes_a_slug_of_the_name(self) -> None:
        for name, slug in {
            "My Shop": "my-shop",
            "Привет, мир": "privet-mir",
            "日本": "ri-ben",
            "!!!": "project",
            "---": "project",
            "deadbeefdeadbeefdeadbeef": "p-deadbeefdeadbeefdeadbeef",
        }.items():
            self.assertEqual(self.create(name=name).slug, slug if name != "---" else "project-2")

    def test_it_makes_the_slug_unique(self) -> None:
        self.assertEqual([self.create().slug for _n in range(3)], ["shop", "shop-2", "shop-3"])
        long = "x" * 100
        self.assertEqual(len({self.create(name=long).slug for _n in range(3)}), 3)

    def test_it_tries_again_when_somebody_was_faster(self) -> None:
        self.create()
        with mock.patch("projects.actions.projects.free_slug_of", side_effect=["shop", "shop-2"]):
            self.assertEqual(self.create().slug, "shop-2")

    def test_it_refuses_wrong_slugs(self) -> None:
        wrong = ["A", "a_b", "-a", "a-", "a b", "é", "a" * 51, "a\n", "a/b", "..", "a\x00", "١"]
        for slug in wrong:
            with self.subTest(slug), self.assertRaises(UserError) as caught:
                self.create(slug=slug)
            self.assertEqual((caught.exception.code, caught.exception.pointer), ("slug_invalid", "/slug"))

    def test_it_refuses_slugs_that_look_like_ids(self) -> None:
        for slug in (
            "5a1b8c9e-0e6f-4279-a414-598af709436b",
            "5a1b8c9e0e6f4279a414598af709436b",
            "507f1f77bcf86cd799439011",
        ):
            with self.subTest(slug), self.assertRaises(UserError) as caught:
                self.create(slug=slug)
            self.assertEqual(caught.exception.code, "slug_like_id")

    def test_it_refuses_a_slug_that_is_taken(self) -> None:
        self.create(slug="shop")
        with self.assertRaises(ConflictError) as caught:
            create_project(actor=self.charlie, name="Other", slug="shop")
        self.assertEqual(caught.exception.code, "slug_taken")

    def test_it_refuses_other_wrong_values(self) -> None:
        for fields, code in (
            ({"name": " "}, "name_invalid"),
            ({"name": "x" * 101}, "name_invalid"),
            ({"color": "beige"}, "color_unknown"),
            ({"keep_runs": 0}, "keep_runs_invalid"),
            ({"keep_runs": 101}, "keep_runs_invalid"),
        ):
            with self.subTest(fields), self.assertRaises(UserError) as caught:
                create_project(**{"actor": self.alice, "name": "Shop", **fields})  # type: ignore[arg-type]
            self.assertEqual(caught.exception.code, code)

    def test_it_refuses_who_lacks_the_right(self) -> None:
        with self.assertRaises(PermissionDenied):
            create_project(actor=self.bob, name="Shop")
        self.alice.is_active = False
        with self.assertRaises(PermissionDenied):
            self.create()

    def test_the_system_creates_for_somebody(self) -> None:
        self.assertEqual(create_project(actor=SYSTEM, owner=self.bob, name="Demo").owner, self.bob)

    def test_nobody_creates_for_somebody_else(self) -> None:
        self.assertEqual(create_project(actor=self.alice, owner=self.bob, name="Shop").owner, self.alice)

    def test_it_tells_upper_floors_inside_the_transaction(self) -> None:
        def refuse(**_others: object) -> None:
            raise UserError("refused", "no")

        project_created.connect(refuse)
        try:
            with self.assertRaises(UserError):
                self.create()
        finally:
            project_created.disconnect(refuse)
        self.assertFalse(Project.objects.exists() or AuditEntry.objects.exists())

    def test_it_is_audited(self) -> None:
        self.create()
        entry = AuditEntry.objects.get(verb="create_project")
        self.assertEqual((entry.actor, entry.target_label), (self.alice, "shop"))
