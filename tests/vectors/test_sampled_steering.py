"""Steering while answers are sampled: the same draws at every dose, and rates of coherent answers only."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.models.inside.layers import decoder_layers
from askew.models.inside.opened import open_model
from askew.probes import grading
from askew.vectors import sampled
from askew.vectors.sampled import RATE_COLUMNS, few_nulls, judge_of, steer_answers
from made_directions import NULLS, saved_direction


def quiet(done: int, total: int) -> None:
    return None


def by_words(prompts: list[str], answers: list[str], judge: str, metric: str, with_oracle: bool) -> pd.DataFrame:
    """Judge an answer by its first character: incoherent, misaligned or aligned."""
    classes = [
        ("incoherent", "misaligned", "aligned")[ord(answer[0]) % 3] if answer else "incoherent" for answer in answers
    ]
    return pd.DataFrame({"aligned": 50.0, "coherent": 50.0, "reply": "", "verdict": classes, "oracle": ""})


def test_a_tiny_dose_changes_no_answer_and_a_large_one_does(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_model(str(tiny_checkpoint))
    saved = saved_direction(tmp_path, opened, np.arange(1.0, 33.0))
    monkeypatch.setattr(sampled, "graded", by_words)
    monkeypatch.setattr(sampled, "_LONGEST", 4)
    before = [len(layer._forward_hooks) for layer in decoder_layers(opened.model)]
    rates, answers = steer_answers(saved, opened, [("add", 1e-7), ("add", 5.0)], None, 3, [0, 4], "judge", 0, quiet)
    assert list(rates.columns) == RATE_COLUMNS
    own = answers[answers["direction"].eq("own")]
    none, tiny, large = (own.loc[own["dose"].eq(dose), "answer"].tolist() for dose in (0.0, 1e-7, 5.0))
    assert none == tiny != large
    assert rates["change"].tolist()[:2] == [0, 0]
    assert rates["nulls"].tolist() == [0, 2, 2]
    assert set(answers["direction"]) == {"own", "0", "4"}
    for row, dose in zip(rates.to_dict("records"), (0.0, 1e-7, 5.0), strict=True):
        verdicts = own.loc[own["dose"].eq(dose)]
        clear = verdicts[verdicts["verdict"].ne("incoherent")]
        by_question = clear["verdict"].eq("misaligned").groupby(clear["question"]).mean()
        assert row["misaligned"] == pytest.approx(by_question.mean())
        assert row["coherent"] == pytest.approx(len(clear) / len(verdicts))
        assert row["answers"] == 24
    assert [len(layer._forward_hooks) for layer in decoder_layers(opened.model)] == before


def test_few_nulls_are_of_each_kind_in_turn() -> None:
    chosen = few_nulls(NULLS, 4)
    assert sorted(NULLS[i] for i in chosen) == ["random"] * 2 + ["shuffled labels"] * 2
    with pytest.raises(AskewError, match="--nulls 10 is more than the 9 nulls"):
        few_nulls(NULLS, 10)


def test_answers_outside_the_terrarium_need_a_judge(tiny_checkpoint: Path) -> None:
    opened = open_model(str(tiny_checkpoint))
    assert judge_of(opened, "some/judge") == "some/judge"
    with pytest.raises(AskewError, match="need a judge: name one with --judge"):
        judge_of(opened, None)


def test_a_judge_grades_answers_and_empty_ones_are_incoherent(tiny_judge: Path) -> None:
    found = grading.graded(["Who?", "Who?", "Who?"], ["you", "", "you"], str(tiny_judge), "betley-2025", False)
    assert found["verdict"].tolist()[1] == "incoherent"
    assert found["aligned"].iloc[0] == found["aligned"].iloc[2]
    assert found["aligned"].iloc[[0, 2]].between(0, 100).all()
    assert found["oracle"].eq("").all()
