from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.models import AuditEntry
from pipeline.actions.branches import StaleBranch, create_branch, delete_branch, save_branch, save_main
from pipeline.actions.releases import publish_release
from pipeline.models import Branch, BranchFile
from projects.testing import ProjectCase


class BranchCase(ProjectCase):
    def branch(self, name: str = "develop") -> Branch:
        return Branch.objects.named(self.project, name)

    def save(self, files: Mapping[str, str], if_match: str | None = None) -> Branch:
        return save_branch(
            actor=self.bob, project=self.project, name="develop", files=files, if_match=if_match
        )


class FirstBranchTest(BranchCase):
    def test_a_project_begins_with_a_service(self) -> None:
        files = self.branch().as_files()
        self.assertEqual(list(files), ["main"])
        for word in ("service.boot(", "service.start(", "service.shutdown(", "router.get('/'", "logger."):
            self.assertIn(word, files["main"])


class SaveBranchTest(BranchCase):
    def test_it_replaces_all_files(self) -> None:
        self.save({"main": "1", "lib/tools.js": "2", "old.js": "3"})
        kept = BranchFile.objects.get(name="lib/tools.js").pk
        branch = self.save({"main": "new", "lib/tools.js": "2", "x.js": ""})
        self.assertEqual(branch.as_files(), {"main": "new", "lib/tools.js": "2", "x.js": ""})
        self.assertEqual(BranchFile.objects.get(name="lib/tools.js").pk, kept)

    def test_main_comes_first(self) -> None:
        self.assertEqual(list(self.save({"a.js": "", "main": ""}).as_files()), ["main", "a.js"])

    def test_it_saves_main_alone(self) -> None:
        self.save({"main": "1", "a.js": "2"})
        branch = save_main(actor=self.bob, project=self.project, name="develop", code="new")
        self.assertEqual(branch.as_files(), {"main": "new", "a.js": "2"})

    def test_each_save_has_its_etag(self) -> None:
        first, second = self.save({"main": "1"}).etag, self.save({"main": "1"}).etag
        self.assertNotEqual(first, second)
        self.assertEqual(self.branch().etag, second)

    def test_a_stale_save_is_refused_and_shows_the_newer(self) -> None:
        began = self.branch().etag
        newer = self.save({"main": "newer"}, if_match=began)
        with self.assertRaises(StaleBranch) as caught:
            self.save({"main": "older"}, if_match=began)
        self.assertEqual(caught.exception.branch.as_files(), {"main": "newer"})
        self.assertEqual(caught.exception.branch.etag, newer.etag)

    def test_if_match_takes_all_forms_of_the_header(self) -> None:
        for form in ("{}", "W/{}", '"x", {}', "*"):
            self.save({"main": form}, if_match=form.format(self.branch().etag))
        for form in ("", '"x"', "W/"):
            with self.subTest(form), self.assertRaises(StaleBranch):
                self.save({"main": form}, if_match=form)

    def test_names_are_normalised(self) -> None:
        name = unicodedata.normalize("NFD", "é.js")
        self.assertIn("é.js", self.save({"main": "", name: ""}).as_files())
        with self.assertRaises(UserError) as caught:
            self.save({"main": "", name: "", "é.js": ""})
        self.assertEqual(caught.exception.code, "file_twice")

    def test_it_refuses_wrong_names(self) -> None:
        wrong = [
            "",
            "/a",
            "a/",
            "a//b",
            "..",
            "a/../b",
            "./a",
            "a/.",
            "a\\b",
            "a\x00",
            "a\n",
            "a\u202eb",
            "\u200b",
            " a",
        ]
        for name in [*wrong, "a ", "x" * 256, "é" * 128, "\ud800", "a/ b", "\ufeff"]:
            with self.subTest(repr(name)), self.assertRaises(UserError) as caught:
                self.save({"main": "", name: ""})
            self.assertIn(caught.exception.code, ("file_name_invalid", "file_name_too_long"))
            self.assertEqual(caught.exception.pointer, "/files/1/name")

    def test_it_takes_good_names(self) -> None:
        names = [
            "lib/tools.js",
            "a b.js",
            "data.json",
            "Привет.js",
            "日本/語.js",
            "x" * 255,
            ".hidden",
            "a..b",
        ]
        self.assertEqual(
            set(self.save({"main": "", **dict.fromkeys(names, "")}).as_files()), {"main", *names}
        )

    def test_it_refuses_wrong_code(self) -> None:
        for code in ("x" * (1024 * 1024 + 1), "é" * (512 * 1024 + 1), "\ud800", "\x00"):
            with self.subTest(ascii(code[:1])), self.assertRaises(UserError):
                self.save({"main": code})
        self.save({"main": "x" * 1024 * 1024})

    def test_it_refuses_too_many_files_and_none(self) -> None:
        with self.assertRaises(UserError):
            self.save({"main": "", **{f"{n}.js": "" for n in range(256)}})
        self.save({"main": "", **{f"{n}.js": "" for n in range(255)}})
        for files in ({}, {"a.js": ""}, {"Main": ""}):
            with self.subTest(files), self.assertRaises(UserError) as caught:
                self.save(files)
            self.assertEqual(caught.exception.code, "main_missing")

    def test_it_is_audited_without_code(self) -> None:
        self.save({"main": "planted"})
        entry = AuditEntry.objects.get(verb="save_branch")
        self.assertEqual((entry.before, entry.after), ({"revision": 1}, {"revision": 2}))

    def test_charlie_may_not(self) -> None:
        for name in ("develop", "nothing"):
            with self.assertRaises(NotFoundError):
                save_branch(actor=self.charlie, project=self.project, name=name, files={"main": ""})
            with self.assertRaises(NotFoundError):
                save_main(actor=self.charlie, project=self.project, name=name, code="")

    def test_projects_are_apart(self) -> None:
        self.save({"main": "mine"})
        self.assertNotEqual(Branch.objects.named(self.foreign, "develop").as_files(), {"main": "mine"})


class CreateBranchTest(BranchCase):
    def create(self, name: str = "next", **source: str) -> Branch:
        return create_branch(actor=self.bob, project=self.project, name=name, **source)

    def test_from_a_branch(self) -> None:
        self.save({"main": "1", "a.js": "2"})
        branch = self.create(from_branch="develop")
        self.assertEqual((branch.as_files(), branch.parent_branch), ({"main": "1", "a.js": "2"}, "develop"))

    def test_from_a_release(self) -> None:
        self.save({"main": "released"})
        publish_release(actor=self.bob, project=self.project, branch="develop")
        self.save({"main": "later"})
        branch = self.create(from_release="0.1")
        self.assertEqual((branch.as_files(), branch.created_from_release), ({"main": "released"}, "0.1"))

    def test_it_refuses_wrong_sources(self) -> None:
        for source, kind in (
            ({}, UserError),
            ({"from_branch": "develop", "from_release": "0.1"}, UserError),
            ({"from_branch": "nothing"}, NotFoundError),
            ({"from_branch": "a\x00"}, NotFoundError),
            ({"from_release": "9.9"}, NotFoundError),
            ({"from_release": "x"}, NotFoundError),
        ):
            with self.subTest(source), self.assertRaises(kind):
                self.create(**source)

    def test_it_refuses_wrong_names(self) -> None:
        for name in ("", "-a", "a b", "a/b", "..", "é", "x" * 65, "a\n"):
            with self.subTest(name), self.assertRaises(UserError):
                self.create(name, from_branch="develop")
        with self.assertRaises(ConflictError):
            self.create("develop", from_branch="develop")

    def test_charlie_may_not(self) -> None:
        with self.assertRaises(NotFoundError):
            create_branch(actor=self.charlie, project=self.project, name="x", from_branch="develop")

    def test_one_made_anew_has_another_etag(self) -> None:
        first = self.create(from_branch="develop").etag
        delete_branch(actor=self.bob, project=self.project, name="next")
        self.assertNotEqual(self.create(from_branch="develop").etag, first)


class DeleteBranchTest(BranchCase):
    def test_it_deletes_all_but_the_last(self) -> None:
        create_branch(actor=self.bob, project=self.project, name="next", from_branch="develop")
        delete_branch(actor=self.bob, project=self.project, name="develop")
        with self.assertRaises(ConflictError):
            delete_branch(actor=self.bob, project=self.project, name="next")
        with self.assertRaises(NotFoundError):
            delete_branch(actor=self.bob, project=self.project, name="develop")

    def test_charlie_may_not(self) -> None:
        with self.assertRaises(NotFoundError):
            delete_branch(actor=self.charlie, project=self.project, name="develop")

    def test_who_sees_branches(self) -> None:
        self.assertEqual(Branch.objects.visible_to(self.charlie).count(), 1)
        self.assertEqual(Branch.objects.visible_to(self.root).count(), 2)
