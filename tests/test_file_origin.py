"""Whoever opens an uploaded file by its direct link, logged into the platform, runs nothing of its author."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError

from tests.bare_door import bare_door
from tests.chromium import log_in
from tests.hostile_files import CONTROLS, FILES
from tests.platform import Platform

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# All that says what a file is and how to treat it, renamed to names of the same length.
HEADERS = (
    b"content-type: ",
    b"content-disposition: ",
    b"content-security-policy: ",
    b"x-content-type-options: ",
)
UNTOLD = {name: b"x-" + b"n" * (len(name) - 4) + b": " for name in HEADERS}


class Trace(NamedTuple):
    """Where the script of a file was seen."""

    page: bool
    console: bool
    origin: bool


@pytest.fixture(scope="module")
def links(platform: Platform) -> Iterator[dict[str, str]]:
    """The path of each file's direct link."""
    platform.api("POST", "/projects", {"name": "files", "slug": "files-evil"})
    headers = {"Authorization": f"Bearer {platform.login()}", "Content-Type": "application/octet-stream"}
    made: dict[str, str] = {}
    for name, content in FILES.items():
        path = f"/api/projects/files-evil/storage/upload?path={name}"
        answer = platform.send("POST", path, content, headers)
        assert answer.status == 201, (name, answer)
        link = platform.api("POST", "/projects/files-evil/storage/links", {"path": name})
        made[name] = urlsplit(link.json["url"]).path
    yield made
    platform.api("DELETE", "/projects/files-evil?confirm=files-evil")


@pytest.fixture(scope="module")
def admin(browser: Browser, platform: Platform) -> Iterator[BrowserContext]:
    context = log_in(browser, platform.url)
    yield context
    context.close()


def visit(page: Page, path: str) -> None:
    """Open the link itself; a download opens nothing."""
    try:
        page.goto(path)
    except PlaywrightError as error:
        assert "ERR_ABORTED" in str(error) or "Download" in str(error), error
    page.wait_for_timeout(60)


def left_over(page: Page) -> str | None:
    """What a script has left in the platform's own memory; taken away, so that it counts once."""
    page.goto("/api/version")
    left: str | None = page.evaluate("localStorage.getItem('ran')")
    page.evaluate("localStorage.removeItem('ran')")
    return left


def traces(context: BrowserContext, path: str) -> Trace:
    """What was seen of the script in a file that is opened."""
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    visit(page, path)
    ran = page.evaluate("globalThis.ran === true")
    left = left_over(page)
    page.close()
    return Trace(ran, "RAN" in said, left is not None)


class OpenFileTest:
    def test_there_are_kinds_enough(self) -> None:
        assert len(FILES) >= 30

    @pytest.mark.parametrize("name", FILES)
    def test_it_runs_nothing(self, admin: BrowserContext, links: dict[str, str], name: str) -> None:
        assert traces(admin, links[name]) == Trace(page=False, console=False, origin=False)

    def test_it_runs_nothing_within_a_page(self, admin: BrowserContext, links: dict[str, str]) -> None:
        said: list[str] = []
        page = admin.new_page()
        page.on("console", lambda message: said.append(message.text))
        for tag, name in (("iframe", "src"), ("embed", "src"), ("object", "data"), ("img", "src")):
            page.goto("/api/version")
            page.evaluate(
                """([tag, name, paths]) => {
                  for (const path of paths) {
                    const shown = document.createElement(tag);
                    shown[name] = path;
                    document.documentElement.append(shown);
                  }
                }""",
                [tag, name, list(links.values())],
            )
            page.wait_for_timeout(1500)
            assert left_over(page) is None, tag
            assert "RAN" not in said, tag
        page.close()

    @pytest.mark.parametrize("name", ["script.js", "script.mjs", "text.json", "page.unknown", "polyglot.gif"])
    def test_it_is_no_script_of_a_page(self, admin: BrowserContext, links: dict[str, str], name: str) -> None:
        page = admin.new_page()
        page.goto("/api/version")
        for kind in ("text/javascript", "module"):
            ended = page.evaluate(
                """([src, type]) => new Promise((resolve) => {
                  const script = Object.assign(document.createElement('script'), {src, type});
                  script.onload = () => resolve('loaded');
                  script.onerror = () => resolve('refused');
                  document.documentElement.append(script);
                })""",
                [links[name], kind],
            )
            assert ended == "refused", kind
        worker = page.evaluate(
            "(path) => navigator.serviceWorker.register(path).then(() => 'registered', () => 'refused')",
            links[name],
        )
        assert worker == "refused"
        page.close()


class ControlTest:
    @pytest.mark.parametrize("name", CONTROLS)
    def test_it_runs_where_the_headers_are_away(
        self, browser: Browser, platform: Platform, links: dict[str, str], name: str
    ) -> None:
        with bare_door(platform.processes.port, UNTOLD) as origin:
            context = browser.new_context(base_url=origin)
            seen = traces(context, links[name])
            context.close()
        assert seen == Trace(page=True, console=True, origin=True)
