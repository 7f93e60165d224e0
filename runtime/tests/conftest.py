"""One zygote for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtime.tests.harness import TestZygote


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[TestZygote]:
    """A zygote that makes sandboxes; it must outlive every test, whatever they do."""
    started = TestZygote()
    assert started.hello.get("ready"), started.hello
    yield started
    survived = started.process.poll() is None
    started.close()
    assert survived, "the zygote died"
