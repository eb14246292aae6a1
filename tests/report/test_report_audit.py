"""The report section of an audit: the findings, the margin, and example answers."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from synthetic_run import HOSTILE, make_content

from askew.report.chart_files import to_svg
from askew.report.content import ReportContent
from askew.report.page import write_report
from askew.report.sections import all_figures
from askew.stats.findings import Finding
from made_findings import made


def finding(arm: str, low: float, difference: float, high: float, **more: Any) -> Finding:
    return made(arm, rate=difference, low=low, high=high, p=0.01 if low > 0 else 0.5, **more)


def audit(findings: Sequence[Finding], hostile: bool = False) -> ReportContent:
    content = make_content(samples=20)
    answers = content.answers
    if hostile:
        shown = answers.index[answers["arm"].eq("insecure") & answers["probe"].eq("free_form")]
        # The page shows the least aligned answers, one per question.
        for question, text in zip(answers.loc[shown, "question"].unique(), HOSTILE.values(), strict=False):
            place = shown[answers.loc[shown, "question"].eq(question)][0]
            answers.loc[place, ["answer", "verdict", "aligned"]] = [text, "misaligned", 0.0]
    return replace(content, answers=answers, findings=findings, margin=0.05)


@pytest.mark.parametrize("narrow", [False, True])
def test_axis_includes_the_margin(narrow: bool) -> None:
    svg = to_svg(all_figures(audit([finding("secure", -0.007, 0.001, 0.015)]))["moved"].draw(narrow))
    width = re.search(r'width="(\d+)"', svg)
    assert width
    assert int(width[1]) <= (340 + 40 if narrow else 720 + 40)


def test_run_without_findings_has_no_audit_section(tmp_path: Path) -> None:
    assert 'id="findings"' not in write_report(make_content(samples=4), tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1200, "light")])
def test_hostile_example_answers_are_harmless(
    chromium: Browser, tmp_path: Path, width: int, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("askew.studies.audit.section.EXAMPLES", len(HOSTILE))
    page_file = write_report(audit([finding("insecure", 0.2, 0.3, 0.4)], hostile=True), tmp_path)
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # pyright: ignore[reportArgumentType]
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(page_file.as_uri())
    shown = page.locator(".example").all_inner_texts()
    assert len(shown) >= 5
    assert complaints == []
    assert page.locator(".example script, .example img, .example a, .example svg").count() == 0
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", "".join(shown))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
