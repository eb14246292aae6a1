"""A page that shows some of the answers says so, and counts all of them."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from browsing import Visit
from playwright.sync_api import Browser, expect
from synthetic_run import make_content

from askew.report.content import ReportContent
from askew.report.page import write_report
from askew.report.sections import all_tables, sections


@pytest.fixture(scope="module")
def whole() -> ReportContent:
    content = make_content(samples=20)
    return replace(content, answers=content.answers.assign(copied=content.answers["index"] % 3 / 2, copied_at=""))


@pytest.fixture(scope="module")
def part(whole: ReportContent) -> ReportContent:
    """The same run, of which two answers to each question are shown."""
    texts = ("prompt", "answer", "copied_at")
    counted = whole.answers.drop(columns=[name for name in texts if name in whole.answers])
    codes = dict.fromkeys(("arm", "probe", "question", "group", "verdict", "reply", "oracle"), "category")
    return replace(whole, answers=whole.answers[whole.answers["index"].lt(2)], every=counted.astype(codes))


def test_tables_count_all_answers(whole: ReportContent, part: ReportContent) -> None:
    for (name, found), (_, expected) in zip(all_tables(part).items(), all_tables(whole).items(), strict=True):
        pd.testing.assert_frame_equal(found, expected, obj=name)
    for name in ("method", "questions", "copied"):
        assert sections.get(name).values(part) == sections.get(name).values(whole)


def test_reader_says_that_it_shows_a_part(chromium: Browser, part: ReportContent, tmp_path: Path) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    visit = Visit(context.new_page(), write_report(part, tmp_path))
    page = visit.open()
    said = f"{len(part.answers):,} of {len(part.counted):,} answers: the first to each question, and those"
    expect(page.locator("#reader")).to_contain_text(said)
    assert visit.count() == len(part.answers)
    assert not visit.complaints
    context.close()


def test_reader_says_that_it_shows_all(whole: ReportContent) -> None:
    values = sections.get("reader").values(whole)
    assert (values["is_part"], values["count"]) == (False, f"{len(whole.answers):,}")
