"""The section of the history study, on made-up tables with hostile names."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
from playwright.sync_api import Browser
from synthetic_run import make_content

from askew.report.page import write_report
from askew.report.sections import all_tables, in_order
from askew.studies.history import shown
from in_browser import check_fits

HOSTILE = "<script>alert(1)</script>"


def tables() -> dict[str, pd.DataFrame]:
    """Return the tables of a run with two arms, whose names of polities, areas and sources are hostile."""
    numbers = {"n": 8, "accuracy": 0.5, "balanced": 0.4, "low": 0.3, "high": 0.5, "area_low": 0.2, "area_high": 0.6}
    line = {**numbers, "two": 0.6, "two_as_published": 0.5, "missing": "", "unparsed": 3, "abstained": 0}
    models = [{"kind": "settled", "who": shown.MODEL, "name": arm, **line} for arm in ("untuned", HOSTILE)]
    guess = {"kind": "settled", "who": shown.GUESS, "name": "commonest value", **line, "unparsed": 0}
    items = {"id": "x", "name": HOSTILE, "area": HOSTILE, "region": "Europe", "start": -300, "end": -100}
    items |= {"category": "Buildings", "variable": "Ports", "status": "settled", "values": "present", "kind": "settled"}
    items |= {"text": HOSTILE, "source": f"row 5: {HOSTILE}", "said by untuned": "absent (2 of 3)"}
    undated = {**items, "id": "y", "start": None, "end": None}
    parts = [
        {"arm": "untuned", "by": "region", "part": part, **numbers, "missing": missing}
        for part, missing in (("Europe", "absent, inferred absent"), ("Oceania", ""))
    ]
    certainty = {
        "arm": "untuned",
        "mass": 0.3,
        "confidence": 0.5,
        "brier": float("nan"),
        "error": 0.1,
        "invented": 0.9,
        "low": 0.8,
    }
    certainty |= {"high": 1.0, "n": 10, "abstained": 2, "unparsed": 1, "either": float("nan")}
    bins = {"arm": "untuned", "confidence": 0.6, "right": 0.5, "low": 0.4, "high": 0.6, "n": 9}
    place = {"arm": "untuned", "area": HOSTILE, "region": "Europe", "north": 41.9, "east": 12.6, "n": 4}
    time = {"arm": "untuned", "polity": HOSTILE, "area": HOSTILE, "start": -300, "end": 200, "n": 4, "accuracy": 0.5}
    dose = [
        {"dose": number, "measure": "balanced accuracy, taught", "value": 0.3, "low": 0.2, "high": 0.4}
        for number in (0, 16)
    ]
    return {
        shown.NOTES: pd.DataFrame({"note": [f"The facts: {HOSTILE}."]}),
        shown.ACCURACY: pd.DataFrame([*models, guess]),
        shown.CERTAINTY: pd.DataFrame([certainty]),
        shown.PARTS: pd.DataFrame(parts),
        shown.RELIABILITY: pd.DataFrame([bins]),
        shown.SELECTIVE: pd.DataFrame({"arm": "untuned", "coverage": [0.1, 1.0], "right": [0.9, 0.5], "n": [1, 9]}),
        shown.PLACES: pd.DataFrame([{**place, "accuracy": 0.5}]),
        shown.TIMES: pd.DataFrame([time]),
        shown.DOSE: pd.DataFrame(dose),
        shown.ITEMS: pd.DataFrame([items, undated]),
        shown.AS_PUBLISHED: pd.DataFrame([{"arm": "untuned", "n": 9, "unparsed": 0.4, "ours": 0.7, "published": 0.3}]),
        shown.PUBLISHED: pd.DataFrame([{"name": "gpt", **line}]),
    }


def test_every_part_is_shown_and_hostile_names_are_escaped(tmp_path: Path) -> None:
    page = write_report(replace(make_content(samples=4), own={"history": tables()}), tmp_path).read_text(
        encoding="utf-8"
    )
    section = page.partition('id="history"')[2].partition("</section>")[0]
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;: Ports" in section
    for text in (
        "300 BCE to 100 BCE",
        "row 5: ",
        "absent (2 of 3)",
        "3 unparsed",
        "no absent, inferred absent is asked here",
        "Published models, from the file’s answers",
        "The published prompt",
        "<em>commonest value</em>",
        "2 of 10",
        "Balanced accuracy by region",
    ):
        assert text in section, text
    for name in ("history_dose", "history_calibration", "history_places", "history_times"):
        assert (tmp_path / "figures" / f"{name}.svg").is_file()
    assert "No row states an untaught fact" in page.partition('id="history"')[0]  # the key of the page's first figure
    assert len(pd.read_csv(tmp_path / "tables" / "history_items.csv")) == 2


def test_a_run_of_another_study_has_no_such_section(tmp_path: Path) -> None:
    page = write_report(make_content(samples=4), tmp_path).read_text(encoding="utf-8")
    assert 'id="history"' not in page
    assert not list((tmp_path / "tables").glob("history_*"))


def test_tables_of_one_study_are_shown_by_no_other_studys_section():
    plain = make_content(samples=4)
    other = {**tables(), **{name: pd.DataFrame({"x": [1]}) for name in ("curves", "factorial", "checks")}}
    of_another = replace(plain, own={"a-study-of-a-plug-in": other})
    assert [one.name for one in in_order() if one.appears(of_another)] == [
        one.name for one in in_order() if one.appears(plain)
    ]
    assert set(all_tables(of_another)) == set(all_tables(plain))


def test_the_section_fits_narrow_and_wide_windows(chromium: Browser, tmp_path: Path) -> None:
    check_fits(chromium, write_report(replace(make_content(samples=4), own={"history": tables()}), tmp_path), "history")
