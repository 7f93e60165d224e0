"""Whoever opens a service's address in the browser that he is logged in with gives its author nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState
from playwright.sync_api import Error as PlaywrightError

from tests.bare_door import STRIPPED, bare_door
from tests.chromium import log_in, new_profile
from tests.platform import Platform

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HERE = Path(__file__).parent
ATTACK = (HERE / "service_attacks.js").read_text()
# Types that a browser takes for a page of its own; those that it takes for one without our headers; the rest.
RUNS = ["html", "script", "svg", "xhtml", "xml", "generic", "inline", "relaxed", "failing", "missing"]
ELSE_RUNS = ["sheet", "untyped", "unknown"]
NEVER_RUNS = ["json", "text", "multipart"]
ATTEMPTS = {
    "cookies", "fetchApi", "fetchAdmin", "request", "localStorage", "sessionStorage", "database", "cacheStorage",
    "serviceWorker", "worker", "module", "popup", "frame", "socket", "createProject",
}  # fmt: skip


@pytest.fixture(scope="module")
def services(platform: Platform) -> Iterator[Platform]:
    """The platform with the service `evil` and one that helps it."""
    code = {
        "main": (HERE / "evil_service.js").read_text(),
        "attack": f"$exports({{ attack: {json.dumps(ATTACK)} }})",
    }
    for slug in ("evil", "helper"):
        answer = platform.start_service(slug, code)
        assert answer.json["status"] == "running", answer
    yield platform
    for slug in ("evil", "helper", "stolen", "blind"):
        platform.api("DELETE", f"/projects/{slug}?confirm={slug}")


@pytest.fixture(scope="module")
def login(browser: Browser, services: Platform) -> StorageState:
    with closing(log_in(browser, services.url)) as context:
        return context.storage_state()


@pytest.fixture
def admin(browser: Browser, services: Platform, login: StorageState) -> Iterator[BrowserContext]:
    """A browser in which the root is logged in."""
    with closing(new_profile(browser, services.url, login)) as context:
        yield context


@pytest.fixture(scope="module")
def bare(browser: Browser, services: Platform) -> Iterator[BrowserContext]:
    """The same without the headers that stand between a service's page and the platform."""
    with bare_door(services.processes.port, STRIPPED) as origin:
        context = log_in(browser, origin)
        yield context
        context.close()


def loot_of(page: Page, address: str) -> dict[str, dict[str, str]] | None:
    """What the script of a page came to; None where it did not run."""
    try:
        page.goto(address)
        page.wait_for_function("globalThis.loot !== undefined || globalThis.postForm === undefined")
    except PlaywrightError as error:
        # A download, or a document that the browser does not open.
        assert "ERR_ABORTED" in str(error) or "Download" in str(error), error
        return None
    found: dict[str, dict[str, str]] | None = page.evaluate("globalThis.loot")
    return found


def taken(loot: dict[str, dict[str, str]]) -> set[str]:
    return {name for name, end in loot.items() if "got" in end}


def is_logged_in(context: BrowserContext) -> bool:
    answer = context.request.get("/admin/projects/", max_redirects=0)
    return answer.status == 200


def stolen(platform: Platform) -> list[str]:
    """Projects that a page has made; removed, so that they count once."""
    slugs = [slug for slug in ("stolen", "blind") if platform.api("GET", f"/projects/{slug}").status == 200]
    for slug in slugs:
        platform.api("DELETE", f"/projects/{slug}?confirm={slug}")
    return slugs


class RunWithoutOriginTest:
    @pytest.mark.parametrize("kind", RUNS)
    def test_it_gets_nothing(self, admin: BrowserContext, services: Platform, kind: str) -> None:
        loot = loot_of(admin.new_page(), f"/r/evil/{kind}")
        assert loot is not None, f"the script of {kind} was not run at all"
        assert set(loot) == ATTEMPTS
        assert taken(loot) == set(), loot
        assert stolen(services) == []
        assert is_logged_in(admin)

    def test_it_gets_nothing_at_the_other_address(self, admin: BrowserContext) -> None:
        loot = loot_of(admin.new_page(), "/api/r/evil/html")
        assert loot is not None
        assert taken(loot) == set()

    @pytest.mark.parametrize("kind", [*ELSE_RUNS, *NEVER_RUNS])
    def test_it_does_not_run_at_all(self, admin: BrowserContext, kind: str) -> None:
        assert loot_of(admin.new_page(), f"/r/evil/{kind}") is None

    def test_it_changes_nothing_by_a_form(self, admin: BrowserContext) -> None:
        page = admin.new_page()
        page.goto("/r/evil/html")
        page.evaluate("postForm('/admin/logout/')")
        page.wait_for_url("**/admin/logout/")
        assert is_logged_in(admin)

    def test_it_cannot_touch_the_page_that_opened_it(self, admin: BrowserContext) -> None:
        page = admin.new_page()
        page.goto("/admin/projects/")
        with page.expect_popup() as opening:
            page.evaluate("void window.open('/r/evil/opened')")
        opening.value.wait_for_function("globalThis.refused || globalThis.loot")
        assert opening.value.evaluate("globalThis.loot") is None
        page.wait_for_timeout(300)
        assert page.url.endswith("/admin/projects/")


class ControlTest:
    """Without the headers each attempt succeeds: the tests above can fail."""

    @pytest.mark.parametrize("kind", [*(kind for kind in RUNS if kind != "relaxed"), *ELSE_RUNS])
    def test_it_gets_everything(self, bare: BrowserContext, services: Platform, kind: str) -> None:
        loot = loot_of(bare.new_page(), f"/r/evil/{kind}")
        assert loot is not None
        assert taken(loot) == ATTEMPTS, loot
        assert stolen(services) == ["stolen"]

    def test_an_opener_is_read_and_moved(self, bare: BrowserContext) -> None:
        page = bare.new_page()
        page.goto("/admin/projects/")
        with page.expect_popup() as opening:
            page.evaluate("void window.open('/r/evil/opened')")
        opening.value.wait_for_function("globalThis.refused || globalThis.loot")
        assert "m3m_csrf" in opening.value.evaluate("globalThis.loot")
        page.wait_for_url("**/r/evil/plain")

    def test_a_form_logs_out(self, browser: Browser, services: Platform) -> None:
        with bare_door(services.processes.port, STRIPPED) as origin:
            context = log_in(browser, origin)
            page = context.new_page()
            page.goto("/r/evil/html")
            page.evaluate("postForm('/admin/logout/')")
            page.wait_for_url("**/admin/logout/")
            assert not is_logged_in(context)
            context.close()


class RandomTest:
    def test_two_services_draw_other_numbers(self, services: Platform) -> None:
        drawn: list[Any] = [services.request("GET", f"/r/{slug}/random").json for slug in ("evil", "helper")]
        services.api("POST", "/projects/helper/restart?wait=20", {})
        drawn.append(services.request("GET", "/r/helper/random").json)
        numbers = [number for draw in drawn for number in draw]
        assert len(numbers) == 60
        assert len(set(numbers)) == 60
