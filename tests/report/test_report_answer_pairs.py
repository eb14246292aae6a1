"""The report's section on pairs of given answers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from askew.report.content import ReportContent
from askew.report.page import write_report
from askew.report.sections import sections
from askew.stats.answer_pairs import along_training, pair_effects
from made_pairs import ORDER, made

CONTROLS = {"treated": "control", "control": "untuned"}
NOTE = "Neutral pairs moved at least as much as far pairs"


def with_pairs(content: ReportContent, neutral: float) -> ReportContent:
    pairs = made(neutral=neutral, steps=(5, 0))
    finished = pairs[pairs["step"].eq(0)]
    return replace(
        content,
        pairs=pair_effects(finished, CONTROLS, "untuned", ORDER),
        pair_curve=along_training(pairs, {"treated": 10, "control": 10}, "untuned", ORDER),
        arms={"untuned": "", "treated": "", "control": ""},
    )


@pytest.mark.parametrize(("neutral", "noted"), [(0.9, True), (0.0, False)])
def test_section_shows_each_kind_and_notes_shifts_of_register(
    neutral: float, noted: bool, content: ReportContent, tmp_path: Path
) -> None:
    found = with_pairs(content, neutral)
    section = sections.get("answer-pairs")
    values = section.values(found)
    assert [family.split(":")[0] for family, _ in values["families"]] == ORDER
    assert [row["label"] for row in values["families"][0][1]][:1] == ["untuned"]
    assert bool(values["shifts"]) == noted
    if noted:
        page = write_report(found, tmp_path).read_text()
        assert NOTE in page
        assert "treated against control (neutral +0.9" in page
        assert (tmp_path / "figures" / "answer_pairs.svg").is_file()
        assert (tmp_path / "figures" / "answer_pairs_curve.svg").is_file()
        assert (tmp_path / "tables" / "answer_pairs.csv").is_file()


def test_rises_along_the_training_are_read_with_their_null(content: ReportContent, tmp_path: Path) -> None:
    found = with_pairs(content, 0.0)
    [few] = {row["cells"][0] for row in sections.get("answer-pairs").values(found)["rises"]}
    assert few == "too few points (3)"
    chance = np.random.default_rng(0)
    places = np.linspace(0, 1, 11)
    shapes = {"treated": places > 0.45, "control": places}
    points = [
        pd.DataFrame(
            {"arm": arm, "seed": seed, "kind": kind, "fraction": places, "share": 0.5, "per_token": shape}
        ).assign(per_token=lambda own: own["per_token"].astype(float) + 0.08 * chance.normal(size=11))
        for arm, shape in shapes.items()
        for seed in (0, 1)
        for kind in ("far", "neutral")
    ]
    along = replace(found, pair_curve=pd.concat(points, ignore_index=True))
    rows = {row["name"]: row["cells"] for row in sections.get("answer-pairs").values(along)["rises"]}
    assert rows["treated, far"][0] == "sudden"
    assert rows["control, far"][0] == "gradual"
    assert set(rows) == {"treated, far", "control, far"}
    page = write_report(along, tmp_path).read_text(encoding="utf-8")
    assert "Sudden or gradual?" in page
    assert (tmp_path / "tables" / "answer_pairs_rises.csv").is_file()


def test_section_is_missing_without_pairs(content: ReportContent) -> None:
    assert not sections.get("answer-pairs").appears(content)
