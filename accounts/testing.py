"""The cast of all tests: Root sees everything, Alice owns, Bob is a member, Charlie must see nothing."""

from __future__ import annotations

from django.test import TestCase
from rest_framework.test import APIClient

from accounts.models import User


class People(TestCase):
    """Four people without passwords: tests that sign in give them one."""

    root: User
    alice: User
    bob: User
    charlie: User

    @classmethod
    def setUpTestData(cls) -> None:
        cls.root = User.objects.create_superuser("root@example.org")
        cls.alice = User.objects.create_user("alice@example.org", name="Alice", can_create_projects=True)
        cls.bob = User.objects.create_user("bob@example.org", name="Bob")
        cls.charlie = User.objects.create_user(
            "charlie@example.org", name="Charlie", can_create_projects=True
        )

    def client_of(self, user: User | None) -> APIClient:
        """A REST client that asks as this person."""
        client = APIClient()
        client.force_authenticate(user)
        return client
