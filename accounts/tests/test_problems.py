"""What an answer looks like that is not the one hoped for."""

from __future__ import annotations

from typing import Any
from unittest import mock

from django.db import IntegrityError, OperationalError
from django.test import Client, override_settings

from accounts.models import AuditEntry, User
from accounts.testing import People

NAMES = {"type", "title", "status", "detail", "code", "errors"}


class ProblemTest(People):
    def assert_problem(self, response: Any, status: int, code: str) -> dict[str, Any]:  # noqa: ANN401
        self.assertEqual(response.status_code, status, response.content)
        self.assertEqual(response["Content-Type"], "application/problem+json")
        body: dict[str, Any] = response.json()
        self.assertLessEqual(NAMES, set(body))
        self.assertEqual((body["status"], body["code"]), (status, code))
        return body

    def test_unknown_paths(self) -> None:
        for path in ("/api", "/api/", "/api/nothing", "/api/users/me/", "/api/projects/"):
            for method in ("get", "post", "delete", "options"):
                self.assert_problem(getattr(self.client_of(None), method)(path), 404, "path_unknown")

    def test_pages_keep_their_404(self) -> None:
        response = Client().get("/nothing")
        self.assertEqual(response.status_code, 404)
        self.assertIn("text/html", response["Content-Type"])

    def test_wrong_method(self) -> None:
        response = self.client_of(self.alice).delete("/api/users/me")
        self.assert_problem(response, 405, "method_not_allowed")
        self.assertIn("PUT", response["Allow"])

    def test_wrong_media_type(self) -> None:
        response = self.client_of(self.alice).generic("PUT", "/api/users/me", "<x/>", content_type="text/xml")
        self.assert_problem(response, 415, "unsupported_media_type")

    def test_broken_json_is_not_quoted(self) -> None:
        for body in ('{"name": "planted', "NaN", '"\\ud800"', "[" * 100_000, "\xff"):
            response = self.client_of(self.alice).generic(
                "PUT", "/api/users/me", body, content_type="application/json"
            )
            problem = self.assert_problem(response, 400, "parse_error")
            self.assertNotIn("planted", str(problem))

    @override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100)
    def test_too_much(self) -> None:
        response = self.client_of(self.alice).put("/api/users/me", {"name": "x" * 200})
        self.assert_problem(response, 413, "too_large")

    def test_what_vanished_or_changed_meanwhile_is_no_fault(self) -> None:
        for error, status, code in (
            (User.DoesNotExist(), 404, "not_found"),
            (IntegrityError("FOREIGN KEY planted"), 409, "conflict"),
        ):
            with mock.patch("accounts.api.me.represent", side_effect=error):
                response = self.client_of(self.alice).get("/api/users/me")
            self.assertNotIn("planted", str(self.assert_problem(response, status, code)))

    def test_our_own_fault_says_nothing(self) -> None:
        client = self.client_of(self.alice)
        client.raise_request_exception = False
        with mock.patch("accounts.api.me.represent", side_effect=RuntimeError("planted")):
            response = client.get("/api/users/me")
        self.assertNotIn("planted", str(self.assert_problem(response, 500, "internal_error")))
        self.assertIn("X-Request-ID", response)

    def test_a_database_that_is_away(self) -> None:
        with (
            mock.patch("accounts.actions.profile.record", side_effect=OperationalError("planted")),
            self.assertLogs("accounts.errors", "ERROR"),
        ):
            response = self.client_of(self.alice).put("/api/users/me", {"name": "x"})
        self.assertNotIn("planted", str(self.assert_problem(response, 503, "database_unavailable")))
        self.assertEqual(response["Retry-After"], "1")
        self.alice.refresh_from_db()
        self.assertEqual(self.alice.name, "Alice")


class RequestIdTest(People):
    def test_it_takes_what_front_sends(self) -> None:
        response = Client().get("/api/users/me", headers={"x-request-id": "front-0123456789"})
        self.assertEqual(response["X-Request-ID"], "front-0123456789")

    def test_it_makes_its_own_otherwise(self) -> None:
        for given in ("", "short", "a b c d e f g h", "x" * 65, "é" * 10):
            made = Client().get("/api/users/me", headers={"x-request-id": given})["X-Request-ID"]
            self.assertRegex(made, r"^[0-9a-f]{32}$")

    def test_the_audit_knows_whence(self) -> None:
        header = {"x-request-id": "front-0123456789", "x-forwarded-for": "203.0.113.9, 2001:db8::1"}
        self.client_of(self.alice).put("/api/users/me", {"name": "A"}, headers=header)
        entry = AuditEntry.objects.get(verb="update_profile")
        self.assertEqual((entry.ip, entry.request_id), ("2001:db8::1", "front-0123456789"))
