"""One person's way from code to a running service, in a real browser, on a real platform."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.browser import NARROW, WIDE, log_in, looking, open_tab, violations, write
from tests.platform import Platform, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TICKING = """\
let ticks = 0;
service.start(() => {
  setInterval(() => { ticks += 1; logger.info('tick', ticks, '<b>bold</b>'); }, 100);
});
router.get('/', () => ({ ticks }));
"""
TABS = ("overview", "code", "releases", "logs", "environment", "settings")


def lines(page: Page) -> int:
    return page.locator(".m-line").count()


def flood(platform: Platform, run: str, count: int) -> None:
    """Lines in a run's log, faster than a service may write them."""
    (log,) = platform.processes.folder.glob(f"data/logs/*/{run}/*.log")
    line = "[2026-01-01 00:00:00.000] [INFO] {} " + "drop " * 20 + "\n"
    with log.open("a") as file:
        file.writelines(line.format(number) for number in range(count))


class FirstServiceTest:
    def test_it_is_written_released_started_watched_and_stopped(self, page: Page, platform: Platform) -> None:
        name = f"Shop {uuid.uuid4().hex[:6]}"
        page.get_by_role("button", name="New project").click()
        page.get_by_role("textbox", name="Name", exact=True).fill(name)
        slug = name.lower().replace(" ", "-")
        expect(page.locator("[data-slug-preview]")).to_have_text(f"{platform.url}/r/{slug}/")
        page.get_by_role("radio", name="violet").check()
        page.get_by_role("button", name="Create", exact=True).click()
        page.wait_for_url(f"**/{slug}/code/")

        write(page, TICKING)
        expect(page.get_by_text("Unsaved changes")).to_be_visible()
        page.keyboard.press("Control+s")
        expect(page.get_by_text("Saved at")).to_be_visible()

        page.get_by_role("button", name="Release…").click()
        page.get_by_label("Comment").fill("The first one")
        page.get_by_role("button", name="Release", exact=True).click()
        head = page.locator("[data-project-head]")
        expect(head.locator(".m-status")).to_have_text("running")
        expect(head.get_by_text("release 0.1")).to_be_visible()

        page.get_by_role("link", name="Logs").click()
        expect(page.locator(".m-line-text", has_text="tick 3 <b>bold</b>").first).to_be_visible()
        seen = lines(page)
        expect(page.locator(".m-line").nth(seen + 3)).to_be_attached()
        assert page.locator(".m-line b").count() == 0, "what a service writes is text"

        page.get_by_role("button", name="Stop").click()
        expect(head.locator(".m-status")).to_have_text("stopped")
        assert platform.request("GET", f"/r/{slug}/").status == 503

    def test_a_draft_runs_beside_the_release(self, page: Page, platform: Platform, slug: str) -> None:
        open_tab(page, platform, slug, "code")
        write(page, TICKING)
        page.keyboard.press("Control+Enter")
        expect(page.locator("[data-project-head] .m-status")).to_have_text("running")
        expect(page.locator(".m-line-text", has_text="tick 2").first).to_be_visible()
        run = platform.api("GET", f"/projects/{slug}/status").json["run"]
        assert run["branch"] == "develop"
        platform.api("POST", f"/projects/{slug}/stop?wait=10")


class EditCodeTest:
    def test_the_keyboard_edits_and_leaves(self, page: Page, platform: Platform, slug: str) -> None:
        open_tab(page, platform, slug, "code")
        write(page, "")
        area = page.get_by_label("Code of main")
        area.focus()
        page.keyboard.type("if (a) {")
        page.keyboard.press("Enter")
        page.keyboard.type("b();")
        assert area.input_value() == "if (a) {\n  b();"
        page.keyboard.press("Shift+Tab")
        assert area.input_value() == "if (a) {\nb();"
        page.keyboard.press("Tab")
        page.keyboard.press("Control+z")
        assert area.input_value() == "if (a) {\nb();"
        page.keyboard.press("Control+a")
        page.keyboard.press("Tab")
        assert area.input_value() == "  if (a) {\n  b();"
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        expect(area).not_to_be_focused()

    def test_files_come_change_their_names_and_go(self, page: Page, platform: Platform, slug: str) -> None:
        open_tab(page, platform, slug, "code")
        page.get_by_role("button", name="New file").click()
        page.keyboard.type("lib/a.js")
        page.keyboard.press("Enter")
        write(page, "export const a = 1;")
        page.get_by_role("button", name="Rename lib/a.js").click()
        page.keyboard.type("lib/b.js")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Saved at")).to_be_visible()
        path = f"/projects/{slug}/pipeline/branches/develop"
        names = [file["name"] for file in platform.api("GET", path).json["files"]]
        assert names == ["main", "lib/b.js"]
        page.get_by_role("button", name="Delete lib/b.js").click()
        page.get_by_role("button", name="OK").click()
        expect(page.get_by_text("Unsaved changes")).to_be_visible()
        page.keyboard.press("Control+s")
        wait_for(lambda: len(platform.api("GET", path).json["files"]) == 1, 10, "the file is gone")

    def test_a_stale_save_shows_both_versions(self, page: Page, platform: Platform, slug: str) -> None:
        path = f"/projects/{slug}/pipeline/branches/develop"
        open_tab(page, platform, slug, "code")
        for choice, wanted in (
            ("Take the newer version", "// theirs\n"),
            ("Save mine over it", "// mine\n"),
        ):
            platform.api("PUT", path, {"code": "// theirs\n"})
            write(page, "// mine\n")
            page.keyboard.press("Control+s")
            expect(page.get_by_text("− // theirs")).to_be_visible()
            expect(page.get_by_text("+ // mine")).to_be_visible()
            page.get_by_role("button", name=choice).click()
            expect(page.get_by_text("Saved at")).to_be_visible()
            assert platform.api("GET", path).json["code"] == wanted
            expect(page.get_by_label("Code of main")).to_have_value(wanted)

    def test_unsaved_changes_are_guarded(self, page: Page, platform: Platform, slug: str) -> None:
        asked: list[str] = []

        def answer(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.accept()

        page.on("dialog", answer)
        open_tab(page, platform, slug, "code")
        page.reload()
        assert not asked
        write(page, "// unsaved")
        page.reload()
        assert asked == ["beforeunload"]


class WatchLogTest:
    def test_a_flood_never_freezes_the_page(self, page: Page, platform: Platform, slug: str) -> None:
        run = platform.start_service(slug, {"main": TICKING}).json["id"]
        open_tab(page, platform, slug, "logs")
        # The socket begins with the newest lines alone: it has to have begun.
        expect(page.locator(".m-line").first).to_be_visible()
        flood(platform, run, 12_000)
        wait_for(lambda: lines(page) > 4800, 30, "as many lines as are kept")
        slowest = page.evaluate(
            """() => new Promise((resolve) => {
                 let last = performance.now(), slowest = 0, turns = 0;
                 const look = (now) => {
                   slowest = Math.max(slowest, now - last); last = now; turns += 1;
                   turns < 60 ? requestAnimationFrame(look) : resolve(slowest);
                 };
                 requestAnimationFrame(look);
               })"""
        )
        assert lines(page) <= 5000
        assert slowest < 1000, f"a frame took {slowest:.0f} ms"
        page.locator("[data-log-lines]").evaluate("(list) => { list.scrollTop = 100; }")
        jump = page.get_by_role("button", name="Jump to the end")
        expect(jump).to_be_visible()
        first = page.locator(".m-line").first.inner_text()
        page.wait_for_timeout(600)
        assert page.locator(".m-line").first.inner_text() == first, "nothing moves under a reader"
        jump.click()
        expect(jump).to_be_hidden()
        platform.api("POST", f"/projects/{slug}/stop?wait=10")

    def test_it_filters_by_level_and_text(self, page: Page, platform: Platform, slug: str) -> None:
        code = "service.start(() => { logger.debug('one'); logger.info('two'); logger.error('three'); });"
        platform.start_service(slug, {"main": code})
        open_tab(page, platform, slug, "logs")
        expect(page.locator(".m-line", has_text="three")).to_be_visible()
        page.get_by_label("Level").select_option("error")
        expect(page.locator(".m-line", has_text="two")).to_be_hidden()
        page.get_by_label("Level").select_option("debug")
        page.get_by_label("Search the log").fill("TWO")
        expect(page.locator(".m-line", has_text="three")).to_be_hidden()
        expect(page.locator(".m-line", has_text="two")).to_be_visible()
        platform.api("POST", f"/projects/{slug}/stop?wait=10")

    def test_it_connects_again_without_losing_or_repeating_lines(
        self, page: Page, platform: Platform, slug: str
    ) -> None:
        platform.start_service(slug, {"main": TICKING})
        open_tab(page, platform, slug, "logs")
        state = page.locator("[data-log-state]")
        expect(state).to_have_text("live")
        platform.kill(platform.processes.pid_of("web"))
        expect(state).to_have_text("connecting again …")
        expect(state).to_have_text("live")
        seen = lines(page)
        expect(page.locator(".m-line").nth(seen + 3)).to_be_attached()
        words = page.locator(".m-line-text").all_inner_texts()
        ticks = [int(text.split()[1]) for text in words if text.startswith("tick")]
        assert ticks == list(range(1, len(ticks) + 1))
        platform.api("POST", f"/projects/{slug}/stop?wait=10")

    def test_an_earlier_run_is_chosen(self, page: Page, platform: Platform, slug: str) -> None:
        first = platform.start_service(slug, {"main": "logger.error('of the first'); throw 1;"}).json["id"]
        platform.api("PUT", f"/projects/{slug}/pipeline/branches/develop", {"code": TICKING})
        platform.api("POST", f"/projects/{slug}/start?wait=10", {"branch": "develop"})
        open_tab(page, platform, slug, "logs")
        expect(page.locator(".m-line", has_text="tick 2").first).to_be_visible()
        page.get_by_label("Run", exact=True).select_option(first)
        expect(page.locator(".m-line", has_text="of the first")).to_be_visible()
        expect(page.locator(".m-line", has_text="tick")).to_have_count(0)
        link = page.get_by_role("link", name="Download the whole log").get_attribute("href")
        assert (
            link
            == f"/api/projects/{platform.api('GET', f'/projects/{slug}').json['id']}/logs/download?run={first}"
        )
        page.get_by_label("Run", exact=True).select_option("")
        expect(page.locator(".m-line", has_text="tick 2").first).to_be_visible()
        platform.api("POST", f"/projects/{slug}/stop?wait=10")


class ManageReleasesTest:
    def test_rolling_back_and_deleting(self, page: Page, platform: Platform, slug: str) -> None:
        platform.start_service(slug, {"main": "router.get('/', () => 1);"})
        platform.api("POST", f"/projects/{slug}/pipeline/releases", {"branch": "develop"})
        open_tab(page, platform, slug, "releases")
        page.get_by_role("button", name="Roll to it 0.1").click()
        expect(page.locator("[data-version='0.1']").get_by_text("active")).to_be_visible()
        page.get_by_role("button", name="Delete release 0.2").click()
        page.get_by_role("button", name="OK").click()
        expect(page.locator("[data-version='0.2']")).to_have_count(0)
        expect(page.locator("[data-project-head] .m-status")).to_have_text("running")
        platform.api("POST", f"/projects/{slug}/stop?wait=10")


class ListProjectsTest:
    def test_rows_follow_by_themselves(self, page: Page, platform: Platform, slug: str) -> None:
        platform.start_service(slug, {"main": "throw new Error('planted <i>fault</i>');"})
        row = page.locator(".m-project", has_text=slug)
        expect(row.locator(".m-status")).to_have_text("crashed")
        expect(row.locator("[data-error]")).to_contain_text("planted <i>fault</i>")
        page.get_by_label("Search projects").fill("no-such-thing")
        expect(page.get_by_text("No project fits")).to_be_visible()


class SeeSyntaxTest:
    def test_a_fault_is_saved_and_told_with_its_line(self, page: Page, platform: Platform, slug: str) -> None:
        open_tab(page, platform, slug, "code")
        write(page, "const a = 1;\nconst b = ;\n")
        page.keyboard.press("Control+s")
        expect(page.get_by_text("Saved at")).to_be_visible()
        fault = page.get_by_role("list", name="Syntax errors").get_by_role("listitem")
        expect(fault).to_contain_text("main")
        expect(fault).to_contain_text("2")
        assert violations(page) == []
        write(page, "const a = 1;\n")
        page.keyboard.press("Control+s")
        expect(fault).to_have_count(0)


class AccessibilityTest:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
    def test_axe_finds_nothing(
        self, browser: Browser, platform: Platform, shots: Path, theme: str, size: tuple[int, int]
    ) -> None:
        with looking(browser, shots, theme, size) as page:
            page.goto(f"{platform.url}/admin/login/")
            assert violations(page) == []
            log_in(page, platform)
            expect(page.locator(".m-project").first).to_be_visible()
            assert violations(page) == []
            for tab in TABS:
                open_tab(page, platform, "demo", tab)
                page.wait_for_load_state("networkidle")
                assert violations(page) == [], tab
                wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wider <= 0, f"{tab} is wider than the screen"
