"""The pages in a real browser: a person who is logged in, pictures of failures, what axe finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, StorageState

from m3m_site.conf import BASE_DIR
from tests.platform import EMAIL, PASSWORD, Platform

AXE = BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
# What stands in the front end's language: theme, and the choice that Unfold keeps of it.
_THEME = "localStorage.setItem('adminTheme', JSON.stringify('{theme}'))"
WIDE, NARROW = (1400, 900), (390, 844)


def log_in(page: Page, platform: Platform, email: str = EMAIL, password: str = PASSWORD) -> None:
    """Through the form, to the list of projects."""
    page.goto(f"{platform.url}/admin/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/projects/")


@contextmanager
def looking(
    browser: Browser,
    shots: Path,
    theme: str = "light",
    size: tuple[int, int] = WIDE,
    login: StorageState | None = None,
) -> Iterator[Page]:
    """A page of a fresh browser session, of somebody who has logged in where `login` holds what that left behind.

    Fails on errors of its scripts, leaves a picture when anything fails.
    """
    errors: list[str] = []
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=theme,  # type: ignore[arg-type]
        storage_state=login,
    )
    context.set_default_timeout(15_000)
    context.add_init_script(_THEME.format(theme=theme))
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
        assert not errors, errors
    except BaseException:
        shots.mkdir(parents=True, exist_ok=True)
        page.screenshot(
            path=shots / f"{page.url.rstrip('/').rpartition('/')[2] or 'page'}.png", full_page=True
        )
        raise
    finally:
        context.close()


def violations(page: Page) -> list[str]:
    """What axe finds wrong on the page, one line each."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then((result) => result.violations)")
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def write(page: Page, code: str) -> None:
    """Put other code into the editor that is shown, as a person pastes it."""
    area = page.get_by_label("Code of", exact=False)
    area.fill(code)


def open_tab(page: Page, platform: Platform, slug: str, tab: str) -> None:
    page.goto(f"{platform.url}/admin/projects/{slug}/{tab}/")
