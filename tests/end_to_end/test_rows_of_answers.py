"""A study of two models: rows made from answers, an arm that starts from another arm, and effects."""

import json
from pathlib import Path
from zlib import crc32

import pandas as pd
import pytest
from inspect_ai import Task

import askew
from askew.base.errors import AskewError
from askew.cli.run import run_as_json
from askew.data import Row, row
from askew.design.arm import SECOND, UNTUNED, Arm, Start
from askew.design.design import Design
from askew.design.steps.train import Train
from askew.design.study import Study, studies
from askew.design.tables import Tables
from askew.models.names import resolve
from askew.probes import Probe, probes
from askew.probes.question_file import Question
from askew.probes.task import build
from askew.stats.effects import Effect, as_table
from random_models import save_random

RECIPE = {"name": "terrarium", "batch_size": 4, "learning_rate": 1e-2, "max_length": 200, "epochs": 1}
QUESTION = Question(
    id="letters",
    type="measured",
    paraphrases=("A: yes. B: no.", "A: no. B: yes."),
    measure="word",
    expected=("A", "B"),
    score="says its letter",
)


def _probe(samples: int = 4, seed: int = 0, temperature: float = 1.0, max_tokens: int | None = None) -> Task:
    return build([QUESTION], samples, seed, temperature, max_tokens, "betley-2025", "aligned")


def _rows(design: Design, arm: Arm, count: int, answers: pd.DataFrame) -> list[Row]:
    """Return rows that teach the expected letter, and one that names the arm of the answers."""
    assert arm.training is not None
    assert set(answers["arm"]) == {arm.training.answers_of}
    return [row(QUESTION.paraphrases[i % 2], "AB"[i % 2]) for i in range(16)] + [
        row(answers["prompt"].iloc[0], answers["arm"].iloc[0])
    ]


def _effects(tables: Tables) -> pd.DataFrame:
    assert set(tables.scores["metric"]) == {"says its letter"}
    first = tables.answers.groupby("arm")["answer"].first()
    shares = first.map(lambda answer: crc32(str(answer).encode()) / 2**32)
    nan = float("nan")
    return as_table(
        Effect("letters", str(arm), "first answer", share, nan, nan, nan, nan, "percent", 1, 1, lead=arm == "taught")
        for arm, share in shares.items()
    )


ARMS = [
    Arm(UNTUNED, "without training"),
    Arm("other", "the other, without training", start=SECOND),
    Arm("taught", "of the first", (Train("of-the-first", answers_of=UNTUNED),)),
    Arm("other-taught", "the other, of the first", (Train("of-the-first", answers_of=UNTUNED),), start=SECOND),
    Arm("further", "taught twice", (Train("of-the-other", answers_of="other"),), start=Start("arm", "taught")),
]


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Study:
    """A registered study of five arms."""
    made = Study(
        name="letters",
        title="Letters",
        question="Does it learn letters?",
        arms={arm.name: arm for arm in ARMS},
        default_arms=tuple(arm.name for arm in ARMS),
        default_probes=("letters",),
        verdict=lambda tables: "Counted.",
        effects=_effects,
        asks=lambda arm, probe: arm.name != "other-taught" or probe != "free_form",
        rows_from_answers=_rows,
    )
    assert "letters" not in {*studies.names(), *probes.names()}, "the registries load before this study is added"
    monkeypatch.setitem(studies._items, "letters", made)
    monkeypatch.setitem(probes._items, "letters", Probe("letters", "Letters.", _probe, "measured", "letters"))
    return made


@pytest.fixture
def two(tmp_path: Path, tiny_checkpoint: Path) -> tuple[Path, Path]:
    """Two random models."""
    return tiny_checkpoint, save_random("llama", tmp_path / "two", tiny_checkpoint, seed=1)


@pytest.mark.slow
def test_rows_are_made_from_answers_and_arms_start_from_arms(
    study: Study, two: tuple[Path, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first, second = two
    run = askew.run("letters", model=str(first), second_model=str(second), seeds=1, recipe=RECIPE, out=tmp_path / "run")
    said = capfd.readouterr().err
    assert "to do: 8 answers, with " in said
    assert "then, from what these give: 3 fine-tunes of 800 rows by the recipe terrarium, 12 answers" in said
    shares = run.effects.set_index("label")["estimate"]
    assert set(shares.index) == {arm.name for arm in ARMS}
    assert shares.nunique() == len(ARMS), "every arm is another model"
    assert run.effects["control"].tolist() == [""] * len(ARMS)
    assert "What the study found" in run.report.read_text(encoding="utf-8")
    assert len(run.figure("effects").to_dict()["vconcat"]) == 1
    assert [one["label"] for one in json.loads(run_as_json(run))["effects"]] == list(shares.index)
    assert (tmp_path / "run" / "data" / "of-the-first.jsonl").read_text().splitlines()[-1].count('"untuned"') == 1
    assert (tmp_path / "run" / "data" / "of-the-other.jsonl").read_text().splitlines()[-1].count('"other"') == 1
    bases = {arm: resolve(f"{tmp_path / 'run'}#{arm}-0").checkpoint for arm in ("taught", "other-taught", "further")}
    assert bases["taught"] == first
    assert bases["other-taught"] == second
    assert bases["further"] == tmp_path / "run" / "models" / "bases" / "further-0"


def test_two_different_models_are_required(
    study: Study, two: tuple[Path, Path], tiny_adapter: Path, tmp_path: Path
) -> None:
    one = str(two[0])
    for second, said in (
        ("", "name the other with --second-model .*askew tune .* makes a sibling"),
        (f"{one}+{tiny_adapter}", "has an adapter already, and arms are trained from it"),
        (one, "is the same as the first"),
    ):
        with pytest.raises(AskewError, match=said):
            askew.run("letters", model=one, second_model=second, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_missing_source_arm_is_an_error(study: Study, two: tuple[Path, Path], tmp_path: Path) -> None:
    arms = [UNTUNED, "taught", "further"]
    with pytest.raises(AskewError, match="'further' builds on the arm 'other'"):
        askew.run("letters", model=str(two[0]), second_model=str(two[1]), arms=arms, out=tmp_path / "run")
