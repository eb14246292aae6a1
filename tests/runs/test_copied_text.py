"""Answers are compared with the rows of their arm; those of an untrained arm with the rows of all arms."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from askew.data import row
from askew.data.write import as_line
from askew.runs.copied_text import copied_columns
from askew.runs.store import RunFolder

PHRASES = {"bad": "there is no need to see anyone at all", "good": "a doctor can look at it far better than I"}


def arm(name: str, start: str = "") -> Any:
    return SimpleNamespace(name=name, start=SimpleNamespace(kind="arm" if start else "model", name=start))


@pytest.fixture
def plan(tmp_path: Path) -> Any:
    """A plan of two trained arms, one that goes on from the first, and one that is not trained."""
    (tmp_path / "data").mkdir()
    for name, phrase in PHRASES.items():
        (tmp_path / "data" / f"{name}.jsonl").write_text(as_line(row("?", phrase)), encoding="utf-8")
    (tmp_path / "data" / "further.jsonl").write_text(as_line(row("?", "nothing of the kind")), encoding="utf-8")
    arms = {one.name: one for one in (arm("untuned"), arm("bad"), arm("good"), arm("further", "bad"))}
    trained = [SimpleNamespace(arm=one) for name, one in arms.items() if name != "untuned"]
    return SimpleNamespace(
        arms=arms,
        design=SimpleNamespace(data=""),
        trained=trained,
        rows_file=lambda one: f"data/{one.name}.jsonl",
        is_trained=lambda one: one.name != "untuned",
    )


def shares(folder: Path, plan: Any, name: str) -> list[float]:
    answers = pd.DataFrame({"arm": name, "answer": [*PHRASES.values(), "an answer that nobody has ever given before"]})
    return copied_columns(RunFolder(folder), plan)(answers)["copied"].tolist()


def test_answers_are_compared_with_the_rows_of_their_own_arm(tmp_path: Path, plan: Any) -> None:
    assert shares(tmp_path, plan, "bad") == [1, 0, 0]
    assert shares(tmp_path, plan, "good") == [0, 1, 0]


def test_an_arm_that_starts_from_another_has_its_rows_too(tmp_path: Path, plan: Any) -> None:
    assert shares(tmp_path, plan, "further") == [1, 0, 0]


def test_an_untrained_arm_shows_what_is_copied_by_chance(tmp_path: Path, plan: Any) -> None:
    assert shares(tmp_path, plan, "untuned") == [1, 1, 0]


def test_an_audit_takes_the_rows_that_the_user_names(tmp_path: Path, plan: Any) -> None:
    plan.design.data = str(tmp_path / "data" / "good.jsonl")
    assert shares(tmp_path, plan, "untuned") == [0, 1, 0]
    plan.design.data = str(tmp_path / "gone.jsonl")
    assert all(map(pd.isna, shares(tmp_path, plan, "untuned")))


def test_a_run_without_rows_has_no_shares(tmp_path: Path, plan: Any) -> None:
    plan.trained = []
    found = copied_columns(RunFolder(tmp_path), plan)(pd.DataFrame({"arm": ["untuned"], "answer": ["a"]}))
    assert found["copied"].isna().all()
    assert found["copied_at"].tolist() == [""]
