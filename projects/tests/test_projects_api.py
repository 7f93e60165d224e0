from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from projects import facets
from projects.actions.projects import create_project
from projects.models import Project
from projects.testing import ProjectCase

SHAPE = {
    "id",
    "name",
    "slug",
    "color",
    "owner",
    "members",
    "auto_start",
    "keep_runs",
    "created_at",
    "updated_at",
}


class ProjectsTest(ProjectCase):
    def test_it_creates(self) -> None:
        response = self.client_of(self.alice).post("/api/projects", {"name": "My Café", "color": "sky"})
        self.assertEqual(response.status_code, 201)
        body = response.json()
        self.assertLessEqual(SHAPE | {"active_release"}, set(body))
        self.assertEqual((body["slug"], body["color"], body["active_release"]), ("my-cafe", "sky", None))
        self.assertEqual(
            body["owner"], {"id": str(self.alice.pk), "email": "alice@example.org", "name": "Alice"}
        )

    def test_it_sets_no_protected_field(self) -> None:
        wanted: dict[str, Any] = {
            "name": "X",
            "id": str(uuid.uuid4()),
            "owner": str(self.bob.pk),
        }
        wanted |= {
            "members": [str(self.charlie.pk)],
            "created_at": "2000-01-01T00:00:00Z",
            "status": "running",
        }
        refused = self.client_of(self.alice).post("/api/projects", {**wanted, "owner_id": str(self.bob.pk)})
        self.assertEqual((refused.status_code, refused.json()["code"]), (400, "unknown_field"))
        body = self.client_of(self.alice).post("/api/projects", wanted).json()
        self.assertNotEqual(body["id"], wanted["id"])
        self.assertEqual((body["owner"]["id"], body["members"]), (str(self.alice.pk), []))
        self.assertGreater(body["created_at"], "2020")

    def test_it_points_to_wrong_values(self) -> None:
        client = self.client_of(self.alice)
        rows: tuple[tuple[Any, str], ...] = (
            ({}, "/name"),
            ({"name": ""}, "/name"),
            ({"name": "x" * 101}, "/name"),
            ({"name": "x", "slug": "-"}, "/slug"),
            ({"name": "x", "slug": str(uuid.uuid4())}, "/slug"),
            ({"name": "x", "color": "beige"}, "/color"),
            ({"name": "x", "keep_runs": 0}, "/keep_runs"),
            ({"name": "x", "auto_start": "perhaps"}, "/auto_start"),
            ([], ""),
        )
        for wrong, pointer in rows:
            response = client.post("/api/projects", wrong)
            self.assertEqual(response.status_code, 400, wrong)
            self.assertEqual(response.json()["errors"][0]["pointer"], pointer)

    def test_a_taken_slug_is_a_conflict(self) -> None:
        response = self.client_of(self.charlie).post("/api/projects", {"name": "x", "slug": "shop"})
        self.assertEqual((response.status_code, response.json()["code"]), (409, "slug_taken"))

    def test_who_may(self) -> None:
        for user, code in ((None, 401), (self.bob, 403), (self.charlie, 201), (self.root, 201)):
            self.assertEqual(
                self.client_of(user).post("/api/projects", {"name": "x"}).status_code, code, user
            )

    def test_the_list_shows_what_one_sees(self) -> None:
        for user, slugs in ((self.alice, ["shop"]), (self.bob, ["shop"]), (self.root, ["foreign", "shop"])):
            body = self.client_of(user).get("/api/projects").json()
            self.assertEqual(set(body), {"count", "next", "previous", "results"})
            self.assertEqual([project["slug"] for project in body["results"]], slugs)
        self.assertEqual(self.client_of(None).get("/api/projects").status_code, 401)

    def test_the_list_is_ordered_searched_and_cut(self) -> None:
        for name in ("Beta", "Alpha", "Gamma"):
            create_project(actor=self.alice, name=name)
        client = self.client_of(self.alice)

        def slugs(query: str) -> list[str]:
            return [project["slug"] for project in client.get(f"/api/projects?{query}").json()["results"]]

        self.assertEqual(slugs(""), ["alpha", "beta", "gamma", "shop"])
        self.assertEqual(slugs("ordering=-slug"), ["shop", "gamma", "beta", "alpha"])
        self.assertEqual(slugs("ordering=-created_at&page_size=1"), ["gamma"])
        self.assertEqual(slugs("search=ALP"), ["alpha"])
        self.assertEqual(slugs("page_size=3&page=2"), ["shop"])
        for query, code in (
            ("ordering=owner__password", "ordering_invalid"),
            ("page_size=0", "page_size_invalid"),
        ):
            response = client.get(f"/api/projects?{query}")
            self.assertEqual((response.status_code, response.json()["code"]), (400, code))
        self.assertEqual(client.get("/api/projects?page=99").status_code, 404)
        self.assertEqual(client.get("/api/projects?search=%00").status_code, 400)
        self.assertIn("page=2", client.get("/api/projects?page_size=3").json()["next"])

    def test_the_list_costs_the_same_for_one_and_many(self) -> None:
        client = self.client_of(self.root)
        with CaptureQueriesContext(connection) as few:
            client.get("/api/projects")
        # count, projects with owners, members, and at most one for each facet
        self.assertLessEqual(len(few), 3 + len(facets.names()))
        for number in range(20):
            create_project(actor=self.alice, name=f"P{number}")
        with self.assertNumQueries(len(few)):
            self.assertEqual(client.get("/api/projects").json()["count"], 22)


class FacetsTest(ProjectCase):
    def tearDown(self) -> None:
        facets._loaders.pop("mood", None)

    def test_an_upper_floor_adds_a_key(self) -> None:
        def mood(projects: Sequence[Project]) -> Mapping[uuid.UUID, Mapping[str, object]]:
            return {project.pk: {"mood": "good"} for project in projects if project.slug == "shop"}

        facets.register(mood, mood=facets.TEXT)
        facets.register(mood, mood=facets.TEXT)
        client = self.client_of(self.root)
        self.assertEqual(client.get("/api/projects/shop").json()["mood"], "good")
        self.assertIsNone(client.get("/api/projects/foreign").json()["mood"])
        with self.assertRaises(ValueError):
            facets.register(lambda projects: {}, mood=facets.TEXT)


class ProjectTest(ProjectCase):
    def test_it_is_found_by_id_and_slug(self) -> None:
        for key in ("shop", str(self.project.pk)):
            self.assertEqual(self.client_of(self.bob).get(f"/api/projects/{key}").json()["slug"], "shop")

    def test_it_is_changed_in_part(self) -> None:
        client = self.client_of(self.alice)
        for method in (client.put, client.patch):
            body = method("/api/projects/shop", {"color": "red", "auto_start": False}).json()
            self.assertEqual((body["name"], body["color"], body["auto_start"]), ("Shop", "red", False))
        self.assertEqual(client.put("/api/projects/shop", {"slug": "store"}).json()["slug"], "store")
        self.assertEqual(client.get("/api/projects/shop").status_code, 404)

    def test_it_is_deleted_when_confirmed(self) -> None:
        client = self.client_of(self.alice)
        response = client.delete("/api/projects/shop")
        self.assertEqual((response.status_code, response.json()["code"]), (400, "confirmation_missing"))
        self.assertIn("shop", response.json()["detail"])
        self.assertEqual(client.delete("/api/projects/shop", {"slug": "other"}).status_code, 400)
        self.assertEqual(client.delete("/api/projects/shop", {"slug": "shop"}).status_code, 204)
        create_project(actor=self.alice, name="Shop", slug="shop")
        self.assertEqual(client.delete("/api/projects/shop?confirm=shop").status_code, 204)

    def test_members_come_and_go(self) -> None:
        client = self.client_of(self.alice)
        response = client.post("/api/projects/shop/members", {"email": "charlie@example.org"})
        self.assertEqual((response.status_code, response.json()["name"]), (201, "Charlie"))
        names = [member["name"] for member in client.get("/api/projects/shop").json()["members"]]
        self.assertEqual(sorted(names), ["Bob", "Charlie"])
        self.assertEqual(len(client.get("/api/projects/shop/members").json()), 2)
        self.assertEqual(client.delete(f"/api/projects/shop/members/{self.bob.pk}").status_code, 204)
        self.assertEqual(client.delete(f"/api/projects/shop/members/{self.bob.pk}").status_code, 404)
        self.assertEqual(client.delete("/api/projects/shop/members/nobody").status_code, 404)
        self.assertEqual(client.post("/api/projects/shop/members", {"user_id": "x"}).status_code, 400)


class MatrixTest(ProjectCase):
    """Who gets what from each address: nobody, a stranger, a member, the owner, the root."""

    def test_it(self) -> None:
        bob = self.bob.pk
        rows: list[tuple[str, str, Any, tuple[int, int, int, int, int]]] = [
            ("get", "", None, (401, 404, 200, 200, 200)),
            ("put", "", {"color": "red"}, (401, 404, 403, 200, 200)),
            ("patch", "", {"color": "red"}, (401, 404, 403, 200, 200)),
            ("get", "/members", None, (401, 404, 200, 200, 200)),
            ("post", "/members", {"email": "bob@example.org"}, (401, 404, 403, 201, 201)),
            ("get", "/env", None, (401, 404, 200, 200, 200)),
            ("put", "/env", [{"key": "A", "value": "1"}], (401, 404, 200, 200, 200)),
            ("post", "/env", {"key": "A", "value": "1"}, (401, 404, 409, 409, 409)),
            ("put", "/env/A", {"value": "2"}, (401, 404, 200, 200, 200)),
            ("delete", "/env/B", None, (401, 404, 404, 404, 404)),
            ("delete", f"/members/{self.root.pk}", None, (401, 404, 403, 404, 404)),
            ("delete", f"/members/{bob}", None, (401, 404, 204, 404, 404)),
            ("delete", "?confirm=shop", None, (401, 404, 404, 204, 404)),
        ]
        actors = (None, self.charlie, self.bob, self.alice, self.root)
        for method, path, body, codes in rows:
            for actor, code in zip(actors, codes, strict=True):
                response = getattr(self.client_of(actor), method)(f"/api/projects/shop{path}", body)
                self.assertEqual(response.status_code, code, (method, path, actor, response.content))


class EnvTest(ProjectCase):
    def test_put_replaces_and_hides_secrets(self) -> None:
        client = self.client_of(self.bob)
        wanted = [
            {"key": "B", "type": "secret", "value": "planted"},
            {"key": "A", "type": "json", "value": {"x": 1}},
        ]
        body = client.put("/api/projects/shop/env", wanted).json()
        self.assertEqual([item["key"] for item in body], ["B", "A"])
        self.assertEqual((body[0]["value"], body[0]["is_set"], body[1]["value"]), (None, True, {"x": 1}))
        self.assertEqual(client.get("/api/projects/shop/env").json(), body)
        again = client.put(
            "/api/projects/shop/env", [{k: v for k, v in item.items() if k != "is_set"} for item in body]
        )
        self.assertEqual(again.status_code, 200)
        self.assertEqual(self.project.variables.get(key="B").open(), "planted")

    def test_one_at_a_time(self) -> None:
        client = self.client_of(self.bob)
        created = client.post("/api/projects/shop/env", {"key": "A", "type": "secret", "value": "planted"})
        self.assertEqual((created.status_code, created.json()["value"]), (201, None))
        changed = client.put("/api/projects/shop/env/A", {"type": "integer", "value": 5})
        self.assertEqual(changed.json()["value"], 5)
        self.assertEqual(
            client.put("/api/projects/shop/env/A", {"key": "C", "value": "x"}).json()["key"], "C"
        )
        self.assertEqual(client.delete("/api/projects/shop/env/C").status_code, 204)
        self.assertEqual(client.put("/api/projects/shop/env/A", {"value": "x"}).status_code, 404)
        self.assertEqual(client.put("/api/projects/shop/env/A%00", {"value": "x"}).status_code, 400)

    @override_settings(DEBUG=True)
    def test_errors_point_and_quote_nothing(self) -> None:
        client = self.client_of(self.bob)
        for body, pointer in (
            ([{"key": "A", "type": "integer", "value": "planted"}], "/0/value"),
            ([{"key": "A", "value": "x"}, {"key": "B", "value": "planted\nx"}], "/1/value"),
            ([{"key": "A", "type": "secret", "value": "planted" * 1000}], "/0/value"),
            ([{"key": "A", "type": "secret", "value": {"x": "planted"}}], "/0/value"),
            ([{"type": "secret", "value": "planted"}], "/0/key"),
            ([{"key": "1", "type": "secret", "value": "planted"}], "/0/key"),
            ({"key": "A", "value": "planted"}, ""),
            (["planted"], "/0"),
        ):
            response = client.put("/api/projects/shop/env", body)
            self.assertEqual(response.status_code, 400, body)
            self.assertEqual(response.json()["errors"][0]["pointer"], pointer, response.content)
            self.assertNotIn(b"planted", response.content)
