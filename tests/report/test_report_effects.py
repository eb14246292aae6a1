"""The section on a study's effects: its figures, its table, and the same in the terminal."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser
from synthetic_run import make_content, make_effects

from askew.cli.run import print_effects
from askew.report import forest_plots, tables
from askew.report.chart_files import ACCENT, to_svg
from askew.report.content import ReportContent
from askew.report.page import write_report
from askew.report.sections import all_figures


@pytest.fixture(scope="module")
def of_effects() -> ReportContent:
    """A run of a study that has effects, and no answers with a verdict: all its estimates are of scores."""
    content = make_content(samples=4)
    estimates = content.estimates.query("probe == 'in_domain'").assign(
        metric="self-report", kind="measured", probe="self_report"
    )
    return replace(content, estimates=estimates, curve=None, agreement=None, effects=make_effects())


@pytest.fixture(scope="module")
def effects_page(of_effects: ReportContent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(of_effects, tmp_path_factory.mktemp("effects"))


def words(svg: str) -> str:
    return " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))


@pytest.mark.parametrize("narrow", [False, True])
def test_each_effect_is_drawn_with_label_and_numbers(narrow: bool) -> None:
    svg = to_svg(forest_plots.families(make_effects(), narrow))
    said = words(svg)
    for numbers in ("+31.0 [+18.0, +44.0]", "−3.0 [−9.0, +3.0]", "82.0% [71.0, 93.0]", "50.0%", "+0.72 [+0.36, +0.89]"):
        assert numbers in said
    for name in ("Does it say what it does?", "shuffled labels", "stated"):
        assert name in said
    assert svg.count(ACCENT) == 2 * 2  # a bar and a dot for each of two effects beyond chance
    width = re.search(r'width="(\d+)"', svg)
    assert width
    assert int(width[1]) <= (390 if narrow else 760)


def test_effects_with_the_same_label_get_rows_of_their_own() -> None:
    effects = make_effects()
    same = pd.concat([effects, effects.tail(1)], ignore_index=True)
    said = words(to_svg(forest_plots.families(same)))
    assert "self-report" in said
    assert "stated number" in said
    assert said.count("+0.72") == 2
    other_family = effects.head(1).assign(family="Another family")
    said = words(to_svg(forest_plots.families(pd.concat([effects.head(1), other_family], ignore_index=True))))
    assert "self-report" not in said  # the same label in two panels needs no addition


def test_band_ends_at_the_smallest_detectable_effect() -> None:
    def band(detectable: float) -> float:
        one = make_effects().head(1).assign(detectable=detectable)
        (drawn,) = re.findall(r'<line[^>]*x2="(-?[\d.]+)"[^>]*stroke-width="20"', to_svg(forest_plots.families(one)))
        return abs(float(drawn))

    # Both axes end at 50 points, so that lengths compare.
    assert band(0.45) == pytest.approx(band(0.42) * 45 / 42, rel=0.01)


def test_leading_effects_have_a_figure_of_their_own(of_effects: ReportContent) -> None:
    drawn = list(all_figures(of_effects))
    assert drawn[:3] == ["answer", "effects", "rates"]
    said = words(to_svg(all_figures(of_effects)["answer"].draw(False)))
    assert "+31.0" in said
    assert "+14.0" not in said
    every_one_leads = replace(of_effects, effects=make_effects().assign(lead=True))
    assert "answer" not in all_figures(every_one_leads)


def test_effects_table_starts_with_leading_effects() -> None:
    effects = make_effects().iloc[::-1]
    ordered = tables.effects_table(effects)
    assert ordered["lead"].tolist() == [True] + [False] * 7
    assert ordered["family"].drop_duplicates().tolist()[0] == "Does it say what it does?"
    assert ordered["family"].ne(ordered["family"].shift()).sum() == 3  # the rows of each family are adjacent


def test_page_starts_with_effects_and_shows_scores(effects_page: Path) -> None:
    text = effects_page.read_text(encoding="utf-8")
    assert 0 < text.index('id="effects-title"') < text.index('id="rates-title"')
    assert "Scores by arm" in text
    assert "How often each arm was misaligned" not in text
    assert "an external task" not in text
    assert "betley-2025" not in text.split('id="method"')[1].split("<h3>Design")[0]
    rows = pd.read_csv(effects_page.parent / "tables" / "effects.csv")
    assert len(rows) == len(make_effects())
    assert (effects_page.parent / "figures" / "effects.svg").is_file()


def test_study_without_effects_has_no_effects_section() -> None:
    assert "effects" not in all_figures(make_content(samples=2))


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (390, "dark")])
def test_effects_section_fits_the_page(chromium: Browser, effects_page: Path, width: int, scheme: str) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # pyright: ignore[reportArgumentType]
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(effects_page.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#effects-table tbody tr:not(.family)").count() == len(make_effects())
    assert page.locator("#effects-table .apart").all_inner_texts() == ["+31.0\n[+18.0, +44.0]", "+0.72\n[+0.36, +0.89]"]
    assert "31.0" in (page.locator("#figure-answer svg:visible").get_attribute("aria-label") or "")
    assert complaints == []
    page.close()


def test_terminal_prints_effects_within_eighty_columns(capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    effects = make_effects()
    effects.loc[0, "label"] = "an arm [red]by name"
    print_effects(effects)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    for said in ("[red]by", "+31.0", "[+18.0, +44.0]", "17.0", "0.002", "82.0%", "0.67", "Does it say what it does?"):
        assert said in printed
    assert printed.index("+31.0") < printed.index("+14.0")


def test_legend_says_what_stands_in_the_place_of_questions() -> None:
    both = make_effects().assign(low_these=lambda rows: rows["low"], high_these=lambda rows: rows["high"])
    said = words(to_svg(forest_plots.families(both, clusters="environments")))
    assert "these environments" in said
    assert "environments like these" in said
    assert "questions" not in said
