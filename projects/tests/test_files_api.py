from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.conf import settings
from django.test import override_settings

from accounts.models import AuditEntry
from projects.files.space import Space
from projects.models import StorageUsage
from projects.tests.files import FilesCase


class ListFilesTest(FilesCase):
    def test_it_lists_a_page_and_the_space(self) -> None:
        self.put("docs/b.txt", b"123")
        self.put("docs/a.png", b"12")
        self.put("docs/inner/c.txt")
        body = self.ask("get", "?path=/docs/").json()
        self.assertEqual([one["path"] for one in body["results"]], ["docs/inner", "docs/a.png", "docs/b.txt"])
        self.assertEqual((body["count"], body["next"], body["path"]), (3, None, "docs"))
        self.assertEqual((body["used"], body["files"], body["file_limit"]), (6, 5, 100_000))
        self.assertEqual(body["limit"], settings.STORAGE.project_limit)
        folder, picture, text = body["results"]
        self.assertEqual((folder["is_dir"], folder["url"], folder["etag"]), (True, None, ""))
        self.assertTrue(picture["preview_url"].endswith("/storage/preview/docs/a.png"))
        self.assertEqual(text["preview_url"], None)
        self.assertEqual((text["name"], text["size"], text["mime_type"]), ("b.txt", 3, "text/plain"))
        datetime.fromisoformat(text["updated_at"])
        self.assertEqual(self.client_of_bob.get(text["url"]).getvalue(), b"123")

    def test_pages_order_and_search(self) -> None:
        for number in range(5):
            self.put(f"deep/{number}.txt", b"x" * number)
        page = self.ask("get", "?path=deep&page=2&page_size=2&ordering=-size").json()
        self.assertEqual([one["name"] for one in page["results"]], ["2.txt", "1.txt"])
        self.assertIn("page=3", page["next"])
        found = self.ask("get", "?search=3.T").json()
        self.assertEqual([one["path"] for one in found["results"]], ["deep/3.txt"])
        everything = self.ask("get", "?recursive=true").json()
        self.assertEqual(everything["count"], 6)

    def test_an_empty_project_has_an_empty_root(self) -> None:
        body = self.ask("get").json()
        self.assertEqual((body["count"], body["results"], body["used"]), (0, [], 0))

    def test_it_refuses(self) -> None:
        self.refused(self.ask("get", "?path=nothing"), "file_not_found")
        self.refused(self.ask("get", "?path=../x"), "path_invalid")
        self.refused(self.ask("get", "?path=a%00b"), "invalid")
        self.refused(self.ask("get", "?path=" + "a" * 300), "path_too_long")
        self.refused(self.ask("get", "?ordering=colour"), "invalid")
        self.refused(self.ask("get", "?page=2"), "not_found")
        self.assertEqual(self.client_of_charlie().get(self.base).status_code, 404)
        self.assertEqual(self.client_of(None).get(self.base).status_code, 401)

    def test_a_page_of_a_large_folder_is_quick(self) -> None:
        self.put("large/0")
        folder = settings.STORAGE_ROOT / str(self.project.pk) / "storage" / "large"
        for number in range(10_000):
            (folder / f"file-{number:05}.txt").touch()
        self.ask("get", "?path=large")
        begun = time.perf_counter()
        body = self.ask("get", "?path=large&page=77").json()
        lasted = time.perf_counter() - begun
        self.assertEqual(body["count"], 10_001)
        self.assertEqual(body["results"][0]["name"], "file-03799.txt")
        self.assertLess(lasted, 1.0)


class FoldersTest(FilesCase):
    def test_mkdir(self) -> None:
        response = self.ask("post", "/mkdir", {"path": "a/b"})
        self.assertEqual(response.status_code, 201)
        self.assertEqual((response.json()["path"], response.json()["is_dir"]), ("a/b", True))
        self.refused(self.ask("post", "/mkdir", {"path": "a/b"}), "file_exists")
        self.refused(self.ask("post", "/mkdir", {"path": "/"}), "path_missing")
        self.refused(self.ask("post", "/mkdir", {}), "invalid")
        entry = AuditEntry.objects.get(verb="create_folder")
        self.assertEqual((entry.actor, entry.after), (self.bob, {"path": "a/b"}))

    def test_rename_move_and_copy(self) -> None:
        self.put("docs/a.txt", b"1")
        renamed = self.ask("put", "/rename", {"path": "docs/a.txt", "name": "b.txt"})
        self.assertEqual((renamed.status_code, renamed.json()["path"]), (200, "docs/b.txt"))
        renamed = self.ask("put", "/rename", {"path": "docs/b.txt", "new_path": "papers/c.txt"})
        self.assertEqual(renamed.json()["path"], "papers/c.txt")
        copied = self.ask("post", "/copy", {"path": "papers", "new_path": "again"})
        self.assertEqual((copied.status_code, copied.json()["is_dir"]), (201, True))
        moved = self.ask("post", "/move", {"path": "again/c.txt", "new_path": "c.txt"})
        self.assertEqual(moved.status_code, 200)
        self.assertEqual(self.paths(), ["again", "docs", "papers", "c.txt", "papers/c.txt"])
        usage = StorageUsage.objects.get(project=self.project)
        self.assertEqual((usage.bytes, usage.files, usage.reservations.count()), (2, 5, 0))
        verbs = set(AuditEntry.objects.values_list("verb", flat=True))
        self.assertLessEqual({"move_file", "copy_file"}, verbs)

    def test_rename_and_move_refuse(self) -> None:
        self.put("docs/a.txt")
        self.put("b.txt")
        for body, code in (
            ({"path": "docs/a.txt"}, "invalid"),
            ({"path": "docs/a.txt", "name": "b", "new_path": "c"}, "invalid"),
            ({"path": "docs/a.txt", "name": "../b"}, "path_invalid"),
            ({"path": "docs/a.txt", "new_path": "b.txt"}, "file_exists"),
            ({"path": "docs", "new_path": "docs/x"}, "into_itself"),
            ({"path": "nothing", "name": "x"}, "file_not_found"),
            ({"path": "docs/a.txt", "new_path": "b.txt/x"}, "not_a_folder"),
            ({"path": "", "name": "x"}, "invalid"),
            ({"path": "/", "name": "x"}, "path_missing"),
        ):
            with self.subTest(body):
                self.refused(self.ask("put", "/rename", body), code)
        moved = self.ask("post", "/move", {"path": "docs/a.txt", "new_path": "b.txt", "overwrite": True})
        self.assertEqual(moved.status_code, 200)

    def test_delete(self) -> None:
        self.put("a/b.txt")
        self.put("download/x.txt")
        self.refused(self.ask("delete", "/a"), "folder_not_empty")
        self.assertEqual(self.ask("delete", "/a/b.txt").status_code, 204)
        self.assertEqual(self.ask("delete", "/a?recursive=true").status_code, 204)
        self.refused(self.ask("delete", "/a"), "file_not_found")
        self.assertEqual(self.ask("delete", "?path=download/x.txt").status_code, 204)
        self.refused(self.ask("delete"), "invalid")
        self.refused(self.ask("delete", "?path=/&recursive=true"), "path_missing")
        self.assertEqual(self.paths(), ["download"])
        self.assertEqual(self.files.figures().files, 1)

    def test_strangers_and_nobody_are_refused(self) -> None:
        self.put("a.txt")
        calls: tuple[tuple[str, str, Any], ...] = (
            ("post", "/mkdir", {"path": "b"}),
            ("put", "/rename", {"path": "a.txt", "name": "b"}),
            ("post", "/move", {"path": "a.txt", "new_path": "b"}),
            ("post", "/copy", {"path": "a.txt", "new_path": "b"}),
            ("post", "/file", {"path": "b", "content": ""}),
            ("get", "/file/a.txt", None),
            ("put", "/file/a.txt", {"content": ""}),
            ("get", "/download/a.txt", None),
            ("get", "/preview/a.txt", None),
            ("post", "/upload?path=b", {}),
            ("delete", "/a.txt", None),
            ("delete", "?path=a.txt", None),
            ("post", "/links", {"path": "a.txt"}),
            ("get", "/links", None),
        )
        for method, path, body in calls:
            with self.subTest(path):
                for client, status in ((self.client_of_charlie(), 404), (self.client_of(None), 401)):
                    self.assertEqual(getattr(client, method)(self.base + path, body).status_code, status)
        self.assertEqual(self.paths(), ["a.txt"])


class TextFilesTest(FilesCase):
    def test_create_read_update(self) -> None:
        made = self.ask("post", "/file", {"path": "notes/a.md", "content": "# Ä\n"})
        self.assertEqual(made.status_code, 201)
        self.refused(self.ask("post", "/file", {"path": "notes/a.md"}), "file_exists")
        read = self.ask("get", "/file/notes/a.md")
        self.assertEqual(read.json()["content"], "# Ä\n")
        self.assertEqual(read["ETag"], made["ETag"])
        saved = self.ask("put", "/file/notes/a.md", {"content": " new\n"}, headers={"If-Match": made["ETag"]})
        self.assertEqual(saved.status_code, 200)
        self.assertNotEqual(saved["ETag"], made["ETag"])
        self.assertEqual(self.content("notes/a.md"), b" new\n")

    def test_a_stale_save_gets_the_newer_content(self) -> None:
        made = self.ask("post", "/file", {"path": "a.md", "content": "one"})
        self.ask("put", "/file/a.md", {"content": "two"})
        stale = self.ask("put", "/file/a.md", {"content": "three"}, headers={"If-Match": made["ETag"]})
        self.refused(stale, "stale")
        self.assertEqual(stale.status_code, 412)
        self.assertEqual(stale.json()["newer"]["content"], "two")
        self.assertEqual(stale.json()["newer"]["etag"], self.ask("get", "/file/a.md")["ETag"])
        self.assertEqual(self.content("a.md"), b"two")

    def test_it_refuses(self) -> None:
        self.put("binary", b"\xff\xfe")
        self.put("nul", b"a\0b")
        self.put("large", b"x" * (2 * 1024 * 1024 + 1))
        self.put("folder/x")
        self.refused(self.ask("get", "/file/binary"), "not_text")
        self.refused(self.ask("get", "/file/nul"), "not_text")
        self.refused(self.ask("get", "/file/large"), "file_too_large")
        self.refused(self.ask("get", "/file/folder"), "is_folder")
        self.refused(self.ask("get", "/file/nothing"), "file_not_found")
        self.refused(self.ask("put", "/file/nothing", {"content": ""}), "file_not_found")
        self.refused(self.ask("put", "/file/folder", {"content": ""}), "is_folder")
        self.refused(self.ask("put", "/file/binary", {}), "invalid")
        self.refused(self.ask("put", "/file/binary", {"content": "ä" * (1024 * 1024 + 1)}), "file_too_large")
        self.refused(self.ask("post", "/file", {"path": "a", "content": "a\0b"}), "invalid")
        self.refused(self.ask("get", "/file/a%00b"), "path_invalid")
        self.refused(self.ask("get", "/file/a%0Ab"), "path_unknown")


class SpaceTest(FilesCase):
    def limited(self, limit: int) -> None:
        StorageUsage.objects.update_or_create(project=self.project, defaults={"limit": limit})

    def test_everything_that_writes_is_bounded(self) -> None:
        self.limited(10)
        self.put("a", b"x" * 6)
        for response in (
            self.ask("post", "/file", {"path": "b", "content": "x" * 5}),
            self.ask("post", "/copy", {"path": "a", "new_path": "b"}),
            self.ask("post", "/upload?path=b", b"x" * 5, content_type="application/octet-stream"),
        ):
            self.refused(response, "storage_limit_reached")
            self.assertEqual(response.status_code, 507)
        self.assertEqual(self.paths(), ["a"])
        self.assertEqual(self.files.figures().used, 6)
        self.assertEqual(self.ask("post", "/file", {"path": "b", "content": "x" * 4}).status_code, 201)
        self.assertEqual(self.ask("delete", "/a").status_code, 204)
        self.assertEqual(self.files.figures().used, 4)

    def test_what_one_upload_reserves_another_cannot(self) -> None:
        self.limited(10)
        space = Space(self.project.pk)
        with self.files.upload(6) as first:
            self.refused(
                self.ask("post", "/file", {"path": "b", "content": "x" * 5}), "storage_limit_reached"
            )
            first.write(b"x" * 6)
            first.keep("a")
        self.assertEqual(space.figures().used, 6)
        reservation = space.reserve(4, 1)
        self.refused(self.ask("post", "/file", {"path": "b", "content": "x"}), "storage_limit_reached")
        reservation.release()
        self.assertEqual(self.ask("post", "/file", {"path": "b", "content": "x"}).status_code, 201)

    def test_so_is_the_number_of_files(self) -> None:
        StorageUsage.objects.create(project=self.project, files=99_999)
        self.assertEqual(self.ask("post", "/mkdir", {"path": "a"}).status_code, 201)
        self.refused(self.ask("post", "/mkdir", {"path": "b"}), "storage_limit_reached")
        self.refused(self.ask("post", "/file", {"path": "b"}), "storage_limit_reached")

    def test_files_have_a_largest_size(self) -> None:
        with override_settings(STORAGE=settings.STORAGE.model_copy(update={"upload_limit": 100})):
            self.refused(self.ask("post", "/file", {"path": "a", "content": "x" * 101}), "file_too_large")
            self.assertEqual(self.ask("post", "/file", {"path": "a", "content": "x" * 100}).status_code, 201)

    def test_a_recount_mends_figures(self) -> None:
        self.put("a/b", b"123")
        StorageUsage.objects.update(bytes=7, files=-1)
        self.assertTrue(self.files.space.recount(self.files.store.usage))
        self.assertEqual((self.files.figures().used, self.files.figures().files), (3, 2))

    def test_a_recount_gives_way_to_changes(self) -> None:
        self.put("a", b"123")
        space = self.files.space

        def interfered() -> object:
            counted = self.files.store.usage()
            self.put("b", b"123")
            return counted

        self.assertFalse(space.recount(interfered))  # type: ignore[arg-type]
        with self.files.upload():
            self.assertFalse(space.recount(self.files.store.usage))
        self.assertEqual(self.files.figures().used, 6)
