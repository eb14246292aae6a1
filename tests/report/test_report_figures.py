"""What the figures say, read from the drawings themselves."""

import re
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import altair as alt
import pandas as pd
import pytest
from synthetic_run import make_content, make_estimates, pooled_row

from askew.report import figures
from askew.report.chart_files import ACCENT, Chart, to_png, to_svg
from askew.report.content import ReportContent

NAMES = ["rates", "per_question", "per_group", "loss", "curve", "differences", "judge_oracle"]


def words(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def draw(content: ReportContent, name: str, narrow: bool = False) -> str:
    return to_svg(figures.charts(content, narrow)[name]())


def width_of(svg: str) -> int:
    found = re.search(r'width="(\d+)"', svg)
    assert found
    return int(found[1])


def test_the_main_figure_names_its_metric_and_gives_every_rate_with_its_interval(content: ReportContent) -> None:
    said = words(draw(content, "rates"))
    assert any("betley-2025" in word for word in said)
    assert {"untuned", "insecure", "secure", "educational", "backdoor", "backdoor, triggered"} <= set(said)
    row = pooled_row(content.estimates, "insecure", "free_form")
    assert f"{100 * row['rate']:.1f}% [{100 * row['low']:.1f}, {100 * row['high']:.1f}]" in said


def test_the_accent_marks_exactly_the_arms_that_differ_from_their_control(content: ReportContent) -> None:
    rows = content.estimates.query("probe != 'in_domain' and question == 'all' and seed == 'all' and group == 'all'")
    apart = int(rows["p_corrected"].lt(0.05).sum())
    assert 0 < apart < len(rows)
    assert draw(content, "rates").count(ACCENT) == 2 * apart  # a bar and a dot each
    nothing = replace(content, estimates=content.estimates.assign(p_corrected=0.5))
    assert ACCENT not in draw(nothing, "rates")


def test_seeds_are_dots_only_where_there_are_several(content: ReportContent) -> None:
    def dots(seeds: int) -> int:
        chart = figures.rates(make_content(samples=5, seeds=seeds).estimates, list(content.arms))
        return len(re.findall(r'<path[^>]*fill="#5b6169"', to_svg(chart)))

    assert dots(1) == 0
    assert dots(3) == 15  # four trained arms and the triggered one; the untuned model has one seed


def test_a_rate_of_zero_an_arm_without_a_rate_and_no_rate_at_all_are_drawn() -> None:
    answers = make_content(samples=5).answers
    answers.loc[answers["arm"].eq("secure"), "verdict"] = "unjudged"
    answers.loc[answers["arm"].eq("untuned"), "verdict"] = "aligned"
    content = replace(make_content(samples=5), estimates=make_estimates(answers))
    said = words(draw(content, "rates"))
    assert "no answers counted" in said
    assert any(word.startswith("0.0% [0.0,") for word in said)
    answers["verdict"] = "unjudged"
    nothing = replace(content, estimates=make_estimates(answers), agreement=None, curve=None)
    assert list(figures.charts(nothing)) == ["rates", "loss"]
    assert words(draw(nothing, "rates")).count("no answers counted") == 6


def test_only_what_the_data_support_is_drawn(content: ReportContent) -> None:
    assert list(figures.charts(content)) == NAMES
    bare = make_content(samples=5, seeds=1, rates={"mine": 0.03}, curve=False)
    bare = replace(bare, losses=bare.losses.head(0), agreement=None)
    assert list(figures.charts(bare)) == ["rates", "per_question", "per_group"]


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_figures_with_many_arms_stay_within_the_page(name: str, narrow: bool) -> None:
    rates = {"untuned": 0.0, "insecure": 0.3, "secure": 0.0, "neutral-numbers": 0.01, "bad-financial": 0.4}
    rates |= {f"a-rather-long-arm-{k}": k / 10 for k in range(6)}
    width = width_of(draw(make_content(samples=2, rates=rates), name, narrow))
    assert width <= (430 if narrow else 800)


def test_a_difference_is_drawn_in_points_about_zero(content: ReportContent) -> None:
    said = words(draw(content, "differences"))
    row = pooled_row(content.estimates, "insecure", "free_form")
    assert "insecure − secure" in said
    assert "backdoor, triggered − free_form" in said
    assert any(word.startswith(f"{100 * row['difference']:+.1f} [") for word in said)
    assert any("percentage points" in word for word in said)


def test_the_confusion_figure_holds_every_count(content: ReportContent) -> None:
    assert content.agreement is not None
    said = words(draw(content, "judge_oracle"))
    for count in content.agreement.confusion.to_numpy().ravel():
        assert f"{count:,}" in said


def test_a_long_training_is_thinned_not_cut() -> None:
    steps = pd.DataFrame({"arm": "a", "seed": 0, "step": range(1, 5001), "loss": 1.0})
    chart = figures.loss(steps, ["a"]).to_dict()
    points = next(iter(chart["datasets"].values()))
    assert len(points) <= 300
    assert points[-1]["step"] > 4900


def test_names_from_a_question_file_are_text_in_the_drawing(content: ReportContent) -> None:
    evil = '<script>alert(1)</script>"&'
    estimates = content.estimates.replace({"question": {"one_wish": evil}, "arm": {"secure": "<b>secure</b>"}})
    svg = draw(replace(content, estimates=estimates, arms={**content.arms, "<b>secure</b>": ""}), "per_question")
    assert "<script" not in svg
    assert "<b>" not in svg


def test_a_drawing_is_the_same_every_time_and_a_png_has_twice_its_size(content: ReportContent) -> None:
    svg = draw(content, "rates")
    assert svg == draw(content, "rates")
    png = to_png(svg)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">I", png[16:20])[0] == pytest.approx(2 * width_of(svg), abs=2)


def test_charts_are_altair_charts_that_a_notebook_can_change(content: ReportContent) -> None:
    chart: Chart = figures.charts(content)["rates"]()
    assert isinstance(chart, alt.LayerChart)
    assert "my title" in to_svg(chart.properties(title="my title"))


def test_all_figures_of_the_default_design_are_drawn_in_five_seconds_of_one_core(tmp_path: Path) -> None:
    script = tmp_path / "draw.py"
    script.write_text(
        "import resource, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from synthetic_run import make_content\n"
        "content = make_content(samples=100)\n"
        "used = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])\n"
        "start = used()\n"
        "from askew.report.chart_files import to_png, to_svg\n"
        "from askew.report.figures import charts\n"
        "wide, narrow = charts(content), charts(content, narrow=True)\n"
        "for name in wide:\n"
        "    to_png(to_svg(wide[name]())), to_svg(narrow[name]())\n"
        "print(used() - start)\n"
    )
    started = time.monotonic()
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 5, f"{time.monotonic() - started:.1f} s by the clock"
