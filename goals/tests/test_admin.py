from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import AuditEntry, User
from goals.models import Goal, GoalValue
from goals.testing import GoalCase

LIST = "/admin/goals/goal/"
VALUES = "/admin/goals/goalvalue/"


class GoalAdminTest(GoalCase):
    def setUp(self) -> None:
        GoalValue.objects.create(goal=self.visits, project=self.project, value=4711)

    def browser(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def form(self, **others: Any) -> dict[str, Any]:
        return {"name": "New", "slug": "", "color": "", "type": "counter", "description": "", **others}

    def page(self, goal: Goal, name: str = "change") -> str:
        return f"{LIST}{goal.pk}/{name}/"

    def test_the_list_shows_what_one_sees(self) -> None:
        page = self.browser(self.bob).get(LIST)
        for text in ("shop-visits", "shop-orders", "likes", "4711", 'href="/admin/goals/goal/"'):
            self.assertContains(page, text)
        page = self.browser(self.charlie).get(LIST)
        self.assertContains(page, "likes")
        self.assertNotContains(page, "shop-visits")
        for query in ("q=orders", "type__exact=daily_counter", "color__exact=teal"):
            page = self.browser(self.bob).get(f"{LIST}?{query}")
            self.assertContains(page, "shop-orders")
            self.assertNotContains(page, "shop-visits")

    def test_adding_goes_through_the_action(self) -> None:
        data = self.form(project=str(self.project.pk))
        self.assertEqual(self.browser(self.bob).post(f"{LIST}add/", data).status_code, 302)
        goal = Goal.objects.get(name="New")
        self.assertEqual((goal.slug, goal.project), ("new", self.project))
        self.assertTrue(AuditEntry.objects.filter(verb="create_goal", target_id=str(goal.pk)).exists())
        for user, wanted in (
            (self.charlie, data),
            (self.bob, self.form()),
            (self.bob, self.form(project="x")),
        ):
            self.assertEqual(self.browser(user).post(f"{LIST}add/", wanted).status_code, 200, "an error")
        self.assertEqual(Goal.objects.filter(name="New").count(), 1)
        taken = self.browser(self.bob).post(f"{LIST}add/", {**data, "slug": "stats"}, follow=True)
        self.assertContains(taken, "means something else")

    def test_the_root_makes_global_ones(self) -> None:
        data = self.form(allowed_projects=[str(self.foreign.pk)])
        self.assertEqual(self.browser(self.root).post(f"{LIST}add/", data).status_code, 302)
        goal = Goal.objects.get(name="New")
        self.assertEqual((goal.project, [*goal.allowed_projects.all()]), (None, [self.foreign]))
        revision = goal.revision
        data = self.form(slug="new", name="Newer", allowed_projects=[str(self.project.pk)])
        self.assertEqual(self.browser(self.root).post(self.page(goal), data).status_code, 302)
        goal.refresh_from_db()
        self.assertEqual(
            (goal.name, goal.revision, [*goal.allowed_projects.all()]),
            ("Newer", revision + 1, [self.project]),
        )

    def test_changing_goes_through_the_action(self) -> None:
        data = self.form(
            slug="visits",
            name="Guests",
            project=str(self.foreign.pk),
            allowed_projects=[str(self.foreign.pk)],
        )
        self.assertEqual(self.browser(self.bob).post(self.page(self.visits), data).status_code, 302)
        self.visits.refresh_from_db()
        self.assertEqual((self.visits.name, self.visits.project), ("Guests", self.project))
        self.assertFalse(self.visits.allowed_projects.exists())
        typed = {**data, "type": "daily_counter"}
        page = self.browser(self.bob).post(self.page(self.visits), typed, follow=True)
        self.assertContains(page, "The type stays")
        self.assertEqual(self.browser(self.bob).get(self.page(self.likes)).status_code, 200)
        self.assertEqual(self.browser(self.bob).post(self.page(self.likes), data).status_code, 403)
        self.browser(self.charlie).post(self.page(self.visits), {**data, "name": "Mine"})
        self.visits.refresh_from_db()
        self.assertEqual(self.visits.name, "Guests")

    def test_deleting_goes_through_the_action(self) -> None:
        path = self.page(self.visits, "delete")
        self.assertContains(self.browser(self.bob).get(path), "shop-visits")
        self.assertEqual(
            self.browser(self.bob).post(self.page(self.likes, "delete"), {"post": "yes"}).status_code, 403
        )
        self.browser(self.charlie).post(path, {"post": "yes"})
        self.assertTrue(Goal.objects.filter(pk=self.visits.pk).exists())
        self.assertEqual(self.browser(self.bob).post(path, {"post": "yes"}).status_code, 302)
        self.assertEqual(AuditEntry.objects.get(verb="delete_goal").actor, self.bob)
        selected = {"action": "delete_selected", "_selected_action": [str(self.orders.pk)], "post": "yes"}
        self.browser(self.bob).post(LIST, selected)
        self.assertEqual([*Goal.objects.all()], [self.likes])

    def test_resetting_asks_first(self) -> None:
        chosen = {"action": "reset", "_selected_action": [str(self.visits.pk), str(self.orders.pk)]}
        self.assertContains(self.browser(self.bob).post(LIST, chosen), "shop-visits: 4711")
        self.assertEqual(GoalValue.objects.total(), 4711)
        self.browser(self.charlie).post(LIST, {**chosen, "confirmed": "yes"})
        self.assertEqual(GoalValue.objects.total(), 4711)
        page = self.browser(self.bob).post(LIST, {**chosen, "confirmed": "yes"}, follow=True)
        self.assertContains(page, "2 goals count at 0 again.")
        self.assertEqual(GoalValue.objects.count(), 0)
        chosen = {"action": "reset", "_selected_action": [str(self.likes.pk)], "confirmed": "yes"}
        self.assertEqual(self.browser(self.alice).post(LIST, chosen).status_code, 403)

    def test_values_are_for_reading(self) -> None:
        value = GoalValue.objects.get()
        self.assertContains(self.browser(self.bob).get(VALUES), "4711")
        self.assertNotContains(self.browser(self.charlie).get(VALUES), "4711")
        for path in (f"{VALUES}add/", f"{VALUES}{value.pk}/change/", f"{VALUES}{value.pk}/delete/"):
            response = self.browser(self.root).post(path, {"value": "1", "post": "yes"})
            self.assertEqual(response.status_code, 403, path)
        self.assertContains(self.browser(self.bob).get(f"{VALUES}?q=visits"), "shop-visits")
