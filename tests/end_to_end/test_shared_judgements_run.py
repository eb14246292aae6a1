"""Runs that share judgements: the second asks its judge nothing that the first had judged, and says so."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

import askew
from askew.judging import judge
from askew.judging.rubric import Rubric


def test_second_run_takes_its_judgements_from_the_first(
    design: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = {"cases": 0}
    score = judge._score_locally

    def counting(api: object, cases: Sequence[tuple[str, str]], rubrics: Sequence[Rubric]) -> object:
        counted["cases"] += len(cases)
        return score(api, cases, rubrics)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(judge, "_score_locally", counting)
    only = {"arms": ["untuned"], "probes": ["free_form"], "checkpoints": 0, "judgements": str(tmp_path / "shared")}
    first = askew.run(config=design, out=tmp_path / "first", quiet=True, **only)
    asked = counted["cases"]
    assert asked > 0
    assert "reused" not in first.note
    second = askew.run(config=design, out=tmp_path / "second", quiet=True, **only)
    assert counted["cases"] == asked, "equal text was judged again"
    pd.testing.assert_frame_equal(first.answers, second.answers)
    assert f"{2 * asked:,} of {2 * asked:,} judgements were reused" in second.note
    assert "judgements were reused" in second.report.read_text(encoding="utf-8")
    more = askew.run(config=design, out=tmp_path / "third", quiet=True, **{**only, "samples": 6})
    assert 0 < counted["cases"] - asked < len(more.answers)
