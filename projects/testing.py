from __future__ import annotations

from accounts.testing import People
from projects.actions.members import add_member
from projects.actions.projects import create_project
from projects.models import Project


class ProjectCase(People):
    """Alice's project `shop`, with Bob as a member; Charlie owns another."""

    project: Project
    foreign: Project

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.project = create_project(actor=cls.alice, name="Shop", slug="shop")
        add_member(actor=cls.alice, project=cls.project, email=cls.bob.email)
        cls.foreign = create_project(actor=cls.charlie, name="Foreign", slug="foreign")
