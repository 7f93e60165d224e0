from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import PermissionDenied

from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.models import AuditEntry, KeyActor
from goals.actions.goals import create_goal
from goals.limits import PROJECT_GOALS
from goals.models import Goal
from goals.testing import GoalCase
from projects.actions.projects import update_project


class CreateGoalTest(GoalCase):
    def create(self, **wanted: Any) -> Goal:
        return create_goal(**{"actor": self.bob, "project": self.project, "name": "New", **wanted})

    def test_it_makes_a_slug_of_the_name(self) -> None:
        self.assertEqual(self.create(name="Заказы в день").slug, "zakazy-v-den")
        self.assertEqual(self.create(name="Visits").slug, "visits-2")
        self.assertEqual(self.create(name="Stats").slug, "stats-2", "/goals/stats means something else")

    def test_it_keeps_slugs_apart_by_project(self) -> None:
        self.assertEqual(self.create(slug="likes").public_slug, "shop-likes", "as the global goal")
        create_goal(actor=self.charlie, project=self.foreign, name="V", slug="visits")
        for project, slug, actor in ((self.project, "visits", self.bob), (None, "likes", self.root)):
            with self.assertRaises(ConflictError) as caught:
                create_goal(actor=actor, project=project, name="Again", slug=slug)
            self.assertEqual((caught.exception.code, caught.exception.pointer), ("slug_taken", "/slug"))

    def test_the_public_slug_follows_the_project(self) -> None:
        update_project(actor=self.alice, project=self.project, slug="store")
        self.assertEqual(Goal.objects.get(pk=self.visits.pk).public_slug, "store-visits")
        self.assertEqual(self.likes.public_slug, "likes")

    def test_it_refuses_wrong_values(self) -> None:
        rows: tuple[tuple[dict[str, Any], str, str], ...] = (
            ({"name": "  "}, "name_invalid", "/name"),
            ({"name": "x" * 101}, "name_invalid", "/name"),
            ({"slug": "A"}, "slug_invalid", "/slug"),
            ({"slug": "stats"}, "slug_reserved", "/slug"),
            ({"slug": uuid.uuid4().hex}, "slug_like_id", "/slug"),
            ({"color": "beige"}, "color_unknown", "/color"),
            ({"type": "gauge"}, "goal_type_unknown", "/type"),
            ({"description": "x" * 2001}, "description_too_long", "/description"),
            ({"allowed_projects": [self.foreign.pk]}, "goal_not_global", "/allowed_projects"),
        )
        for wanted, code, pointer in rows:
            with self.subTest(wanted), self.assertRaises(UserError) as caught:
                self.create(**wanted)
            self.assertEqual((caught.exception.code, caught.exception.pointer), (code, pointer))

    def test_it_refuses_projects_that_are_not_there(self) -> None:
        with self.assertRaises(UserError) as caught:
            create_goal(
                actor=self.root, project=None, name="G", allowed_projects=[self.project.pk, uuid.uuid4()]
            )
        self.assertEqual(caught.exception.pointer, "/allowed_projects/1")
        self.assertFalse(Goal.objects.filter(name="G").exists())

    def test_a_project_holds_a_hundred(self) -> None:
        present = Goal.objects.filter(project=self.project).count()
        Goal.objects.bulk_create(
            Goal(project=self.project, name="G", slug=f"g{number}")
            for number in range(PROJECT_GOALS - present)
        )
        with self.assertRaises(UserError) as caught:
            self.create()
        self.assertEqual(caught.exception.code, "goals_too_many")

    def test_it_is_audited(self) -> None:
        goal = create_goal(actor=self.root, project=None, name="G", allowed_projects=[self.project.pk])
        entry = AuditEntry.objects.get(verb="create_goal", target_id=str(goal.pk))
        self.assertEqual((entry.after or {})["allowed_projects"], [str(self.project.pk)])

    def test_who_may(self) -> None:
        key = KeyActor(project_id=self.project.pk, prefix="m3m_12345678")
        self.create(actor=key, name="By key")
        with self.assertRaises(NotFoundError):
            self.create(actor=self.charlie)
        with self.assertRaises(NotFoundError):
            self.create(actor=key, project=self.foreign)
        for actor in (self.alice, self.charlie, key):
            with self.assertRaises(PermissionDenied):
                create_goal(actor=actor, project=None, name="Global")
