from __future__ import annotations

import platform as machine
from collections.abc import Callable

import pytest

from tests.crowd import SecondWorker, create_service, slugs
from tests.platform import Platform
from tests.race import race
from tests.stores import KINDS, missing, store

SERVICES = 10
ROUNDS = 20


@pytest.mark.slow
class TwoWorkersTest:
    @pytest.mark.parametrize("kind", KINDS)
    def test_of_two_hundred_starts_each_lives_once(self, kind: str, report: Callable[[str], None]) -> None:
        if reason := missing(kind):
            pytest.skip(reason)
        names = slugs(SERVICES)
        with (
            store(kind) as environment,
            Platform(**environment) as platform,
            SecondWorker(platform) as second,
        ):
            for slug in names:
                create_service(platform, slug)
            found = race(second.environment, ROUNDS, (machine.node(), "second"), names)
        report(
            f"two workers raced for {SERVICES * ROUNDS} starts on {kind}: won {found['won']}, {found['looks']} looks"
        )
        assert found["failed"] == []
        assert found["twice"] == {}
        assert sum(found["won"].values()) == SERVICES * ROUNDS
        assert min(found["won"].values()) > 0
        assert len(found["won"]) == 2
