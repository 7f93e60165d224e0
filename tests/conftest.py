from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.platform import Platform


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """One platform for all tests of the session that leave it as they found it."""
    with Platform() as running:
        yield running
