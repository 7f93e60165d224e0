"""The API's document: valid, complete, and telling no less than the code does."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from io import StringIO

from django.core.management import call_command
from django.test import SimpleTestCase, TestCase
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from rest_framework import filters
from rest_framework.test import APIClient

from accounts.api.components import ERRORS
from m3m_site.tests.fuzz import walk
from m3m_site.tests.openapi import document, operations, resolve, routes

# Where any JSON is really allowed, as the end of a component's path.
FREE = {
    *("EnvVarRequest/value", "ShownEnvVar/value", "Revealed/value"),
    # What a change was depends on what was changed.
    *("AuditEntry/before", "AuditEntry/after"),
    # Whoever makes a collection chooses its fields; one of the type `document` holds any JSON.
    *("Record", "RecordRequest", "PatchedRecordRequest", "RecordFilterRequest"),
    *("CollectionField/default_value", "WantedCollectionFieldRequest/default_value"),
}
# These describe the API themselves, or belong to services.
UNDESCRIBED = {"/api/schema", "/api/docs"}


class SchemaTest(SimpleTestCase):
    def test_it_is_valid_and_made_without_a_warning(self) -> None:
        with GENERATOR_STATS.silence():
            GENERATOR_STATS.reset()
            SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
            told = {**GENERATOR_STATS._warn_cache, **GENERATOR_STATS._error_cache}
        self.assertEqual(told, {})
        call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())

    def test_it_describes_every_address(self) -> None:
        described = {(method, path) for method, path, _operation in operations()}
        wanted = {
            (route.method, route.path)
            for route in routes()
            if route.path.startswith("/api/") and hasattr(route.view, "schema")
        }
        missing = {(method, path) for method, path in wanted - described if path not in UNDESCRIBED}
        self.assertEqual(missing, set())

    def test_every_operation_says_what_it_does_and_has_a_name_and_a_chapter(self) -> None:
        names: Counter[str] = Counter()
        for method, path, operation in operations():
            with self.subTest(method=method, path=path):
                names[operation["operationId"]] += 1
                self.assertRegex(operation["summary"], r"^[^a-z].*[.!?]$")
                self.assertEqual(len(operation["tags"]), 1)
                self.assertRegex(operation["operationId"], r"^[a-z][a-z0-9_]*$")
        self.assertEqual([name for name, count in names.items() if count > 1], [])
        self.assertEqual([name for name in names if re.search(r"_\d+$", name)], [])

    def test_every_json_body_has_an_example(self) -> None:
        without = [
            f"{method} {path}"
            for method, path, operation in operations()
            if "examples"
            not in operation.get("requestBody", {})
            .get("content", {})
            .get("application/json", {"examples": {}})
        ]
        self.assertEqual(without, [])

    def test_every_operation_names_its_errors(self) -> None:
        for method, path, operation in operations():
            with self.subTest(method=method, path=path):
                answers = operation["responses"]
                self.assertLessEqual({"400", "401", "429", "503"}, set(answers))
                self.assertTrue(any(status.startswith("2") for status in answers))
                for status in set(answers) & set(ERRORS):
                    content = resolve(answers[status])["content"]
                    self.assertIn("application/problem+json", content)

    def test_no_object_is_free_form_but_where_any_json_is_allowed(self) -> None:
        found = []
        for path, schema in walk(document()):
            free = schema.get("type") == "object" and not set(schema) & {"properties", "additionalProperties"}
            free = free or schema.get("additionalProperties") in ({}, True)
            # A schema without any word on the type; examples and the like are none.
            free = free or ("/properties/" in path and not set(schema) - {"description", "readOnly", "title"})
            short = re.sub(r"^#/components/schemas/(\w+)(?:/properties(/\w+)(/oneOf/0)?)?$", r"\1\2", path)
            if free and not path.endswith(("/properties", "/additionalProperties")) and short not in FREE:
                found.append(short)
        self.assertEqual(found, [])

    def test_every_door_that_asks_for_an_etag_says_so(self) -> None:
        silent = []
        for route in routes():
            handler = getattr(route.view, route.method.lower(), None)
            if handler is None or '"If-Match"' not in inspect.getsource(inspect.unwrap(handler)):
                continue
            parameters = document()["paths"][route.path][route.method.lower()].get("parameters", ())
            if "If-Match" not in {resolve(parameter)["name"] for parameter in parameters}:
                silent.append(route.line)
        self.assertEqual(silent, [])

    def test_every_repeatable_call_says_so(self) -> None:
        for route in routes():
            if getattr(getattr(route.view, route.method.lower(), None), "idempotent", False):
                parameters = document()["paths"][route.path][route.method.lower()]["parameters"]
                self.assertIn({"$ref": "#/components/parameters/IdempotencyKey"}, parameters)

    def test_no_list_ignores_an_order_that_it_does_not_know(self) -> None:
        lax = [
            route.line
            for route in routes()
            if filters.OrderingFilter in (getattr(route.view, "filter_backends", None) or ())
        ]
        self.assertEqual(lax, [], "use accounts.api.filters.OrderingFilter")


class SchemaDoorsTest(TestCase):
    def test_it_is_served_to_everybody_as_json_and_as_yaml(self) -> None:
        client = APIClient()
        for query, accept, kind in (
            ("", "*/*", "application/vnd.oai.openapi+json"),
            ("", "application/json", "application/json"),
            ("?format=yaml", "*/*", "application/vnd.oai.openapi"),
            ("", "application/yaml", "application/yaml"),
        ):
            with self.subTest(query=query, accept=accept):
                response = client.get(f"/api/schema{query}", headers={"accept": accept})
                self.assertEqual(response.status_code, 200)
                self.assertEqual(response["Content-Type"].split(";")[0], kind)
                self.assertIn(b"3.1.0", response.content[:200])

    def test_the_page_loads_nothing_from_elsewhere(self) -> None:
        client = APIClient()
        page = client.get("/api/docs")
        self.assertEqual(page.status_code, 200)
        self.assertIn("script-src 'self'", page["Content-Security-Policy"])
        text = page.content.decode()
        self.assertNotRegex(text, r"(src|href)=\"(https?:)?//")
        self.assertNotRegex(text, r"<script>")
        script = client.get("/api/docs?script=")
        self.assertIn("javascript", script["Content-Type"])
        self.assertIn("/api/schema", script.content.decode())
        for path in re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", text):
            self.assertEqual(client.get(path).status_code, 200, path)

    def test_a_page_that_asks_for_html_gets_a_problem(self) -> None:
        response = APIClient().get("/api/version", headers={"accept": "text/html"})
        self.assertEqual((response.status_code, response.json()["code"]), (406, "not_acceptable"))
        self.assertEqual(response["Content-Type"], "application/problem+json")
