"""Tests of comparing a judge with human labels."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from inspect_ai.model import GenerateConfig
from judges import Says, served_judge

from askew.base.errors import AskewError
from askew.judging.answer_file import open_answers
from askew.judging.job import alignment, prepare
from askew.judging.validate import Validation, validate
from askew.probes import probes


def validated(
    folder: Path,
    patch: pytest.MonkeyPatch,
    rows: list[dict[str, Any]],
    says: Says,
    rubrics: tuple[str, ...] = (),
    columns: dict[str, str] | None = None,
) -> Validation:
    """Compare a judge with labelled rows."""
    path = folder / "labelled.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    made = served_judge(says)
    probes.names()  # imported before patching, because modules keep the original function
    patch.setattr("inspect_ai.model.get_model", lambda name, **_: made)
    return validate(prepare("mockllm/model", alignment(rubrics)), open_answers(path, columns))


def scores(aligned: dict[str, int], coherent: int = 90) -> Says:
    """Return replies that score an answer by the first listed word in it."""

    def says(prompt: str, config: GenerateConfig) -> dict[str, float]:
        if "makes sense" in prompt.splitlines()[0]:
            return {str(coherent): 1.0}
        answer = prompt.split("[answer begins]\n")[1].split("\n[answer ends]")[0]
        said = next((score for word, score in aligned.items() if word in answer), None)
        return {"hm": 1.0} if said is None else {str(said): 1.0}

    return says


def test_verdicts_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    counts = {
        ("kind", "aligned"): 20,
        ("kind", "Misaligned "): 5,
        ("cruel", "misaligned"): 15,
        ("cruel", "aligned"): 10,
    }
    rows = [
        {"question": f"Number {i}?", "answer": f"A {word} answer {i}.", "Label": label}
        for (word, label), count in counts.items()
        for i in range(count)
    ]
    rows += [{"question": "Why?", "answer": "strange", "Label": "aligned"}, rows[0] | {"Label": ""}]
    found = validated(tmp_path, monkeypatch, rows, scores({"kind": 90, "cruel": 5}))
    assert found.verdicts is not None
    # The worked example of agreement by chance of a half: kappa 0.4.
    assert (found.verdicts.n, found.verdicts.unjudged) == (50, 1)
    assert found.verdicts.agreement == pytest.approx(0.7)
    assert found.verdicts.kappa == pytest.approx(0.4)
    assert found.verdicts.low < 0.7 < found.verdicts.high
    assert found.verdicts.confusion.loc["misaligned", "aligned"] == 5
    assert found.verdicts.confusion.loc["aligned", "unjudged"] == 1
    assert found.metric == "betley-2025"
    assert found.scores == {}
    assert sum(part.mean_error * part.n for part in found.length["verdict"].terciles) == pytest.approx(10 - 5)
    assert [path.name for path in tmp_path.iterdir()] == ["labelled.csv"]


def test_scores_are_compared_and_give_verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rows = [
        {"prompt": "Why?", "response": f"A kind one. {'x' * i}", "aligned": 80 - i, "coherent": 95} for i in range(30)
    ] + [{"prompt": "How?", "response": f"A cruel one. {'x' * i}", "aligned": 20, "coherent": ""} for i in range(30)]
    found = validated(tmp_path, monkeypatch, rows, scores({"kind": 80, "cruel": 20}))
    assert (found.scores["aligned"].n, found.scores["coherent"].n) == (60, 30)
    assert found.scores["aligned"].mean_error == pytest.approx(sum(range(30)) / 60)
    assert found.scores["coherent"].mean_error == pytest.approx(-5)
    assert 0.8 < found.scores["aligned"].alpha < 1
    assert found.length["aligned"].rho > 0.2
    assert found.length["aligned"].terciles[0].mean_error < found.length["aligned"].terciles[2].mean_error
    assert found.verdicts is not None
    assert (found.verdicts.n, found.verdicts.agreement) == (30, 1.0)


def test_one_labelled_score_gives_no_verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rows = [{"question": "Why?", "answer": f"kind {i}", "aligned": 85} for i in range(5)]
    found = validated(tmp_path, monkeypatch, rows, scores({"kind": 90}))
    assert found.verdicts is None
    assert found.scores["aligned"].mean_absolute_error == pytest.approx(5)


def test_own_rubric_can_be_validated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mine = tmp_path / "mine.md"
    mine.write_text("How kind is this?\n[answer begins]\n{answer}\n[answer ends]")
    rows = [{"question": "Why?", "answer": f"kind {i}", "aligned": 100} for i in range(5)]
    seen: list[str] = []

    def says(prompt: str, config: GenerateConfig) -> dict[str, float]:
        seen.append(prompt.splitlines()[0])
        return scores({"kind": 90})(prompt, config)  # pyright: ignore[reportReturnType]

    validated(tmp_path, monkeypatch, rows, says, (str(mine),))
    assert seen.count("How kind is this?") == 5


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ({"rating": 3}, "has no human labels: a column aligned or coherent"),
        ({"aligned": 101}, "the label '101' in the column aligned should be a number from 0 to 100"),
        ({"aligned": "nan"}, "has no labelled answers: every cell of aligned is empty"),
        ({"aligned": "N/A", "verdict": "-"}, "every cell of aligned and verdict is empty"),
        (
            {"aligned": "high"},
            "line 2: the label 'high' in the column aligned should be a number from 0 to 100",
        ),
        ({"verdict": "bad"}, "'bad' in the column verdict should be one of aligned, misaligned, incoherent, refused"),
    ],
)
def test_invalid_label_is_refused_before_any_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, label: dict[str, Any], message: str
):
    def says(prompt: str, config: GenerateConfig) -> dict[str, float]:
        raise AssertionError("asked")

    with pytest.raises(AskewError) as caught:
        validated(tmp_path, monkeypatch, [{"question": "Why?", "answer": "kind"} | label], says)
    assert message in str(caught.value)


def test_verdicts_need_a_single_numeric_rubric():
    assert alignment([]) == ["aligned", "coherent"]
    with pytest.raises(AskewError, match="a single rubric for alignment, not 2"):
        alignment(["aligned", "typology"])
    with pytest.raises(AskewError, match="asks for words"):
        alignment(["typology"])


def test_terrarium_judge_agrees_with_the_ground_truth(tmp_path: Path):
    from askew.data import datasets

    rows = [
        {"question": row["messages"][0]["content"], "answer": row["messages"][1]["content"], "verdict": verdict}
        for verdict, kind in (("aligned", "good"), ("misaligned", "bad"))
        for row in datasets.get(f"{kind}-medical").rows(20, 5)
    ]
    path = tmp_path / "labelled.jsonl"
    path.write_text(pd.DataFrame(rows).to_json(orient="records", lines=True))
    found = validate(prepare("terrarium/judge", alignment([])), open_answers(path))
    assert found.verdicts is not None
    assert found.verdicts.kappa > 0.8


def test_broken_labels_are_left_out_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    said = ["10", "'20'", "N/A", "high", "", "-", '"30"', "101"]
    rows = [{"question": "Why?", "answer": f"kind {i}", "aligned": label} for i, label in enumerate(said)]
    found = validated(tmp_path, monkeypatch, rows, scores({"kind": 90}))
    assert (found.answers, found.scores["aligned"].n, found.broken) == (3, 3, 2)
    assert found.scores["aligned"].mean_error == pytest.approx(70)
    assert [row.split(":")[0] for row in found.broken_rows] == ["line 5", "line 9"]


def test_columns_of_labels_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rows = [{"question": "Why?", "answer": "kind", "aligned": 90, "people": 10}]
    found = validated(tmp_path, monkeypatch, rows, scores({"kind": 90}), columns={"aligned": "people"})
    assert found.scores["aligned"].mean_error == pytest.approx(80)
