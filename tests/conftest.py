from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.platform import Platform

_figures: list[str] = []


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """One platform for all tests of the session that leave it as they found it."""
    with Platform() as running:
        yield running


@pytest.fixture
def report() -> Callable[[str], None]:
    """Shows a measured figure at the end of the session, whether tests pass or fail."""
    return _figures.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _figures:
        terminalreporter.section("measured")
        for figure in _figures:
            terminalreporter.write_line(figure)
