"""A judge in a folder is known by its content: moved it is the same, and changed at the same place another."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.judging.identity import identity
from askew.judging.judge import Case
from askew.judging.judgement_store import JudgementStore
from askew.judging.rubric import rubric
from askew.judging.score import Score
from askew.models.names import resolve


@pytest.fixture
def judge(tiny_judge: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_judge, tmp_path / "judge"))


def known(path: Path) -> str:
    return identity(resolve(str(path)))


def renamed(judge: Path) -> Path:
    return judge.rename(judge.with_name("renamed"))


def linked(judge: Path) -> Path:
    judge.with_name("link").symlink_to(judge)
    return judge.with_name("link")


def copied(judge: Path) -> Path:
    return Path(shutil.copytree(judge, judge.with_name("copy"), copy_function=shutil.copyfile))


@pytest.mark.parametrize("move", [renamed, linked, copied])
def test_unfinished_scores_of_a_moved_judge_are_kept(judge: Path, tmp_path: Path, move: Callable[[Path], Path]) -> None:
    case, rubrics = Case("Why?", "Because."), [rubric("aligned")]
    with JudgementStore(tmp_path / "scores.jsonl", known(judge), rubrics).adding() as add:
        add(case, [Score(90.0, "logprobs")])
    assert case in JudgementStore(tmp_path / "scores.jsonl", known(move(judge)), rubrics)


def test_scores_of_a_changed_judge_at_the_same_place_are_not_mixed(judge: Path, tmp_path: Path) -> None:
    with JudgementStore(tmp_path / "scores.jsonl", known(judge), [rubric("aligned")]).adding() as add:
        add(Case("Why?", "Because."), [Score(90.0, "logprobs")])
    weights = judge / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    with pytest.raises(AskewError, match="holds unfinished work of the judge sha256:"):
        JudgementStore(tmp_path / "scores.jsonl", known(judge), [rubric("aligned")])


def test_judge_with_a_name_is_known_by_it() -> None:
    assert identity(resolve("mockllm/model")) == "mockllm/model"
