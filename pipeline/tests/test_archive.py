from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from accounts.errors import UserError
from pipeline.actions.branches import create_branch, save_branch
from pipeline.actions.releases import activate_release, delete_release, publish_release
from pipeline.archive import PipelinePart
from pipeline.models import Branch, Release
from projects.actions.projects import create_project
from projects.models import Project
from projects.parts import ExportOptions
from projects.testing import ProjectCase


class Memory:
    """An archive that stands in memory, as JSON, with both protocols of projects.parts."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}

    def put_json(self, name: str, value: object) -> None:
        self.texts[name] = [json.dumps(value)]

    def put_lines(self, name: str, rows: Iterator[object]) -> None:
        self.texts[name] = [json.dumps(row) for row in rows]

    def put_stream(self, name: str, stream: IO[bytes]) -> None:
        raise AssertionError("code is text")

    def names(self, prefix: str = "") -> list[str]:
        return [name for name in self.texts if name.startswith(prefix)]

    def get_json(self, name: str, default: Any = None) -> Any:  # noqa: ANN401  (any JSON)
        return json.loads(self.texts[name][0]) if name in self.texts else default

    def get_lines(self, name: str) -> Iterator[Any]:
        return map(json.loads, self.texts[name])

    def get_stream(self, name: str) -> IO[bytes]:
        raise AssertionError("code is text")

    def edit(self, name: str, values: dict[str, Any]) -> None:
        row = {**json.loads(self.texts[name][0]), **values}
        self.texts[name][0] = json.dumps(row)


class PipelinePartTest(ProjectCase):
    def setUp(self) -> None:
        save_branch(
            actor=self.bob, project=self.project, name="develop", files={"main": "1", "lib/é.js": "2"}
        )
        for comment in ("one", "two", "three"):
            publish_release(
                actor=self.bob, project=self.project, branch="develop", tag="stable", comment=comment
            )
        activate_release(actor=self.bob, project=self.project, version="0.2")
        delete_release(actor=self.bob, project=self.project, version="0.3")
        create_branch(actor=self.bob, project=self.project, name="fix", from_release="0.1")
        self.archive = Memory()
        PipelinePart().dump(self.project, self.archive, ExportOptions())

    def load(self) -> Project:
        project = create_project(actor=self.alice, name="Copy")
        PipelinePart().load(project, self.archive, self.alice)
        return project

    def test_everything_comes_back(self) -> None:
        copy = self.load()
        for before in Branch.objects.filter(project=self.project):
            after = Branch.objects.named(copy, before.name)
            self.assertEqual(after.as_files(), before.as_files())
            self.assertEqual(after.created_from_release, before.created_from_release)
        self.assertEqual(Branch.objects.filter(project=copy).count(), 2)
        for old in Release.objects.filter(project=self.project):
            new = Release.objects.get_version(copy, old.version)
            for name in ("files", "comment", "tag", "branch", "author_label", "is_active", "created_at"):
                self.assertEqual(getattr(new, name), getattr(old, name), name)
            self.assertIsNone(new.author)
        self.assertEqual(Release.objects.filter(project=copy).count(), 2)

    def test_numbers_go_on_where_they_were(self) -> None:
        release = publish_release(actor=self.alice, project=self.load(), branch="develop")
        self.assertEqual(release.version, "0.4")

    def test_what_no_export_writes_is_refused(self) -> None:
        good = {name: list(rows) for name, rows in self.archive.texts.items()}
        cases: tuple[tuple[str, dict[str, Any]], ...] = (
            ("branches.jsonl", {"name": "a/b"}),
            ("branches.jsonl", {"name": "fix"}),
            ("branches.jsonl", {"files": {}}),
            ("branches.jsonl", {"files": {"main": 1}}),
            ("branches.jsonl", {"files": {"main": "\0"}}),
            ("branches.jsonl", {"files": {"main": "", "../x": ""}}),
            ("branches.jsonl", {"parent_branch": "\ud800"}),
            ("releases.jsonl", {"version": "01.1"}),
            ("releases.jsonl", {"version": "0.2"}),
            ("releases.jsonl", {"version": 1}),
            ("releases.jsonl", {"tag": "x"}),
            ("releases.jsonl", {"comment": "x" * 2001}),
            ("releases.jsonl", {"comment": None}),
            ("releases.jsonl", {"is_active": True}),
            ("releases.jsonl", {"created_at": "yesterday"}),
            ("releases.jsonl", {"created_at": "2026-13-01T00:00:00Z"}),
            ("releases.jsonl", {"created_at": "2026-01-01T00:00:00"}),
            ("releases.jsonl", {"files": []}),
        )
        for name, values in cases:
            self.archive.texts = {each: list(rows) for each, rows in good.items()}
            self.archive.edit(name, values)
            with self.subTest(values), self.assertRaises(UserError):
                self.load()
        for text in ("[]", "1", "null", '"x"'):
            self.archive.texts = {**good, "branches.jsonl": [text]}
            with self.subTest(text), self.assertRaises(UserError):
                self.load()
