from __future__ import annotations

from typing import Any

from accounts.errors import ConflictError, NotFoundError, UserError
from pipeline.actions.branches import create_branch, rename_branch, save_branch
from pipeline.actions.files import delete_file, put_file, rename_file
from pipeline.models import Branch
from projects.testing import ProjectCase

PATH = "/api/projects/shop/pipeline/branches/develop"


class FilesCase(ProjectCase):
    def setUp(self) -> None:
        save_branch(
            actor=self.bob, project=self.project, name="develop", files={"main": "1", "lib/a.js": "2"}
        )

    def where(self, actor: object = None) -> dict[str, Any]:
        return {"actor": actor or self.bob, "project": self.project, "branch": "develop"}


class PutFileTest(FilesCase):
    def test_it_adds_and_replaces(self) -> None:
        put_file(**self.where(), name="b.js", code="3")
        branch = put_file(**self.where(), name="lib/a.js", code="4")
        self.assertEqual(branch.as_files(), {"main": "1", "b.js": "3", "lib/a.js": "4"})

    def test_it_refuses_names_and_code_as_a_save_does(self) -> None:
        for name, code, wanted in (("../x", "", "file_name_invalid"), ("x", "\0", "code_invalid")):
            with self.subTest(name), self.assertRaises(UserError) as caught:
                put_file(**self.where(), name=name, code=code)
            self.assertEqual(caught.exception.code, wanted)

    def test_charlie_is_refused(self) -> None:
        with self.assertRaises(NotFoundError):
            put_file(**self.where(self.charlie), name="main", code="")


class RenameFileTest(FilesCase):
    def test_it_renames(self) -> None:
        branch = rename_file(**self.where(), name="lib/a.js", new_name="b.js")
        self.assertEqual(branch.as_files(), {"main": "1", "b.js": "2"})

    def test_main_stays_and_nothing_is_written_over(self) -> None:
        with self.assertRaises(UserError) as caught:
            rename_file(**self.where(), name="main", new_name="x")
        self.assertEqual(caught.exception.code, "main_stays")
        with self.assertRaises(ConflictError):
            rename_file(**self.where(), name="lib/a.js", new_name="main")
        with self.assertRaises(NotFoundError):
            rename_file(**self.where(), name="nothing", new_name="x")

    def test_charlie_is_refused(self) -> None:
        with self.assertRaises(NotFoundError):
            rename_file(**self.where(self.charlie), name="lib/a.js", new_name="b.js")


class DeleteFileTest(FilesCase):
    def test_it_deletes_all_but_main(self) -> None:
        self.assertEqual(delete_file(**self.where(), name="lib/a.js").as_files(), {"main": "1"})
        with self.assertRaises(UserError):
            delete_file(**self.where(), name="main")
        with self.assertRaises(NotFoundError):
            delete_file(**self.where(), name="lib/a.js")

    def test_charlie_is_refused(self) -> None:
        with self.assertRaises(NotFoundError):
            delete_file(**self.where(self.charlie), name="lib/a.js")


class RenameBranchTest(FilesCase):
    def rename(self, new_name: str, actor: object = None) -> Branch:
        return rename_branch(
            actor=actor or self.bob,  # type: ignore[arg-type]
            project=self.project,
            name="develop",
            new_name=new_name,
        )

    def test_content_and_etag_stay_and_children_know(self) -> None:
        child = create_branch(actor=self.bob, project=self.project, name="next", from_branch="develop")
        before = Branch.objects.named(self.project, "develop")
        self.assertEqual(self.rename("trunk").etag, before.etag)
        child.refresh_from_db()
        self.assertEqual(child.parent_branch, "trunk")
        self.assertEqual(self.rename_again(), "develop")

    def rename_again(self) -> str:
        branch = rename_branch(actor=self.bob, project=self.project, name="trunk", new_name="develop")
        return branch.name

    def test_it_refuses_taken_and_wrong_names(self) -> None:
        create_branch(actor=self.bob, project=self.project, name="next", from_branch="develop")
        with self.assertRaises(ConflictError):
            self.rename("next")
        with self.assertRaises(UserError):
            self.rename("a/b")

    def test_charlie_is_refused(self) -> None:
        with self.assertRaises(NotFoundError):
            self.rename("x", self.charlie)


class FilesApiTest(FilesCase):
    def test_a_file_comes_moves_and_goes(self) -> None:
        client = self.client_of(self.bob)
        put = client.put(f"{PATH}/files/lib/b.js", {"code": "let b = 1;"})
        self.assertEqual((put.status_code, put.json()["warnings"]), (200, []))
        got = client.get(f"{PATH}/files/lib/b.js")
        self.assertEqual(got.json(), {"name": "lib/b.js", "code": "let b = 1;"})
        self.assertEqual(got["ETag"], put["ETag"])
        body = {"name": "lib/b.js", "new_name": "c.js"}
        moved = client.post(f"{PATH}/files/rename", body, headers={"if-match": put["ETag"]})
        self.assertEqual([file["name"] for file in moved.json()["files"]], ["main", "c.js", "lib/a.js"])
        stale = client.delete(f"{PATH}/files/c.js", headers={"if-match": put["ETag"]})
        self.assertEqual((stale.status_code, stale.json()["newer"]["etag"]), (412, moved["ETag"]))
        gone = client.delete(f"{PATH}/files/c.js", headers={"if-match": moved["ETag"]})
        self.assertEqual(len(gone.json()["files"]), 2)

    def test_wrong_names_are_no_fault_of_ours(self) -> None:
        client = self.client_of(self.bob)
        for path in ("%00", "a%00b", "..", "a/../b", "a//b", "x" * 300, "%ED%A0%80", "nothing"):
            for method in ("get", "delete", "put"):
                answer = getattr(client, method)(f"{PATH}/files/{path}", {"code": ""})
                self.assertIn(answer.status_code, (200, 301, 400, 404), (method, path))
                self.assertLess(answer.status_code, 500)

    def test_renaming_a_branch(self) -> None:
        client = self.client_of(self.bob)
        self.assertEqual(client.patch(PATH, {"name": "trunk"}).json()["name"], "trunk")
        self.assertEqual(client.get(PATH).status_code, 404)

    def test_charlie_gets_404(self) -> None:
        client = self.client_of(self.charlie)
        for method, path, body in (
            ("get", "/files/main", None),
            ("put", "/files/main", {"code": ""}),
            ("delete", "/files/lib/a.js", None),
            ("post", "/files/rename", {"name": "lib/a.js", "new_name": "b"}),
            ("patch", "", {"name": "x"}),
            ("post", "/reset", {"version": "0.1"}),
            ("get", "/history", None),
            ("get", "/history/1", None),
            ("post", "/history/1/restore", {}),
        ):
            answer = getattr(client, method)(PATH + path, body)
            self.assertEqual((answer.status_code, answer.json()["code"]), (404, "project_not_found"), path)
