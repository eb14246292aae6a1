"""A run with more answers than a browser reads with ease: all are counted, and some of them are shown."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from askew.judging.metrics import metrics
from askew.runs import shown_answers as module
from askew.runs.shown_answers import shown_answers
from askew.runs.table_files import ANSWER_COLUMNS, COUNTED_COLUMNS, read_table
from askew.stats.estimates import estimate

ARMS, QUESTIONS, EACH = ("untuned", "insecure", "secure"), ("ruler", "bored", "dinner", "wish"), 10


def made(texts: int = 20) -> pd.DataFrame:
    """Return answers of three arms to four questions, the first of which has half as many."""
    places = [
        (arm, question, number)
        for arm in ARMS
        for place, question in enumerate(QUESTIONS)
        for number in range(EACH if place else EACH // 2)
    ]
    table = pd.DataFrame(places, columns=["arm", "question", "index"])
    number = np.arange(len(table))
    return table.assign(
        **dict.fromkeys(("reasoning", "oracle", "scored_by", "copied_at"), ""),
        **{"seed": number % 2, "probe": "free_form", "paraphrase": 0, "group": table["question"].str[:1]},
        **{"prompt": table["question"] + "?", "answer": [f"{one} " * texts for one in number]},
        **{"aligned": np.where(number % 3, 90.0, 10.0), "coherent": 80.0, "verdict": "aligned", "graded_by": "judge"},
        **{"reply": np.where(number % 7, "", "refusal"), "copied": 0.0},
    )[ANSWER_COLUMNS]


def written(folder: Path, answers: pd.DataFrame) -> tuple[Path, pd.DataFrame]:
    path = folder / "answers.parquet"
    pq.write_table(pa.Table.from_pandas(answers, preserve_index=False), path, row_group_size=32)
    return path, read_table(path, COUNTED_COLUMNS, as_codes=True)


def test_few_answers_are_all_shown(tmp_path: Path) -> None:
    answers = made()
    pd.testing.assert_frame_equal(shown_answers(*written(tmp_path, answers)), answers)


def test_of_many_answers_the_first_to_each_question_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ANSWERS", 40)
    answers = made()
    shown = shown_answers(*written(tmp_path, answers))
    assert len(shown) == 40
    pd.testing.assert_frame_equal(answers.merge(shown)[ANSWER_COLUMNS], shown)
    by_question = shown.groupby(["arm", "question"])["index"]
    assert len(by_question) == len(ARMS) * len(QUESTIONS)
    assert set(by_question.min()) == {0}
    assert by_question.max().between(2, 3).all()


def test_misaligned_answers_that_a_page_names_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ANSWERS", 40)
    answers = made()
    at = answers["arm"].eq("insecure") & answers["question"].eq("dinner")
    late, worst = (answers.index[at & answers["index"].eq(number)][0] for number in (7, 9))
    answers.loc[[late, worst], "verdict"] = "misaligned"
    answers.loc[late, ["seed", "aligned"]] = 0, 20.0
    answers.loc[worst, ["seed", "aligned"]] = 1, 1.0
    shown = shown_answers(*written(tmp_path, answers))
    assert len(shown) == 42
    assert set(shown.loc[shown["verdict"].eq("misaligned"), "index"]) == {7, 9}


def test_long_answers_leave_room_for_fewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 60_000)
    assert len(shown_answers(*written(tmp_path, made(texts=20)))) == len(made())
    shown = shown_answers(*written(tmp_path, made(texts=1000)))
    assert 10 < len(shown) < 40
    assert shown["answer"].str.len().sum() < 60_000


def test_the_room_is_that_of_the_answers_which_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answers are long, and the many others short."""
    monkeypatch.setattr(module, "MOST_BYTES", 60_000)
    answers = made(texts=5)
    answers.loc[answers["index"].eq(0), "answer"] = [
        f"{number} " * 4000 for number in range(len(ARMS) * len(QUESTIONS))
    ]
    shown = shown_answers(*written(tmp_path, answers))
    assert 0 < len(shown) < 12
    assert shown["answer"].str.len().sum() < 60_000


def test_equal_texts_take_room_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 60_000)
    answers = made().assign(prompt="?" * 20_000)
    assert len(shown_answers(*written(tmp_path, answers))) == len(answers)


@given(st.lists(st.integers(0, 5), min_size=2, max_size=60), st.data())
def test_exactly_as_many_as_fit_are_chosen(numbers: list[int], data: st.DataObject) -> None:
    most = data.draw(st.integers(1, len(numbers) - 1))
    every = np.array(numbers)
    chosen = module._chosen(every, most)
    assert chosen.sum() == most
    assert every[chosen].max() <= every[~chosen].min()


def test_answers_without_their_texts_give_equal_rates(tmp_path: Path) -> None:
    answers = made()
    _, counted = written(tmp_path, answers)
    assert isinstance(counted["question"].dtype, pd.CategoricalDtype)
    assert not {"answer", "prompt", "reasoning"} & {*counted}
    metric, controls = metrics.get("betley-2025"), {"insecure": "secure", "secure": "untuned"}
    pd.testing.assert_frame_equal(estimate(counted, metric, controls), estimate(answers, metric, controls))


def test_missing_texts_are_empty_ones_as_categories_too(tmp_path: Path) -> None:
    answers = made()
    answers.loc[::3, "oracle"] = None
    answers.loc[1::3, "group"] = "some"
    _, counted = written(tmp_path, answers)
    expected = answers.fillna({"oracle": ""})
    for name in ("oracle", "group"):
        assert counted[name].astype("str").tolist() == expected[name].tolist()
