"""The demo project."""

from __future__ import annotations

from io import StringIO

from django.core.management import call_command

from goals.models import Goal, GoalValue
from pipeline.models import Release
from projects.models import Collection, Project, Record
from projects.testing import ProjectCase
from runtime.demo import GOAL, RECORDS, SLUG


class DemoTest(ProjectCase):
    def make(self) -> Project:
        call_command("demo", stdout=StringIO())
        return Project.objects.get(slug=SLUG)

    def test_it_has_something_of_everything(self) -> None:
        demo = self.make()
        guests = Collection.objects.get(project=demo)
        self.assertEqual((len(guests.fields), guests.record_count), (3, len(RECORDS)))
        self.assertEqual(
            GoalValue.objects.get(goal__project=demo, goal__slug=GOAL["slug"]).value, len(RECORDS)
        )
        self.assertEqual([release.version for release in Release.objects.filter(project=demo)], ["0.1"])

    def test_a_second_time_changes_nothing(self) -> None:
        self.make()
        Record.objects.filter(collection__project__slug=SLUG).order_by("id")[0].delete()
        demo = self.make()
        self.assertEqual(Record.objects.filter(collection__project=demo).count(), len(RECORDS) - 1)
        self.assertEqual(GoalValue.objects.get(goal__project=demo).value, len(RECORDS))
        self.assertEqual(Release.objects.filter(project=demo).count(), 1)

    def test_it_adds_what_an_older_demo_lacks(self) -> None:
        demo = self.make()
        Goal.objects.filter(project=demo).delete()
        Record.objects.filter(collection__project=demo).delete()
        Collection.objects.filter(project=demo).delete()
        self.make()
        self.assertEqual(Record.objects.filter(collection__project=demo).count(), len(RECORDS))
        self.assertEqual(Goal.objects.get(project=demo).slug, GOAL["slug"])
