"""Conditional, repeated and cross-origin requests; HEAD and OPTIONS."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, SimpleTestCase, TestCase, TransactionTestCase, override_settings
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from accounts.api.base import Door
from accounts.api.idempotency import idempotent
from accounts.models import IdempotentAnswer, User
from accounts.serializers import StrictSerializer
from accounts.tasks import forget_expired_answers
from accounts.testing import People


class EtagDoor(Door):
    if_match = ("PUT",)

    def get(self, request: Request) -> Response:
        """A thing."""
        return Response({"a": 1}, headers={"ETag": '"one"'})


class AddDoor(Door):
    """Adds a person by each request that it does not know."""

    @idempotent
    def post(self, request: Request) -> Response:
        """Add."""
        count = User.objects.count()
        User.objects.create_user(f"p{count}@example.org")
        code = int(dict(request.data).get("status", 201))
        return Response({"count": count}, status=code, headers={"Location": "/there"})


def ask(
    door: type[Door],
    method: str,
    user: User | AnonymousUser,
    body: dict[str, Any] | None = None,
    **headers: str,
) -> Response:
    options = (
        {} if body is None or any(hasattr(part, "read") for part in body.values()) else {"format": "json"}
    )
    if body is not None and not options:
        options = {"format": "multipart"}
    request = getattr(APIRequestFactory(), method)("/api/x", body, headers=headers, **options)
    force_authenticate(request, user)
    answer: Response = door.as_view()(request)
    answer.render()
    return answer


class ConditionalTest(People):
    def test_whoever_has_it_gets_nothing_again(self) -> None:
        for named, status in (
            ('"one"', 304),
            ('W/"one"', 304),
            ('"two", "one"', 304),
            ("*", 304),
            ('"two"', 200),
        ):
            answer = ask(EtagDoor, "get", self.alice, None, **{"If-None-Match": named})
            self.assertEqual((answer.status_code, answer["ETag"]), (status, '"one"'), named)
            self.assertEqual(answer.content == b"", status == 304)

    def test_options_names_the_methods(self) -> None:
        answer = ask(EtagDoor, "options", self.alice)
        self.assertEqual((answer.status_code, answer["Allow"]), (204, "GET, HEAD, OPTIONS"))

    def test_head_has_no_body(self) -> None:
        answer = self.client_of(self.alice).head("/api/users/me")
        self.assertEqual((answer.status_code, answer.content), (200, b""))


class RepeatTest(People):
    def test_a_repeated_request_gets_the_first_answer_and_has_no_second_effect(self) -> None:
        first = ask(AddDoor, "post", self.alice, {"a": 1, "b": 2}, **{"Idempotency-Key": "k"})
        again = ask(AddDoor, "post", self.alice, {"b": 2, "a": 1}, **{"Idempotency-Key": "k"})
        self.assertEqual((again.data, again.status_code, again["Location"]), (first.data, 201, "/there"))
        self.assertEqual(again["Idempotency-Replayed"], "true")
        self.assertNotIn("Idempotency-Replayed", first)
        other = ask(AddDoor, "post", self.alice, {"a": 2}, **{"Idempotency-Key": "k"})
        self.assertEqual((other.status_code, other.data["code"]), (422, "idempotency_key_reused"))
        self.assertEqual(
            ask(AddDoor, "post", self.bob, {"a": 2}, **{"Idempotency-Key": "k"}).status_code, 201
        )

    def test_an_answer_that_is_an_error_leaves_nothing_behind(self) -> None:
        before = User.objects.count()
        for _time in range(2):
            answer = ask(AddDoor, "post", self.alice, {"status": 409}, **{"Idempotency-Key": "k"})
            self.assertEqual(answer.status_code, 409)
        self.assertEqual((User.objects.count(), IdempotentAnswer.objects.count()), (before, 0))

    def test_late_answers_are_forgotten(self) -> None:
        for key in ("old", "new"):
            ask(AddDoor, "post", self.alice, {}, **{"Idempotency-Key": key})
        late = IdempotentAnswer.objects.first()
        assert late
        IdempotentAnswer.objects.filter(pk=late.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        forget_expired_answers(unknown=1)
        self.assertEqual(IdempotentAnswer.objects.count(), 1)


class TwinsTest(TransactionTestCase):
    def test_of_twins_at_once_one_has_the_effect(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        answers: list[Response] = []

        def send() -> None:
            try:
                answers.append(ask(AddDoor, "post", alice, {"a": 1}, **{"Idempotency-Key": "k"}))
            finally:
                connection.close()

        threads = [threading.Thread(target=send) for _time in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({(answer.status_code, answer.data["count"]) for answer in answers}, {(201, 1)})
        self.assertEqual(User.objects.count(), 2)


class FingerprintTest(SimpleTestCase):
    def test_files_of_one_name_differ_by_what_they_hold(self) -> None:
        from rest_framework.parsers import MultiPartParser  # noqa: PLC0415

        from accounts.api.idempotency import _fingerprint  # noqa: PLC0415

        def printed(content: bytes) -> str:
            body = {"file": SimpleUploadedFile("a.txt", content), "path": "x"}
            raw = APIRequestFactory().post("/api/x", body, format="multipart")
            request = Request(raw, parsers=[MultiPartParser()])
            found = _fingerprint(request)
            self.assertEqual(dict(request.data)["file"][0].read(), content)
            return found

        self.assertEqual(printed(b"one"), printed(b"one"))
        self.assertNotEqual(printed(b"one"), printed(b"two"))


class StrictTest(SimpleTestCase):
    def test_unknown_fields_are_refused_and_readable_ones_are_not(self) -> None:
        class Body(StrictSerializer):
            id = serializers.CharField(read_only=True)
            name = serializers.CharField()

        self.assertTrue(Body(data={"id": "1", "name": "x"}).is_valid())
        wrong = Body(data={"name": "x", "nmae": "y"})
        self.assertFalse(wrong.is_valid())
        self.assertEqual(wrong.errors["nmae"][0].code, "unknown_field")


class CorsTest(TestCase):
    ASKED = {"origin": "https://app.example.org", "access-control-request-method": "PUT"}  # noqa: RUF012

    def preflight(self, path: str = "/api/users/me") -> Any:  # noqa: ANN401
        return Client().options(path, headers=self.ASKED)

    def test_nobody_is_let_in_unless_named(self) -> None:
        self.assertNotIn("Access-Control-Allow-Origin", self.preflight())

    @override_settings(CORS_ALLOWED_ORIGINS=["https://app.example.org"])
    def test_who_is_named_may_send_tokens_but_no_session(self) -> None:
        answer = self.preflight()
        self.assertEqual(answer["Access-Control-Allow-Origin"], "https://app.example.org")
        self.assertIn("idempotency-key", answer["Access-Control-Allow-Headers"])
        self.assertNotIn("Access-Control-Allow-Credentials", answer)
        self.assertNotIn("Access-Control-Allow-Origin", self.preflight("/admin/login/"))
        self.assertNotIn("Access-Control-Allow-Origin", self.preflight("/api/r/shop/x"))


@pytest.mark.parametrize("path", ["/api/nothing", "/api/users/me", "/api/version", "/health/live"])
def test_every_answer_has_a_request_id(path: str) -> None:
    assert len(Client().get(path, headers={"x-request-id": "abcdefgh-1"})["X-Request-ID"]) == 10


class ProblemPagesTest(SimpleTestCase):
    @override_settings(ALLOWED_HOSTS=["m3m.example.org"])
    def test_an_unknown_host_is_a_problem(self) -> None:
        answer = Client().get("/api/version", headers={"host": "evil.example.org"})
        self.assertEqual((answer.status_code, answer["Content-Type"]), (400, "application/problem+json"))
        self.assertEqual(answer.json()["code"], "bad_request")
