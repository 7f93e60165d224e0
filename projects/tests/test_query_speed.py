from __future__ import annotations

import os
import sys

import pytest
from django.db import connection
from django.test import TransactionTestCase

from accounts.models import User
from projects.actions.projects import create_project
from projects.collections import indexes
from projects.models import Project
from projects.tests import speed

RECORDS = int(os.environ.get("M3M_SPEED_RECORDS", "100000"))
# How many times longer than a statement written by hand a query may take, objects made of its rows included.
FACTOR = 3


@pytest.mark.slow
@pytest.mark.alone
class QuerySpeedTest(TransactionTestCase):
    def setUp(self) -> None:
        alice = User.objects.create_user("alice@example.org", can_create_projects=True)
        self.project = create_project(actor=alice, name="Shop", slug="shop")

    def tearDown(self) -> None:
        Project.objects.all().delete()
        indexes.sweep_indexes()

    @pytest.fixture(autouse=True)
    def _terminal(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def test_indexed_queries_use_their_index_and_cost_what_they_must(self) -> None:
        collection = speed.fill(self.project, RECORDS)
        slow = []
        for case, ours, theirs, wrong in speed.compare(collection, rounds=100):
            figure = f"{case.title}: {ours * 1000:.2f} ms, by hand {theirs * 1000:.2f} ms"
            with self.capsys.disabled():
                sys.stdout.write(f"\n{connection.vendor}, {RECORDS} records, {figure}")
            assert not wrong, f"{case.title}: {wrong}"
            if ours > FACTOR * theirs:
                slow.append(figure)
        assert slow == []
