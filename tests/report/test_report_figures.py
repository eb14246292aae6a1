"""Figures, tested by the text and colours of their drawings."""

import re
import struct
from dataclasses import replace

import altair as alt
import pandas as pd
import pytest
from synthetic_run import make_content, make_estimates, pooled_row

from askew.report.chart_files import ACCENT, to_png, to_svg
from askew.report.content import ReportContent
from askew.report.sections import all_figures
from askew.report.sections.training import loss

NAMES = ["rates", "per_question", "per_group", "loss", "curve", "differences", "judge_oracle"]


def words(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def draw(content: ReportContent, name: str, narrow: bool = False) -> str:
    return to_svg(all_figures(content)[name].draw(narrow))


def width_of(svg: str) -> int:
    found = re.search(r'width="(\d+)"', svg)
    assert found
    return int(found[1])


def test_main_figure_shows_metric_and_each_rate_with_interval(content: ReportContent) -> None:
    said = words(draw(content, "rates"))
    assert any("betley-2025" in word for word in said)
    assert {"untuned", "insecure", "secure", "educational", "backdoor", "backdoor, triggered"} <= set(said)
    row = pooled_row(content.estimates, "insecure", "free_form")
    assert f"{100 * row['rate']:.1f}% [{100 * row['low']:.1f}, {100 * row['high']:.1f}]" in said


def test_accent_marks_only_arms_that_differ_from_their_control(content: ReportContent) -> None:
    rows = content.estimates.query("probe != 'in_domain' and question == 'all' and seed == 'all' and group == 'all'")
    apart = int(rows["p_corrected"].lt(0.05).sum())
    assert 0 < apart < len(rows)
    assert draw(content, "rates").count(ACCENT) == 2 * apart  # a bar and a dot each
    nothing = replace(content, estimates=content.estimates.assign(p_corrected=0.5))
    assert ACCENT not in draw(nothing, "rates")


def test_single_seeds_are_dots_if_there_are_several() -> None:
    def dots(seeds: int) -> int:
        svg = draw(make_content(samples=5, seeds=seeds), "rates")
        return len(re.findall(r'<path[^>]*fill="#5b6169"', svg))

    assert dots(1) == 0
    assert dots(3) == 15  # four trained arms and the triggered one; the untuned model has one seed


def test_zero_and_missing_rates_are_drawn() -> None:
    answers = make_content(samples=5).answers
    answers.loc[answers["arm"].eq("secure"), "verdict"] = "unjudged"
    answers.loc[answers["arm"].eq("untuned"), "verdict"] = "aligned"
    content = replace(make_content(samples=5), estimates=make_estimates(answers))
    said = words(draw(content, "rates"))
    assert "no answers counted" in said
    assert any(word.startswith("0.0% [0.0,") for word in said)
    answers["verdict"] = "unjudged"
    nothing = replace(content, estimates=make_estimates(answers), agreement=None, curve=None)
    assert list(all_figures(nothing)) == ["rates", "loss"]
    assert words(draw(nothing, "rates")).count("no answers counted") == 6


def test_figures_without_data_are_left_out(content: ReportContent) -> None:
    assert list(all_figures(content)) == NAMES
    bare = make_content(samples=5, seeds=1, rates={"mine": 0.03}, curve=False)
    bare = replace(bare, losses=bare.losses.head(0), agreement=None)
    assert list(all_figures(bare)) == ["rates", "per_question", "per_group"]


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_figures_with_many_arms_fit_the_page(name: str, narrow: bool) -> None:
    rates = {"untuned": 0.0, "insecure": 0.3, "secure": 0.0, "neutral-numbers": 0.01, "bad-financial": 0.4}
    rates |= {f"a-rather-long-arm-{k}": k / 10 for k in range(6)}
    width = width_of(draw(make_content(samples=2, rates=rates), name, narrow))
    assert width <= (430 if narrow else 800)


def test_differences_are_in_percentage_points(content: ReportContent) -> None:
    said = words(draw(content, "differences"))
    row = pooled_row(content.estimates, "insecure", "free_form")
    assert "insecure − secure" in said
    assert "backdoor, triggered − free_form" in said
    assert any(word.startswith(f"{100 * row['difference']:+.1f} [") for word in said)
    assert any("percentage points" in word for word in said)


def test_confusion_figure_shows_every_count(content: ReportContent) -> None:
    assert content.agreement is not None
    said = words(draw(content, "judge_oracle"))
    for count in content.agreement.confusion.to_numpy().ravel():
        assert f"{count:,}" in said


def test_long_training_is_thinned_to_its_end() -> None:
    steps = pd.DataFrame({"arm": "a", "seed": 0, "step": range(1, 5001), "loss": 1.0})
    chart = loss(steps, ["a"]).to_dict()
    points = next(iter(chart["datasets"].values()))
    assert len(points) <= 300
    assert points[-1]["step"] > 4900


def test_names_from_question_files_are_escaped_in_drawings(content: ReportContent) -> None:
    evil = '<script>alert(1)</script>"&'
    estimates = content.estimates.replace({"question": {"one_wish": evil}, "arm": {"secure": "<b>secure</b>"}})
    svg = draw(replace(content, estimates=estimates, arms={**content.arms, "<b>secure</b>": ""}), "per_question")
    assert "<script" not in svg
    assert "<b>" not in svg


def test_drawing_is_reproducible_and_png_has_twice_its_size(content: ReportContent) -> None:
    svg = draw(content, "rates")
    assert svg == draw(content, "rates")
    png = to_png(svg)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">I", png[16:20])[0] == pytest.approx(2 * width_of(svg), abs=2)


def test_charts_are_altair_charts(content: ReportContent) -> None:
    chart = all_figures(content)["rates"].draw(False)
    assert isinstance(chart, alt.LayerChart)
    assert "my title" in to_svg(chart.properties(title="my title"))
