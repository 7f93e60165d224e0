from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any
from unittest import mock

from django.test import TestCase
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.actions.users import delete_user, set_password, update_user
from accounts.authentication import LoginRefreshToken, redeem_ticket
from accounts.models import SYSTEM, Login, LoginAttempt, SocketTicket, User
from accounts.tasks import forget_expired_logins

GOOD = "correct horse battery"


def redeemed(ticket: str) -> User:
    """Whom a ticket that opens stands for."""
    row = redeem_ticket(ticket)
    assert row is not None
    return row.user


class AuthCase(TestCase):
    user: User

    @classmethod
    def setUpTestData(cls) -> None:
        User.objects.create_superuser("root@example.org")
        cls.user = User.objects.create_user("alice@example.org", GOOD, name="Alice")

    def setUp(self) -> None:
        self.rest = APIClient()

    def login(self, email: str = "alice@example.org", password: str = GOOD) -> Any:  # noqa: ANN401
        return self.rest.post("/api/auth/login", {"email": email, "password": password})

    def me(self, access: str) -> Any:  # noqa: ANN401
        return self.rest.get("/api/users/me", headers={"authorization": f"Bearer {access}"})

    def refresh(self, refresh: str) -> Any:  # noqa: ANN401
        return self.rest.post("/api/auth/refresh", {"refresh": refresh})

    def assert_problem(self, response: Any, status: int, code: str) -> None:  # noqa: ANN401
        self.assertEqual(response.status_code, status, response.content)
        self.assertEqual(response["Content-Type"], "application/problem+json")
        self.assertEqual(response.json()["code"], code)


class LoginTest(AuthCase):
    def test_it_gives_tokens_and_the_user(self) -> None:
        body = self.login().json()
        self.assertEqual(set(body), {"access", "refresh", "user"})
        self.assertEqual(body["user"]["email"], "alice@example.org")
        self.assertEqual(
            body["user"]["permissions"],
            {"create_projects": False, "manage_users": False, "project_access": []},
        )
        self.assertNotIn("password", body["user"])
        self.assertEqual(self.me(body["access"]).json()["name"], "Alice")

    def test_it_takes_the_address_in_any_case(self) -> None:
        self.assertEqual(self.login(email=" ALICE@Example.ORG ").status_code, 200)

    def test_it_answers_alike_to_all_who_fail(self) -> None:
        blocked = User.objects.create_user("blocked@example.org", GOOD, is_active=False)
        answers = [
            self.login(password="wrong"),
            self.login(email="nobody@example.org"),
            self.login(email=blocked.email),
        ]
        for answer in answers:
            self.assert_problem(answer, 401, "credentials_wrong")
            self.assertIn("Bearer", answer["WWW-Authenticate"])
        self.assertEqual(len({answer.json()["detail"] for answer in answers}), 1)

    def test_it_points_to_what_is_missing(self) -> None:
        response = self.rest.post("/api/auth/login", {})
        self.assert_problem(response, 400, "invalid")
        self.assertEqual({error["pointer"] for error in response.json()["errors"]}, {"/email", "/password"})

    def test_it_survives_any_body(self) -> None:
        for body in (
            "",
            "null",
            "[]",
            '"x"',
            "5",
            "{",
            '{"email": 5, "password": {}}',
            '{"email": "\\u0000", "password": "a"}',
        ):
            response = self.rest.generic("POST", "/api/auth/login", body, content_type="application/json")
            self.assertIn(response.status_code, (400, 401), body)

    def test_it_ignores_a_bad_authorization_header(self) -> None:
        response = self.rest.post(
            "/api/auth/login",
            {"email": "alice@example.org", "password": GOOD},
            headers={"authorization": "Bearer old"},
        )
        self.assertEqual(response.status_code, 200)

    def test_it_is_throttled_per_person_and_says_how_long(self) -> None:
        for _attempt in range(10):
            self.assertEqual(self.login(password="wrong").status_code, 401)
        response = self.login()
        self.assert_problem(response, 429, "throttled")
        self.assertGreater(int(response["Retry-After"]), 0)
        self.assertEqual(self.login(email="root@example.org", password="x").status_code, 401)

    def test_it_is_throttled_per_address(self) -> None:
        with mock.patch("accounts.actions.logins.ATTEMPTS_PER_ADDRESS", 3):
            codes = [self.login(email=f"{n}@example.org").status_code for n in range(5)]
        self.assertEqual(codes, [401, 401, 401, 429, 429])

    def test_it_counts_failures_alone(self) -> None:
        for _attempt in range(15):
            self.assertEqual(self.login().status_code, 200)

    def test_it_lets_in_again_after_the_window(self) -> None:
        for _attempt in range(11):
            self.login(password="wrong")
        LoginAttempt.objects.update(expires_at=timezone.now())
        self.assertEqual(self.login().status_code, 200)

    def test_the_throttle_tells_callers_apart_by_the_nearest_proxy(self) -> None:
        for number in range(12):
            header = {"x-forwarded-for": f"10.9.8.{number}, 192.0.2.1"}
            self.rest.post("/api/auth/login", {"email": "alice@example.org", "password": "x"}, headers=header)
        other = {"x-forwarded-for": "192.0.2.2"}
        good = {"email": "alice@example.org", "password": GOOD}
        self.assertEqual(self.rest.post("/api/auth/login", good, headers=other).status_code, 200)
        self.assertEqual(self.rest.post("/api/auth/login", good, headers=header).status_code, 429)


class TokensTest(AuthCase):
    def setUp(self) -> None:
        super().setUp()
        body = self.login().json()
        self.access, self.token = body["access"], body["refresh"]

    def assert_ended(self, code: str = "login_ended") -> None:
        self.assert_problem(self.me(self.access), 401, code)
        self.assert_problem(self.refresh(self.token), 401, code)

    def test_one_query_finds_the_person(self) -> None:
        with self.assertNumQueries(2):  # the second finds what the answer shows beside: access to projects
            self.assertEqual(self.me(self.access).status_code, 200)

    def test_refresh_rotates(self) -> None:
        first = self.refresh(self.token).json()
        self.assertEqual(set(first), {"access", "refresh"})
        self.assertNotEqual(first["refresh"], self.token)
        self.assertEqual(self.me(first["access"]).status_code, 200)
        self.assert_problem(self.refresh(self.token), 401, "token_not_valid")
        self.assertEqual(self.refresh(first["refresh"]).status_code, 200)

    def test_a_late_second_use_ends_the_login(self) -> None:
        second = self.refresh(self.token).json()
        BlacklistedToken.objects.update(blacklisted_at=timezone.now() - timedelta(minutes=1))
        self.assert_problem(self.refresh(self.token), 401, "token_not_valid")
        self.assert_problem(self.me(second["access"]), 401, "login_ended")
        self.assert_problem(self.refresh(second["refresh"]), 401, "login_ended")

    def test_logout_ends_access_and_refresh(self) -> None:
        self.assertEqual(self.rest.post("/api/auth/logout", {"refresh": self.token}).status_code, 204)
        self.assert_ended()
        self.assertTrue(BlacklistedToken.objects.exists())
        self.assertEqual(self.rest.post("/api/auth/logout", {"refresh": self.token}).status_code, 204)

    def test_logout_takes_the_access_token_too(self) -> None:
        response = self.rest.post("/api/auth/logout", headers={"authorization": f"Bearer {self.access}"})
        self.assertEqual(response.status_code, 204)
        self.assert_ended()

    def test_logout_of_nobody_is_refused(self) -> None:
        self.assertEqual(self.rest.post("/api/auth/logout", {}).status_code, 401)
        self.assertEqual(self.rest.post("/api/auth/logout", {"refresh": "x"}).status_code, 401)

    def test_logout_leaves_other_logins(self) -> None:
        other = self.login().json()
        self.rest.post("/api/auth/logout", {"refresh": self.token})
        self.assertEqual(self.me(other["access"]).status_code, 200)

    def test_a_password_change_ends_them(self) -> None:
        body = {"old_password": GOOD, "new_password": "another horse battery"}
        header = {"authorization": f"Bearer {self.access}"}
        self.assertEqual(self.rest.put("/api/users/me/password", body, headers=header).status_code, 204)
        self.assert_ended()

    def test_a_password_set_by_any_other_door_ends_them(self) -> None:
        self.user.set_password("another horse battery")
        self.user.save()
        self.assert_ended("password_changed")

    def test_a_password_set_by_a_manager_ends_them(self) -> None:
        set_password(actor=SYSTEM, user=self.user, password="another horse battery")
        self.assert_ended()

    def test_a_block_ends_them_for_good(self) -> None:
        update_user(actor=SYSTEM, user=self.user, is_active=False)
        self.assert_ended()
        update_user(actor=SYSTEM, user=self.user, is_active=True)
        self.assert_ended()

    def test_a_block_by_any_other_door_ends_them(self) -> None:
        User.objects.filter(pk=self.user.pk).update(is_active=False)
        self.assert_ended()

    def test_deletion_ends_them(self) -> None:
        delete_user(actor=SYSTEM, user=self.user)
        self.assert_ended()

    def test_kinds_are_not_mixed(self) -> None:
        self.assert_problem(self.me(self.token), 401, "token_not_valid")
        self.assert_problem(self.refresh(self.access), 401, "token_not_valid")

    def test_other_algorithms_are_refused(self) -> None:
        payload = self.access.split(".")[1]
        for algorithm in ("none", "HS512", "RS256"):
            head = (
                base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
                .decode()
                .rstrip("=")
            )
            self.assertEqual(self.me(f"{head}.{payload}.").status_code, 401, algorithm)
            self.assertEqual(
                self.me(f"{head}.{payload}.{self.access.split('.')[2]}").status_code, 401, algorithm
            )

    def test_garbage_is_401(self) -> None:
        for garbage in ("", "x", "a.b.c", "a b", "\xff", self.access[:-3]):
            self.assertEqual(self.me(garbage).status_code, 401, garbage)

    def test_an_expired_token_is_401(self) -> None:
        old = LoginRefreshToken.for_login(Login.objects.get())
        old.set_exp(lifetime=timedelta(seconds=-1))
        access = old.access_token
        access.set_exp(lifetime=timedelta(seconds=-1))
        self.assert_problem(self.me(str(access)), 401, "token_not_valid")
        self.assert_problem(self.refresh(str(old)), 401, "token_not_valid")

    def test_the_database_keeps_no_token(self) -> None:
        self.assertEqual({row.token for row in OutstandingToken.objects.all()}, {""})

    def test_expired_rows_are_forgotten(self) -> None:
        forget_expired_logins(later="unknown")
        self.assertEqual(self.me(self.access).status_code, 200)
        OutstandingToken.objects.update(expires_at=timezone.now())
        Login.objects.update(expires_at=timezone.now())
        forget_expired_logins()
        self.assertFalse(OutstandingToken.objects.exists() or Login.objects.exists())


class BodyTest(AuthCase):
    def test_strangers_send_little(self) -> None:
        long = {"email": "a" * 70_000, "password": "x"}
        self.assert_problem(self.rest.post("/api/auth/login", long), 413, "too_large")

    def test_a_page_sends_its_csrf_token(self) -> None:
        client = APIClient(enforce_csrf_checks=True)
        client.force_login(self.user)
        client.get("/admin/profile/")
        token = client.cookies["m3m_csrf"].value
        answer = client.patch("/api/users/me", {"name": "A"}, headers={"x-csrftoken": token})
        self.assertEqual(answer.status_code, 200, answer.content)

    def test_an_answer_has_a_hundred_errors(self) -> None:
        many = {str(number): 1 for number in range(3000)}
        self.assertEqual(len(self.rest.post("/api/auth/login", many).json()["errors"]), 100)

    def test_integers_stay_what_they_are(self) -> None:
        for number in (
            "18446744073709551616",
            "-9223372036854775809",
            "9" * 5000,
            "[" * 1010 + "9" * 30 + "]" * 1010,
        ):
            body = f'{{"email": {number}, "password": "x"}}'
            answer = self.rest.generic("POST", "/api/auth/login", body, "application/json")
            self.assert_problem(answer, 400, "parse_error")


class TicketTest(AuthCase):
    def ticket(self) -> str:
        self.access = self.login().json()["access"]
        response = self.rest.post("/api/auth/ticket", headers={"authorization": f"Bearer {self.access}"})
        self.assertEqual((response.status_code, response.json()["expires_in"]), (201, 30))
        return str(response.json()["ticket"])

    def test_it_opens_once(self) -> None:
        ticket = self.ticket()
        self.assertEqual(redeemed(ticket), self.user)
        self.assertIsNone(redeem_ticket(ticket))

    def test_it_opens_soon_or_never(self) -> None:
        ticket = self.ticket()
        SocketTicket.objects.update(expires_at=timezone.now())
        self.assertIsNone(redeem_ticket(ticket))

    def test_it_ends_with_its_login(self) -> None:
        ticket = self.ticket()
        self.rest.post("/api/auth/logout", headers={"authorization": f"Bearer {self.access}"})
        self.assertIsNone(redeem_ticket(ticket))

    def test_it_opens_for_nobody_who_is_blocked(self) -> None:
        ticket = self.ticket()
        User.objects.filter(pk=self.user.pk).update(is_active=False)
        self.assertIsNone(redeem_ticket(ticket))

    def test_it_ends_with_the_session_that_asked(self) -> None:
        client = APIClient()
        client.force_login(self.user)
        ticket = client.post("/api/auth/ticket").json()["ticket"]
        client.logout()
        self.assertIsNone(redeem_ticket(ticket))

    def test_it_is_kept_as_a_digest(self) -> None:
        self.assertNotIn(self.ticket(), str(SocketTicket.objects.values_list()))

    def test_garbage_opens_nothing(self) -> None:
        for garbage in ("", "x", "\x00", "\ud800"):
            self.assertIsNone(redeem_ticket(garbage))

    def test_it_wants_a_login(self) -> None:
        self.assert_problem(self.rest.post("/api/auth/ticket"), 401, "not_authenticated")

    def test_a_session_of_the_admin_gets_one_too(self) -> None:
        client = APIClient()
        client.force_login(self.user)
        self.assertEqual(redeemed(client.post("/api/auth/ticket").json()["ticket"]), self.user)
