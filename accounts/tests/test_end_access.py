"""A password change, logout, block and deletion end access and refresh tokens and sessions at once, with 401."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client, override_settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.testing import People

GOOD = "correct horse battery"
# Nothing listens there: what ends access must not hang on the cache.
AWAY = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "unix:///nonexistent/redis.sock",
    }
}


@override_settings(CACHES=AWAY)
class EndAccessTest(People):
    manager: User

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.manager = User.objects.create_user("manager@example.org", can_manage_users=True)
        cls.bob.set_password(GOOD)
        cls.bob.save()

    def enter(self) -> tuple[APIClient, str, Client]:
        """Bob's client with an access token, its refresh token, and a browser of his."""
        client = APIClient()
        tokens = client.post("/api/auth/login", {"email": self.bob.email, "password": GOOD}).json()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
        browser = Client()
        browser.force_login(self.bob)
        self.assertEqual(client.get("/api/users/me").status_code, 200)
        self.assertEqual(browser.get("/api/users/me").status_code, 200)
        return client, tokens["refresh"], browser

    def assert_out(self, client: APIClient, refresh: str) -> None:
        for answer in (client.get("/api/users/me"), client.put("/api/users/me", {"name": "x"})):
            self.assertEqual(answer.status_code, 401)
            self.assertIn("Bearer", answer["WWW-Authenticate"])
        answer = APIClient().post("/api/auth/refresh", {"refresh": refresh})
        self.assertEqual(answer.status_code, 401)

    def end(self, act: Callable[[APIClient], object]) -> None:
        """Two logins and a session; whatever `act` does with the first ends all of them."""
        first, second = self.enter(), self.enter()
        act(first[0])
        for client, refresh, browser in (first, second):
            self.assert_out(client, refresh)
            self.assertEqual(browser.get("/api/users/me").status_code, 401)
            self.assertEqual(browser.get("/admin/projects/").status_code, 302)

    def test_a_password_change_ends_all(self) -> None:
        body = {"old_password": GOOD, "new_password": "another horse battery"}
        self.end(lambda client: client.put("/api/users/me/password", body))

    def test_a_given_password_ends_all(self) -> None:
        path = f"/api/users/{self.bob.pk}/password"
        manager = self.client_of(self.manager)
        self.end(lambda _client: manager.put(path, {"password": "another horse battery"}))

    def test_a_block_ends_all_and_unblocking_gives_nothing_back(self) -> None:
        manager = self.client_of(self.manager)
        client, refresh, browser = self.enter()
        manager.post(f"/api/users/{self.bob.pk}/block")
        self.assert_out(client, refresh)
        self.assertEqual(browser.get("/api/users/me").status_code, 401)
        manager.post(f"/api/users/{self.bob.pk}/unblock")
        self.assert_out(client, refresh)

    def test_a_deletion_ends_all(self) -> None:
        manager = self.client_of(self.manager)
        self.end(lambda _client: manager.delete(f"/api/users/{self.bob.pk}"))

    def test_a_logout_ends_its_login_alone(self) -> None:
        first, second = self.enter(), self.enter()
        first[0].post("/api/auth/logout")
        self.assert_out(*first[:2])
        self.assertEqual(second[0].get("/api/users/me").status_code, 200)
