"""A service sees no credential of the browser that calls it, and sets none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, StorageState

from m3m_site.testing import Require
from tests.bare_door import plain_server
from tests.chromium import chromium, find_chromium, log_in, new_profile
from tests.platform import Platform

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HERE = Path(__file__).parent
KEY = "m3m_" + "Ab9x" * 10
NAMES = {"m3m_session", "m3m_csrf", "messages", "django_language"}
BREAKS, PLACES = range(7), range(6)


@pytest.fixture(scope="module")
def services(platform: Platform) -> Iterator[Platform]:
    code = {"main": (HERE / "evil_service.js").read_text(), "attack": "$exports({ attack: '' })"}
    answer = platform.start_service("echoing", code)
    assert answer.json["status"] == "running", answer
    yield platform
    platform.api("DELETE", "/projects/echoing?confirm=echoing")


@pytest.fixture(scope="module")
def browser(require: Require) -> Iterator[Browser]:
    require(find_chromium(), "Chromium is missing.")
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def login(browser: Browser, services: Platform) -> StorageState:
    with closing(log_in(browser, services.url)) as context:
        return context.storage_state()


@pytest.fixture
def admin(browser: Browser, services: Platform, login: StorageState) -> Iterator[BrowserContext]:
    with closing(new_profile(browser, services.url, login)) as context:
        yield context


def jar(context: BrowserContext) -> dict[str, str]:
    """The platform's cookies, and all that are called so in any spelling."""
    cookies: Any = context.cookies()
    return {
        f"{one['name']} {one['domain']}{one['path']}": one["value"]
        for one in cookies
        if any(name in one["name"].lower() for name in NAMES)
    }


def secrets_of(context: BrowserContext) -> set[str]:
    found = set(jar(context).values())
    assert len(found) == 2, found
    return found


def call_from_admin(context: BrowserContext, address: str, headers: dict[str, str]) -> str:
    """The answer to a call that a page of the platform makes with the person's cookies."""
    page = context.new_page()
    page.goto("/admin/projects/")
    script = "async ([address, headers]) => (await fetch(address, {headers, credentials: 'include'})).text()"
    text: str = page.evaluate(script, [address, headers])
    page.close()
    return text


class SeeCredentialsTest:
    def test_it_sees_no_cookie_of_the_platform(self, admin: BrowserContext, services: Platform) -> None:
        admin.add_cookies([{"name": "theme", "value": "dark", "url": services.url}])
        page = admin.new_page()
        page.goto("/r/echoing/echo")
        seen = page.inner_text("body")
        assert json.loads(seen)["cookies"] == {"theme": "dark"}
        assert not any(secret in seen for secret in secrets_of(admin))
        assert not any(name in seen for name in NAMES)

    def test_it_sees_no_token(self, admin: BrowserContext, services: Platform) -> None:
        token = services.login()
        headers = {
            "Authorization": f"Bearer {token}",
            "X-CSRFToken": "of-the-form",
            "X-Api-Key": KEY,
            "X-Own": "1",
        }
        seen = call_from_admin(admin, "/r/echoing/echo", headers)
        assert json.loads(seen)["headers"]["x-own"] == "1"
        assert not any(secret in seen for secret in {token, "of-the-form", KEY, *secrets_of(admin)})

    def test_a_server_that_is_no_service_sees_them(self, admin: BrowserContext) -> None:
        """The control: the browser does send them to this host."""
        with plain_server({}) as origin:
            page = admin.new_page()
            page.goto(origin)
            seen = page.inner_text("body")
        assert all(secret in seen for secret in secrets_of(admin))


class SetCredentialsTest:
    def test_it_sets_none_of_the_platforms(self, admin: BrowserContext) -> None:
        before = jar(admin)
        page = admin.new_page()
        page.goto("/r/echoing/set")
        assert "plain words" in page.inner_text("body")
        assert jar(admin) == before
        cookies: Any = admin.cookies()
        own = [one for one in cookies if one["name"] == "own"]
        assert [(one["value"], one["path"]) for one in own] == [("mine", "/r/echoing/")]
        assert admin.request.get("/admin/projects/", max_redirects=0).status == 200

    def test_it_drives_none_of_them_out(self, admin: BrowserContext) -> None:
        """A browser keeps some 180 cookies of a host."""
        before = jar(admin)
        admin.new_page().goto("/r/echoing/flood")
        cookies: Any = admin.cookies()
        assert 30 <= sum(one["name"].startswith("flood") for one in cookies) < 400
        assert jar(admin) == before

    def test_it_breaks_out_of_no_header(self, admin: BrowserContext, services: Platform) -> None:
        before = jar(admin)
        for which in BREAKS:
            for where in PLACES:
                services.request("GET", f"/r/echoing/break/{which}/{where}")
                answer = admin.request.get(f"/r/echoing/break/{which}/{where}")
                assert not any(
                    "stolen" in value for value in answer.headers_array if value["name"] == "set-cookie"
                )
        assert jar(admin) == before

    def test_a_server_that_is_no_service_sets_them(self, admin: BrowserContext) -> None:
        """The control: the browser would take them."""
        with plain_server(
            {"Set-Cookie": ["m3m_session=stolen; Path=/", "M3M_Session=stolen; Path=/"]}
        ) as origin:
            admin.new_page().goto(origin)
        assert "stolen" in jar(admin).values()
        assert admin.request.get("/admin/projects/", max_redirects=0).status == 302
