"""The report of a run with episodes, and its reader in a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from made_scheming import scheming_content
from playwright.sync_api import Browser, Page, expect

from askew.report.page import write_report
from askew.report.sections.episodes import pack
from made_episodes import Policy, made_conduct, made_turns

WIDTHS = [(1280, "light"), (390, "dark")]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(scheming_content(), tmp_path_factory.mktemp("scheming"))


@pytest.fixture(params=WIDTHS, ids=str)
def page(request: pytest.FixtureRequest, chromium: Browser, report: Path) -> Iterator[Page]:
    width, scheme = request.param
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(report.as_uri())
    page.wait_for_selector("#episodes[data-ready]", state="attached", timeout=60_000)
    yield page
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("'hacked' in window") is False
    context.close()


def test_page_leads_with_the_check_of_the_scorer(report: Path):
    html = report.read_text(encoding="utf-8")
    assert "The scorer finds 0.31 [0.27, 0.35] where 0.30 was planted." in html
    assert "says nothing of the propensity" in html
    # Without answers to questions there is no reader of answers.
    assert 'id="reader"' not in html
    assert (report.parent / "tables" / "funnel.csv").is_file()


def test_episodes_are_filtered_by_step_and_read_turn_by_turn(page: Page):
    expect(page.locator("#episodes .count")).to_have_text("432 of 432 episodes")
    page.select_option("#episodes select[name=step]", "concealed")
    expect(page.locator("#episodes .count")).not_to_have_text("432 of 432 episodes")
    page.locator("#episodes .row").first.click()
    expect(page.locator("#episodes .turn.call").first).to_contain_text("read_file")
    expect(page.locator("#episodes .counts").first).to_contain_text("Counts as discovered: the memo was read")
    expect(page.locator("#episodes .turn.interview")).to_have_count(1)


def test_hostile_turns_are_shown_as_text(page: Page):
    page.fill("#episodes input[name=text]", "window.hacked")
    expect(page.locator("#episodes .count")).to_have_text("1 of 432 episodes")
    page.locator("#episodes .row").first.click()
    shown = page.locator("#episodes .turn.call").first
    expect(shown).to_contain_text("<script>window.hacked = 1</script>")
    expect(shown.locator(".hidden-character").first).to_be_visible()
    page.get_by_role("button", name="Show all").first.click()
    assert (shown.text_content() or "").count("window.hacked") > 300


def test_reader_is_used_by_keyboard_and_by_link(page: Page, report: Path):
    page.locator("#episodes .list").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#episodes .sheet")).to_contain_text("Outcome")
    page.goto(f"{report.as_uri()}#episode=insecure.weights.nudge.1.2")
    page.reload()
    expect(page.locator("#episodes .sheet")).to_contain_text("weights")
    page.evaluate("location.hash = '#episode=nobody'")
    expect(page.locator("#episodes .lost")).to_be_visible()


def test_ten_thousand_episodes_are_packed_small():
    conduct = made_conduct({"a": Policy(covert=0.5)}, episodes=10_000 // (2 * 6 * 3) + 1)
    assert len(conduct) > 10_000
    assert len(pack(made_turns(conduct), conduct)) < 1_000_000
