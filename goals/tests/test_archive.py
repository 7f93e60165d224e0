from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import IO, Any

from accounts.errors import UserError
from goals.archive import GoalsPart
from goals.models import Goal, GoalValue
from goals.testing import GoalCase, put_values
from projects import parts
from projects.actions.projects import create_project
from projects.parts import ExportOptions


class Folder:
    """An archive in memory: texts of JSON by name."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts

    def put_json(self, name: str, value: object) -> None:
        self.texts[name] = json.dumps(value)

    def put_lines(self, name: str, rows: Iterator[object]) -> None:
        self.texts[name] = "\n".join(json.dumps(row) for row in rows)

    def put_stream(self, name: str, stream: IO[bytes]) -> None:
        self.texts[name] = stream.read().decode()

    def names(self, prefix: str = "") -> list[str]:
        return [name for name in self.texts if name.startswith(prefix)]

    def get_json(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        return json.loads(self.texts[name]) if name in self.texts else default

    def get_lines(self, name: str) -> Iterator[Any]:
        return (json.loads(line) for line in self.texts[name].splitlines())

    def get_stream(self, name: str) -> IO[bytes]:
        return BytesIO(self.texts[name].encode())


class ArchiveTest(GoalCase):
    def setUp(self) -> None:
        self.copy = create_project(actor=self.alice, name="Copy")

    def load(self, folder: Folder) -> None:
        GoalsPart().load(self.copy, folder, self.alice)

    def test_it_is_registered(self) -> None:
        self.assertIn("goals", [part.name for part in parts.registered()])

    def test_goals_and_values_come_back(self) -> None:
        put_values(self.visits, self.project, GoalValue.TOTAL, 42)
        put_values(self.orders, self.project, date(2026, 3, 1), *range(600))
        put_values(self.likes, self.project, date(2026, 3, 1), 7)
        folder = Folder()
        GoalsPart().dump(self.project, folder, ExportOptions())
        self.load(folder)
        fields = ("name", "slug", "color", "type", "description")
        self.assertEqual(
            *(
                [*Goal.objects.filter(project=project).values(*fields)]
                for project in (self.project, self.copy)
            )
        )
        rows = [
            [*GoalValue.objects.filter(project=project).exclude(goal=self.likes).values_list("day", "value")]
            for project in (self.project, self.copy)
        ]
        self.assertEqual(len(rows[0]), 601)
        self.assertEqual(sorted(rows[0]), sorted(rows[1]))

    def test_an_empty_archive_brings_nothing(self) -> None:
        self.load(Folder())
        self.assertFalse(Goal.objects.filter(project=self.copy).exists())

    def test_what_an_export_does_not_write_is_refused(self) -> None:
        goals: object
        lines: list[Any]
        daily = {"name": "D", "slug": "d", "type": "daily_counter"}
        line = {"goal": "d", "day": "2026-03-01", "value": 1}
        for goals in (
            {},
            [[]],
            [{"name": "x"}],
            [{"name": "x", "slug": "x", "type": "gauge"}],
            [daily, daily],
            "x",
        ):
            with self.subTest(goals), self.assertRaises(UserError):
                self.load(Folder(**{"goals.json": json.dumps(goals)}))
            Goal.objects.filter(project=self.copy).delete()
        for lines in (
            [[]],
            [{**line, "goal": "other"}],
            [{**line, "goal": ["d"]}],
            [{**line, "day": None}],
            [{**line, "day": "0001-01-01"}],
            [{**line, "day": "2026-02-30"}],
            [{**line, "value": 2**53}],
            [{**line, "value": True}],
            [{**line, "value": "1"}],
            [line, line],
        ):
            folder = Folder(**{"goals.json": json.dumps([daily])})
            folder.put_lines("values.jsonl", iter(lines))
            with self.subTest(lines), self.assertRaises(UserError) as caught:
                self.load(folder)
            self.assertEqual((caught.exception.code, caught.exception.status), ("archive_invalid", 422))
            Goal.objects.filter(project=self.copy).delete()
