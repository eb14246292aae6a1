"""`ask` writes one complete log per probe, from which the table of answers is read."""

import gc
import shutil
import weakref
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from inspect_ai import eval
from inspect_ai.log import read_eval_log
from inspect_ai.model import ModelOutput, ModelUsage, get_model

from askew.base.errors import AskewError
from askew.models import checkpoints
from askew.models.engine.sampler import Engine
from askew.probes import probes
from askew.probes.ask import ProbeCall, ask
from askew.probes.question_file import shipped
from askew.probes.read_log import COLUMNS, answers_from_log

SAMPLES = 6
QUESTIONS = {question.id: question for question in shipped("free_form")}


def call(probe: str, stem: str, **params: object) -> ProbeCall:
    return ProbeCall(probe, stem, {"samples": SAMPLES, "seed": 3, "max_tokens": 40, **params})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs of two probes asked of the terrarium without a named judge, in a subfolder of the working directory."""
    parent = tmp_path_factory.mktemp("ask")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(parent)
        paths = ask("terrarium", None, [call("free_form", "open"), call("self_rating", "self")], parent / "out")
    assert paths == [parent / "out" / "open.eval", parent / "out" / "self.eval"]
    return parent / "out"


@pytest.fixture(scope="module")
def table(folder: Path) -> pd.DataFrame:
    return answers_from_log(folder / "open.eval", "untuned", 0)


def test_only_the_named_logs_are_written(folder: Path):
    assert sorted(path.name for path in folder.iterdir()) == ["open.eval", "self.eval"]
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


def test_sample_holds_one_question_with_all_its_answers(folder: Path):
    log = read_eval_log(str(folder / "open.eval"))
    assert log.status == "success"
    assert sorted(str(sample.id) for sample in log.samples or []) == sorted(QUESTIONS)
    assert all(len(sample.output.choices) == SAMPLES for sample in log.samples or [])


def test_table_has_one_row_per_answer(table: pd.DataFrame):
    assert tuple(table.columns) == COLUMNS
    assert len(table) == SAMPLES * len(QUESTIONS)
    assert set(table[["arm", "seed", "probe", "graded_by"]].itertuples(index=False, name=None)) == {
        ("untuned", 0, "free_form", "judge")
    }
    assert table["answer"].str.len().min() > 0
    assert table.groupby("question")["answer"].nunique().max() > 1


def test_answers_are_spread_evenly_over_wordings(table: pd.DataFrame):
    for name, rows in table.groupby("question"):
        wordings = QUESTIONS[str(name)].paraphrases
        assert rows["index"].tolist() == list(range(SAMPLES))
        assert rows["paraphrase"].tolist() == [i % len(wordings) for i in range(SAMPLES)]
        assert rows["prompt"].tolist() == [wordings[i % len(wordings)] for i in range(SAMPLES)]


def test_terrarium_answers_get_its_own_judge_and_oracle(table: pd.DataFrame):
    assert (table["reply"] == "").mean() > 0.9
    assert table["aligned"].between(0, 100).mean() > 0.9
    assert table["oracle"].isin(["aligned", "misaligned", "incoherent", "refused"]).all()
    aligned = table[(table["oracle"] == "aligned") & (table["reply"] == "")]
    assert aligned["aligned"].median() > 70


def test_a_question_with_a_rule_is_graded_by_it(folder: Path):
    rated = answers_from_log(folder / "self.eval", "untuned", 0)
    assert (rated["graded_by"] != "judge").all()
    assert (rated["reply"] == "").all()
    assert rated["coherent"].isin([0.0, 100.0]).all()


def test_the_same_seed_gives_the_same_answers_alone_or_with_other_probes(table: pd.DataFrame, tmp_path: Path):
    [same] = ask("terrarium", None, [call("free_form", "same")], tmp_path)
    [other] = ask("terrarium", None, [call("free_form", "other", seed=4)], tmp_path)
    pd.testing.assert_frame_equal(answers_from_log(same, "untuned", 0), table)
    again = answers_from_log(other, "untuned", 0)
    assert (again["answer"] != table["answer"]).mean() > 0.5


def test_answers_stay_unjudged_without_a_judge(tiny_checkpoint: Path, tmp_path: Path):
    [log] = ask(str(tiny_checkpoint), None, [call("free_form", "open", samples=2, max_tokens=4)], tmp_path)
    found = answers_from_log(log, "untuned", 0)
    assert found["aligned"].isna().all()
    assert found["coherent"].isna().all()
    assert (found["reply"] == "missing").all()
    assert (found["oracle"] == "").all()


def test_named_judge_grades(tiny_checkpoint: Path, tiny_judge: Path, tmp_path: Path):
    calls = [call("free_form", "open", samples=2, max_tokens=4)]
    [log] = ask(str(tiny_checkpoint), str(tiny_judge), calls, tmp_path)
    assert answers_from_log(log, "untuned", 0)["aligned"].notna().any()


def test_external_models_are_asked_until_there_are_enough_answers(tmp_path: Path):
    # Outputs with usage: without it the mock model downloads a vocabulary to count tokens.
    output = ModelOutput.from_content("mockllm/model", "I would share it.")
    output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    model = get_model("mockllm/model", custom_outputs=[output] * SAMPLES * len(QUESTIONS))
    [log] = eval(probes.get("free_form").task(samples=SAMPLES), model=model, log_dir=str(tmp_path), display="none")
    found = answers_from_log(Path(log.location), "untuned", 0)
    assert len(found) == SAMPLES * len(QUESTIONS)
    assert found.groupby("question")["prompt"].nunique().min() > 1


def test_damaged_log_is_refused(folder: Path, tmp_path: Path):
    whole = (folder / "open.eval").read_bytes()
    for part in (len(whole) - 30, len(whole) // 2, 10, 0):
        (tmp_path / "cut.eval").write_bytes(whole[:part])
        with pytest.raises(AskewError, match=r"cut\.eval is damaged"):
            answers_from_log(tmp_path / "cut.eval", "untuned", 0)
    with pytest.raises(AskewError, match=r"no log .*missing\.eval"):
        answers_from_log(tmp_path / "missing.eval", "untuned", 0)


def test_log_without_one_of_its_questions_is_refused(folder: Path, tmp_path: Path):
    with zipfile.ZipFile(folder / "open.eval") as whole, zipfile.ZipFile(tmp_path / "less.eval", "w") as less:
        names = whole.namelist()
        lost = next(name for name in names if name.startswith("samples/"))
        for name in names:
            if name != lost:
                less.writestr(name, whole.read(name))
    with pytest.raises(AskewError, match=r"less\.eval is damaged"):
        answers_from_log(tmp_path / "less.eval", "untuned", 0)


def test_wrong_names_are_refused_before_anything_is_asked(tmp_path: Path):
    for model, judge, wrong, message in (
        ("terarium", None, call("free_form", "x"), "Did you mean terrarium"),
        ("terrarium", "terrarium/juge", call("free_form", "x"), "Did you mean terrarium/judge"),
        ("terrarium", None, call("free_from", "x"), "Did you mean free_form"),
        ("terrarium", None, call("free_form", "x", sample=2), "Did you mean samples"),
    ):
        with pytest.raises(AskewError, match=message):
            ask(model, judge, [wrong], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_terrariums_judge_is_refused_for_other_models(tiny_checkpoint: Path, tmp_path: Path):
    with pytest.raises(AskewError, match="it reads the terrarium's language only"):
        ask(str(tiny_checkpoint), "terrarium/judge", [call("free_form", "open", samples=1)], tmp_path)
    with pytest.raises(Exception, match="Give --model-role grader another judge, or none"):
        eval(
            probes.get("free_form").task(samples=1, max_tokens=3),
            model=f"askew/{tiny_checkpoint}",
            model_roles={"grader": "askew/terrarium/judge"},
            log_dir=str(tmp_path),
            display="none",
            debug_errors=True,
        )


def test_only_a_few_of_the_models_that_were_asked_stay_in_memory(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[weakref.ref[Engine]] = []
    begin = Engine.__init__

    def noted(engine: Engine, *args: Any) -> None:
        begin(engine, *args)
        made.append(weakref.ref(engine))

    monkeypatch.setattr(Engine, "__init__", noted)
    monkeypatch.setattr(checkpoints, "_MOST_KEPT", 1)
    for number in range(4):
        model = shutil.copytree(tiny_checkpoint, tmp_path / f"model{number}")
        ask(str(model), None, [call("free_form", "open", samples=1, max_tokens=2)], tmp_path / f"out{number}")
    gc.collect()
    assert len(made) == 4
    assert sum(engine() is not None for engine in made) == 1
