"""`m3m goals`."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError

from goals.actions.increments import increment_goal
from goals.days import today
from goals.testing import GoalCase, put_values


def said(*arguments: str) -> list[str]:
    target = StringIO()
    call_command("goals", *arguments, stdout=target)
    return target.getvalue().splitlines()


def answered(*arguments: str) -> Any:  # noqa: ANN401  (any JSON)
    return json.loads("\n".join(said(*arguments, "--json")))


class GoalsCommandTest(GoalCase):
    def fails(self, code: int, *arguments: str) -> None:
        with self.assertRaises(CommandError) as caught:
            said(*arguments)
        self.assertEqual(caught.exception.returncode, code, str(caught.exception))

    def test_it_lists_what_a_project_may_count(self) -> None:
        rows = answered("list", "shop")
        self.assertEqual(
            [(one["slug"], one["public_slug"], one["global"]) for one in rows],
            [("likes", "likes", True), ("orders", "shop-orders", False), ("visits", "shop-visits", False)],
        )
        self.assertEqual(answered("list", "foreign"), [])

    def test_it_lists_global_goals_without_a_project(self) -> None:
        self.assertEqual([one["slug"] for one in answered("list")], ["likes"])

    def test_it_tells_what_was_counted(self) -> None:
        put_values(self.orders, self.project, today(self.project) - timedelta(days=2), 4, 1, 2)
        increment_goal(actor=self.alice, project=self.project, slug="visits", value=9)
        told = answered("stats", "shop", "--goal", "orders", "--days", "2", "--compare")
        self.assertEqual([point["value"] for point in told["goals"][0]["points"]], [1, 2])
        self.assertEqual(told["goals"][0]["previous"]["total"], 4)
        first, _head, likes, orders, visits = said("stats", "shop", "--days", "2", "--compare")
        self.assertIn(str(today(self.project)), first)
        self.assertEqual(likes.split(), ["likes", "daily_counter", "0", "0", "0"])
        self.assertEqual(orders.split(), ["shop-orders", "daily_counter", "3", "4", "-1"])
        self.assertEqual(visits.split(), ["shop-visits", "counter", "9", "-", "-"])

    def test_it_tells_each_day(self) -> None:
        now = today(self.project)
        put_values(self.orders, self.project, now, 2)
        increment_goal(actor=self.alice, project=self.project, slug="visits", value=9)
        lines = said("stats", "shop", "--goal", "orders", "--goal", "visits", "--days", "2", "--by", "day")
        self.assertEqual(
            [line.split() for line in lines[2:]],
            [
                ["shop-orders", str(now - timedelta(days=1)), "0"],
                ["shop-orders", str(now), "2"],
                ["shop-visits", "-", "9"],
            ],
        )

    def test_codes_tell_what_went_wrong(self) -> None:
        self.fails(3, "list", "nope")
        self.fails(3, "stats", "shop", "--goal", "nope")
        self.fails(1, "stats", "shop", "--from", "2026-02-01", "--to", "2026-01-01")
        for wrong in (("--days", "0"), ("--days", "x"), ("--from", "yesterday"), ("--by", "year")):
            with self.assertRaises(CommandError):
                said("stats", "shop", *wrong)
