from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState

from m3m_site.testing import Require
from tests.browser import AXE, log_in, looking
from tests.chromium import chromium, find_chromium
from tests.platform import Platform

_figures: list[str] = []


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """One platform for all tests of the session that leave it as they found it."""
    with Platform() as running:
        yield running


@pytest.fixture(scope="module")
def browser(require: Require) -> Iterator[Browser]:
    require(find_chromium(), "Chromium is missing.")
    require(AXE.exists(), "axe-core is missing; get it with: npm ci")
    with chromium() as running:
        yield running


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where pictures of failures go; pytest keeps the directories of the last runs."""
    return tmp_path / "shots"


@pytest.fixture(scope="module")
def logged_in(browser: Browser, platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> StorageState:
    """What a login of the root leaves in a browser."""
    with looking(browser, tmp_path_factory.mktemp("login")) as shown:
        log_in(shown, platform)
        return shown.context.storage_state()


@pytest.fixture
def page(browser: Browser, platform: Platform, shots: Path, logged_in: StorageState) -> Iterator[Page]:
    """The list of projects, of somebody who is logged in."""
    with looking(browser, shots, login=logged_in) as shown:
        shown.goto(f"{platform.url}/admin/projects/")
        yield shown


@pytest.fixture
def slug(platform: Platform) -> str:
    """A new project."""
    name = f"t-{uuid.uuid4().hex[:8]}"
    assert platform.api("POST", "/projects", {"name": name, "slug": name}).status == 201
    return name


@pytest.fixture
def report() -> Callable[[str], None]:
    """Shows a measured figure at the end of the session, whether tests pass or fail."""
    return _figures.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _figures:
        terminalreporter.section("measured")
        for figure in _figures:
            terminalreporter.write_line(figure)
