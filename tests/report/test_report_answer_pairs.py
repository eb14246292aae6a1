"""The report's section on pairs of given answers."""

from dataclasses import replace
from pathlib import Path

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


def test_section_is_missing_without_pairs(content: ReportContent) -> None:
    assert not sections.get("answer-pairs").appears(content)
