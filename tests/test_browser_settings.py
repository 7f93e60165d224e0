"""What people set, in a real browser, on a real platform: environment, settings, keys, archives, their profile."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import log_in, looking, open_tab, violations
from tests.platform import Platform

pytestmark = [pytest.mark.browser, pytest.mark.slow]


class SetEnvironmentTest:
    def test_secrets_are_replaced_and_never_shown(self, page: Page, platform: Platform, slug: str) -> None:
        open_tab(page, platform, slug, "environment")
        for number, (key, kind, value) in enumerate(
            (("GREETING", "string", "hi"), ("TOKEN", "secret", "planted-secret"), ("LIMITS", "json", '"a"')),
            1,
        ):
            page.get_by_role("button", name="Add a variable").click()
            page.get_by_label(f"Key of variable {number}").fill(key)
            page.get_by_label(f"Type of variable {number}").select_option(kind)
            page.get_by_label(f"Value of variable {number}").fill(value)
        page.get_by_role("button", name="Move variable 3 up").click()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("The environment is saved")).to_be_visible()
        page.reload()
        assert "planted-secret" not in page.content()
        expect(page.get_by_label("Value of variable 3")).to_have_value("")
        expect(page.get_by_label("Value of variable 2")).to_have_value('"a"')
        page.get_by_label("Value of variable 1").fill("hello")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("The environment is saved")).to_be_visible()
        stored = platform.api("GET", f"/projects/{slug}/env").json
        assert [(one["key"], one["value"]) for one in stored] == [
            ("GREETING", "hello"),
            ("LIMITS", "a"),
            ("TOKEN", None),
        ]

    def test_an_error_stands_at_its_row(self, page: Page, platform: Platform, slug: str) -> None:
        open_tab(page, platform, slug, "environment")
        page.get_by_role("button", name="Add a variable").click()
        page.get_by_label("Key of variable 1").fill("9-wrong")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_label("Key of variable 1")).to_have_attribute("aria-invalid", "true")


class ChangeSettingsTest:
    def test_a_project_changes_its_name_and_goes(self, page: Page, platform: Platform, slug: str) -> None:
        open_tab(page, platform, slug, "settings")
        page.get_by_role("textbox", name="Name", exact=True).fill("Another name")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Another name", level=2)).to_be_visible()
        end = page.get_by_role("button", name="Delete for good")
        expect(end).to_be_disabled()
        page.get_by_label("to confirm").fill(slug)
        end.click()
        page.wait_for_url("**/admin/projects/")
        assert platform.api("GET", f"/projects/{slug}").status == 404


class MakeKeyTest:
    def test_it_is_shown_once(self, page: Page, platform: Platform, slug: str) -> None:
        open_tab(page, platform, slug, "settings")
        page.get_by_role("button", name="Make a new key").click()
        shown = page.locator("[data-key-text]")
        expect(shown).to_contain_text("m3m_")
        key = shown.inner_text()
        answer = platform.request("GET", f"/api/projects/{slug}", headers={"X-API-Key": key})
        assert answer.status == 200
        page.reload()
        assert key not in page.content()
        expect(page.locator("[data-part=key]")).to_contain_text(key[:12])


class ImportProjectTest:
    def test_an_archive_becomes_a_project(
        self, page: Page, platform: Platform, slug: str, tmp_path: Path
    ) -> None:
        open_tab(page, platform, slug, "settings")
        with page.expect_download() as coming:
            page.get_by_role("button", name="Download the archive").click()
        archive = tmp_path / "archive.zip"
        coming.value.save_as(archive)
        page.goto(f"{platform.url}/admin/projects/")
        page.get_by_role("button", name="Import…").click()
        dialog = page.get_by_role("dialog", name="Import a project")
        broken = tmp_path / "broken.zip"
        broken.write_bytes(b"no archive")
        dialog.get_by_label("Archive").set_input_files(broken)
        dialog.get_by_role("button", name="Import", exact=True).click()
        expect(dialog.get_by_role("alert")).to_be_visible()
        assert violations(page) == []
        dialog.get_by_label("Archive").set_input_files(archive)
        dialog.get_by_label("Slug").fill(f"{slug}-copy")
        dialog.get_by_role("button", name="Import", exact=True).click()
        page.wait_for_url(f"**/{slug}-copy/code/")


class ChangeProfileTest:
    def test_language_and_theme_are_kept_for_other_browsers(
        self, browser: Browser, platform: Platform, shots: Path
    ) -> None:
        email = f"{uuid.uuid4().hex[:8]}@example.org"
        given = {"email": email, "name": "Eve", "password": "people-Pass-17"}
        assert platform.api("POST", "/users", given).status == 201
        with looking(browser, shots) as page:
            log_in(page, platform, email, given["password"])
            page.goto(f"{platform.url}/admin/profile/")
            page.locator("select[name=theme]").select_option("dark")
            page.get_by_label("Language").select_option("ru")
            page.get_by_role("button", name="Save").click()
            expect(page.locator("html")).to_have_attribute("lang", "ru")
        with looking(browser, shots, "light") as page:
            log_in(page, platform, email, given["password"])
            expect(page.locator("html")).to_have_attribute("lang", "ru")
            expect(page.locator("html")).to_have_class(re.compile(r"\bdark\b"))
