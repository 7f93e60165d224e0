"""What must happen once happens once, however many ask at the same time."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from accounts.actions.logins import WINDOW, refresh_login
from accounts.authentication import LoginRefreshToken, new_ticket, redeem_ticket
from accounts.models import Login, LoginAttempt, User


def at_once(count: int, work: Callable[[], object]) -> list[object]:
    """What `count` threads get that begin together."""
    barrier, results = Barrier(count), []

    def run() -> None:
        try:
            barrier.wait()
            results.append(work())
        finally:
            connection.close()

    threads = [Thread(target=run) for _n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class TokenRaceTest(TransactionTestCase):
    def setUp(self) -> None:
        self.user = User.objects.create_user("alice@example.org")
        self.login = Login.objects.create(user=self.user, expires_at=timezone.now())

    def test_a_refresh_token_is_used_once(self) -> None:
        refresh = str(LoginRefreshToken.for_login(self.login))

        def work() -> bool:
            try:
                refresh_login(refresh=refresh)
            except AuthenticationFailed:
                return False
            return True

        self.assertEqual(sorted(map(bool, at_once(6, work))), [False] * 5 + [True])

    def test_a_ticket_is_used_once(self) -> None:
        ticket = new_ticket(self.user, None)
        self.assertEqual(sorted(map(bool, at_once(6, lambda: redeem_ticket(ticket)))), [False] * 5 + [True])

    def test_attempts_are_all_counted(self) -> None:
        at_once(6, lambda: LoginAttempt.objects.count_up("x", WINDOW))
        self.assertEqual(LoginAttempt.objects.get().count, 6)
