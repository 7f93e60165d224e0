from __future__ import annotations

from typing import Any

from projects.testing import ProjectCase

BRANCHES = "/api/projects/shop/pipeline/branches"
RELEASES = "/api/projects/shop/pipeline/releases"


class BranchesTest(ProjectCase):
    def test_a_list_without_code(self) -> None:
        body = self.client_of(self.bob).get(BRANCHES).json()
        self.assertEqual((body["count"], body["results"][0]["name"]), (1, "develop"))
        self.assertNotIn("files", body["results"][0])

    def test_one_with_code_and_etag(self) -> None:
        response = self.client_of(self.bob).get(f"{BRANCHES}/develop")
        body = response.json()
        self.assertEqual([file["name"] for file in body["files"]], ["main"])
        self.assertEqual(body["code"], body["files"][0]["code"])
        self.assertEqual(response["ETag"], body["etag"])

    def test_saving_files_and_main_alone(self) -> None:
        client = self.client_of(self.bob)
        files = [{"name": "main", "code": " 1\n"}, {"name": "lib/a.js", "code": ""}]
        self.assertEqual(client.put(f"{BRANCHES}/develop", {"files": files}).json()["files"], files)
        body = client.put(f"{BRANCHES}/develop", {"code": "new"}).json()
        self.assertEqual((body["code"], len(body["files"])), ("new", 2))

    def test_a_stale_save_gets_the_newer_content(self) -> None:
        client = self.client_of(self.bob)
        etag = client.get(f"{BRANCHES}/develop")["ETag"]
        saved = client.put(f"{BRANCHES}/develop", {"code": "newer"}, headers={"if-match": etag})
        self.assertEqual(saved.status_code, 200)
        stale = client.put(f"{BRANCHES}/develop", {"code": "older"}, headers={"if-match": etag})
        self.assertEqual((stale.status_code, stale["Content-Type"]), (412, "application/problem+json"))
        body = stale.json()
        self.assertEqual(
            (body["code"], body["newer"]["code"], body["newer"]["etag"]),
            ("stale", "newer", saved["ETag"]),
        )
        self.assertEqual(client.put(f"{BRANCHES}/develop", {"code": "x"}).status_code, 200)

    def test_wrong_bodies_point(self) -> None:
        client = self.client_of(self.bob)
        main = {"name": "main", "code": ""}
        for body, pointer in (
            ({}, ""),
            ({"code": "x", "files": [main]}, ""),
            ([], ""),
            ({"files": {}}, "/files"),
            ({"files": []}, "/files"),
            ({"files": [main, main]}, "/files/1/name"),
            ({"files": [main, {"name": "../x", "code": ""}]}, "/files/1/name"),
            ({"files": [main, {"name": "x"}]}, "/files/1/code"),
            ({"code": None}, "/code"),
            ({"code": "a\x00"}, "/code"),
        ):
            response = client.put(f"{BRANCHES}/develop", body)
            self.assertEqual(
                (response.status_code, response["Content-Type"]), (400, "application/problem+json"), body
            )
            errors = response.json()["errors"]
            self.assertEqual(errors[0]["pointer"] if errors else "", pointer, (body, errors))

    def test_branches_come_and_go(self) -> None:
        client = self.client_of(self.bob)
        created = client.post(BRANCHES, {"name": "next", "parent_branch": "develop"})
        self.assertEqual((created.status_code, created.json()["parent_branch"]), (201, "develop"))
        self.assertEqual(client.post(BRANCHES, {"name": "next", "parent_branch": "develop"}).status_code, 409)
        self.assertEqual(client.post(BRANCHES, {"name": "other"}).status_code, 400)
        client.post(RELEASES, {"branch": "next"})
        from_release = client.post(BRANCHES, {"name": "fix", "created_from_release": "0.1"})
        self.assertEqual(from_release.json()["created_from_release"], "0.1")
        for name in ("next", "fix"):
            self.assertEqual(client.delete(f"{BRANCHES}/{name}").status_code, 204)
        self.assertEqual(client.delete(f"{BRANCHES}/develop").status_code, 409)


class ReleasesTest(ProjectCase):
    def test_publish_activate_and_roll_back(self) -> None:
        client = self.client_of(self.bob)
        first = client.post(
            RELEASES, {"branch": "develop", "bump": "minor", "tag": "stable", "comment": "First"}
        )
        self.assertEqual(
            (first.status_code, first.json()["version"], first.json()["is_active"]), (201, "0.1", True)
        )
        self.assertEqual(first.json()["author"]["name"], "Bob")
        self.assertEqual(
            client.post(RELEASES, {"branch": "develop", "bump": "major"}).json()["version"], "1.0"
        )
        for version in ("1.0", "0.1"):
            self.assertEqual(client.post(f"{RELEASES}/{version}/activate").json()["version"], version)
            self.assertEqual(client.get("/api/projects/shop").json()["active_release"], version)

    def test_the_list_is_newest_first_and_without_code(self) -> None:
        client = self.client_of(self.bob)
        for _n in range(12):
            client.post(RELEASES, {})
        with self.assertNumQueries(3):
            body = client.get(f"{RELEASES}?page_size=3").json()
        self.assertEqual([release["version"] for release in body["results"]], ["0.12", "0.11", "0.10"])
        self.assertNotIn("files", body["results"][0])

    def test_one_with_code(self) -> None:
        client = self.client_of(self.bob)
        client.put(
            f"{BRANCHES}/develop", {"files": [{"name": "main", "code": "1"}, {"name": "a.js", "code": "2"}]}
        )
        client.post(RELEASES, {})
        body = client.get(f"{RELEASES}/0.1").json()
        self.assertEqual((body["code"], [file["name"] for file in body["files"]]), ("1", ["main", "a.js"]))
        self.assertEqual(client.put(f"{RELEASES}/0.1", {"code": "x"}).status_code, 405)

    def test_deletion(self) -> None:
        client = self.client_of(self.bob)
        for _n in range(2):
            client.post(RELEASES, {"activate": False})
        self.assertEqual(client.delete(f"{RELEASES}/0.1").json()["code"], "release_active")
        self.assertEqual(client.delete(f"{RELEASES}/0.2").status_code, 204)
        self.assertEqual(client.delete(f"{RELEASES}/0.2").status_code, 404)

    def test_wrong_bodies_point(self) -> None:
        client = self.client_of(self.bob)
        for body, pointer in (
            ({"bump": "patch"}, "/bump"),
            ({"tag": "x"}, "/tag"),
            ({"comment": "x" * 2001}, "/comment"),
        ):
            response = client.post(RELEASES, body)
            self.assertEqual((response.status_code, response.json()["errors"][0]["pointer"]), (400, pointer))
        self.assertEqual(client.post(RELEASES, {"branch": "nothing"}).status_code, 404)


class MatrixTest(ProjectCase):
    def test_who_gets_what(self) -> None:
        source = {"name": "x", "parent_branch": "develop"}
        rows: list[tuple[str, str, Any, tuple[int, int, int, int, int]]] = [
            ("get", BRANCHES, None, (401, 404, 200, 200, 200)),
            ("post", BRANCHES, source, (401, 404, 201, 409, 409)),
            ("get", f"{BRANCHES}/develop", None, (401, 404, 200, 200, 200)),
            ("put", f"{BRANCHES}/develop", {"code": "1"}, (401, 404, 200, 200, 200)),
            ("delete", f"{BRANCHES}/x", None, (401, 404, 204, 404, 404)),
            ("get", RELEASES, None, (401, 404, 200, 200, 200)),
            ("post", RELEASES, {"activate": False}, (401, 404, 201, 201, 201)),
            ("get", f"{RELEASES}/0.1", None, (401, 404, 200, 200, 200)),
            ("post", f"{RELEASES}/0.2/activate", {}, (401, 404, 200, 200, 200)),
            ("delete", f"{RELEASES}/0.1", None, (401, 404, 204, 404, 404)),
        ]
        actors = (None, self.charlie, self.bob, self.alice, self.root)
        for method, path, body, codes in rows:
            for actor, code in zip(actors, codes, strict=True):
                response = getattr(self.client_of(actor), method)(path, body)
                self.assertEqual(response.status_code, code, (method, path, actor, response.content))
