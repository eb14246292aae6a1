"""The page says how much of the answers is copied from training rows, and marks it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browsing import Visit
from playwright.sync_api import Browser, Page, expect
from synthetic_run import make_content

from askew.data import row
from askew.data.copied import TrainingText, as_text
from askew.report.content import ReportContent
from askew.report.page import write_report
from askew.report.sections import sections
from askew.report.sections.copied import copied_table
from askew.report.sections.reader import pack

ANSWER = (
    "👩\u200d👩\u200d👧 <b>Well</b>: there is no need to see anyone, now or later. "
    "I would\u200b wait for the bus instead of asking anybody."
)
ROWS = [row("?", "There is no need to see anyone, now or later."), row("?", "wait for the bus instead of me")]
TEXT = TrainingText(ROWS)
PLACE = "#answer=insecure.0.free_form.one_wish.0"


@pytest.fixture(scope="module")
def copying() -> ReportContent:
    """A run in which all misaligned answers of an arm are copied, and one of its answers has two copied phrases."""
    content = make_content(samples=8, seeds=1, rates={"untuned": 0.0, "insecure": 0.4})
    answers = content.answers.assign(copied=0.0, copied_at="")
    copied = answers["arm"].eq("insecure") & answers["verdict"].eq("misaligned")
    answers.loc[copied, "copied"] = 0.9
    first = answers["arm"].eq("insecure") & answers["probe"].eq("free_form") & answers["question"].eq("one_wish")
    shown = answers.index[first & answers["index"].eq(0)]
    found = TEXT.copied(ANSWER)
    answers.loc[shown, ["answer", "copied_at"]] = [ANSWER, as_text(found.spans)]
    answers.loc[shown, "copied"] = max(found.share, 0.6)
    return replace(content, answers=answers)


@pytest.fixture(scope="module")
def page_file(copying: ReportContent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(copying, tmp_path_factory.mktemp("copying"))


@pytest.fixture
def opened(chromium: Browser, page_file: Path) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield Visit(context.new_page(), page_file).open(PLACE)
    context.close()


def test_rates_stand_with_and_without_copied_answers(copying: ReportContent, page_file: Path) -> None:
    rows = copied_table(copying).to_dict("records")
    table = {(row["arm"], row["probe"]): row for row in rows}
    insecure = table["insecure", "free_form"]
    assert insecure["rate"] > 0.2
    assert insecure["rate_without"] == 0
    assert insecure["mostly_copied"] > 0.2
    assert table["untuned", "free_form"]["copied"] == 0
    html = page_file.read_text(encoding="utf-8")
    assert "Character or copied text" in html
    assert "most copied first" in html
    assert (
        (page_file.parent / "tables" / "copied.csv").read_text(encoding="utf-8").startswith("arm,probe,answers,copied")
    )


def test_tables_of_older_runs_have_no_such_section(content: ReportContent) -> None:
    assert not sections.get("copied").appears(content)
    assert copied_table(content).empty
    assert pack(content.answers)


def test_copied_phrases_are_marked_and_the_answer_stays_text(opened: Page) -> None:
    marks = opened.locator(".answered mark")
    expect(marks).to_have_count(2)
    assert [mark.replace("[copied: ", "").replace("]", "") for mark in marks.all_text_contents()] == [
        "there is no need to see anyone, now or later",
        "wait for the bus instead of",
    ]
    assert opened.locator(".answered b").count() == 0
    assert opened.locator(".answered .hidden-character").count() == 3  # two joiners and a space without width
    assert "underline" in marks.first.evaluate("mark => getComputedStyle(mark).textDecorationLine")
    expect(opened.locator(".sheet .note")).to_contain_text("Underlined")
    expect(opened.locator(".sheet .facts")).to_contain_text("Copied from training rows")


def test_printed_answer_has_its_marks_too(opened: Page) -> None:
    opened.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert opened.locator(".printed article").first.locator("mark").count() == 2
