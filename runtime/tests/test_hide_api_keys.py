"""A project's key that somebody sends to a service by mistake is not shown to its author."""

from __future__ import annotations

from projects.keys import new_key, prefix_of
from runtime.gateway.requests import visible_headers
from runtime.gateway.scrub import Scrubber

scrubber = Scrubber(frozenset(), "secret", "m3m_")


class HideApiKeyTest:
    def test_headers_that_carry_one_are_dropped(self) -> None:
        for _ in range(50):
            key = new_key()
            sent = {
                "X-API-Key": key,
                "Authorization": f"Bearer {key}",
                "X-Other": f"a={key}; b=1",
                "Accept": "*/*",
            }
            headers = [(name.lower().encode(), value.encode()) for name, value in sent.items()]
            assert visible_headers(headers, scrubber) == {"accept": "*/*"}

    def test_its_visible_part_is_no_secret(self) -> None:
        prefix = prefix_of(new_key())
        assert prefix is not None
        assert not scrubber.is_secret(f"the key {prefix}")
