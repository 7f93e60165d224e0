"""The tabs Code and Releases."""

from __future__ import annotations

from pipeline.actions.branches import create_branch, save_branch
from pipeline.actions.releases import publish_release
from projects.tests.test_pages import PageCase


class CodePageTest(PageCase):
    def test_it_holds_the_branch_and_its_etag(self) -> None:
        branch = save_branch(actor=self.alice, project=self.project, name="develop", files={"main": "1;"})
        data = self.data_of(self.open(self.bob, "/admin/projects/shop/code/"))
        self.assertEqual(data["branch"]["files"], [{"name": "main", "code": "1;"}])
        self.assertEqual(data["branch"]["etag"], branch.etag)

    def test_another_branch_is_chosen_by_its_name(self) -> None:
        create_branch(actor=self.alice, project=self.project, name="other", from_branch="develop")
        for query, name in (("", "develop"), ("?branch=other", "other")):
            data = self.data_of(self.open(self.bob, f"/admin/projects/shop/code/{query}"))
            self.assertEqual(data["branch"]["name"], name)
        self.assertEqual(self.open(self.bob, "/admin/projects/shop/code/?branch=none").status_code, 404)

    def test_it_tells_the_next_numbers(self) -> None:
        publish_release(actor=self.alice, project=self.project, branch="develop")
        page = self.open(self.alice, "/admin/projects/shop/code/")
        self.assertContains(page, '<code data-next="minor">0.2</code>')
        self.assertContains(page, '<code data-next="major">1.0</code>')


class ReleasesPageTest(PageCase):
    def test_it_lists_them_and_marks_the_active_one(self) -> None:
        publish_release(actor=self.alice, project=self.project, branch="develop", comment="<b>first</b>")
        publish_release(actor=self.bob, project=self.project, branch="develop")
        page = self.open(self.bob, "/admin/projects/shop/releases/").content.decode()
        self.assertIn("&lt;b&gt;first&lt;/b&gt;", page)
        self.assertLess(page.index('data-version="0.2"'), page.index('data-version="0.1"'))
        self.assertEqual(page.count("m-chip-on"), 1)
        self.assertEqual(page.count('data-release="delete"'), 1, "the active one is not deleted")

    def test_without_any_it_says_what_to_do(self) -> None:
        self.assertContains(
            self.open(self.bob, "/admin/projects/shop/releases/"), "/admin/projects/shop/code/#release"
        )
