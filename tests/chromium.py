"""A real browser for tests: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, StorageState, sync_playwright

from m3m_site.chores import CHROMIUM
from tests.platform import EMAIL, PASSWORD

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, for the length of the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def new_profile(browser: Browser, origin: str, login: StorageState | None = None) -> BrowserContext:
    """A fresh profile, of somebody who has logged in where `login` holds what another profile kept of that."""
    context = browser.new_context(base_url=origin, storage_state=login)
    context.set_default_timeout(20_000)
    return context


def log_in(browser: Browser, origin: str) -> BrowserContext:
    """A fresh profile in which the root is logged into the admin of the platform at `origin`."""
    context = new_profile(browser, origin)
    page = context.new_page()
    page.goto("/admin/login/?next=/admin/projects/")
    page.fill("input[name=username]", EMAIL)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/admin/projects/")
    page.evaluate("localStorage.setItem('planted', 'by-the-platform')")
    page.close()
    return context
