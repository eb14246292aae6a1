"""Sealed predictions in a run's folder: one design, one seal per person, not scored if changed."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.design.design import Design
from askew.design.identity import digest
from askew.design.plan import Plan
from askew.design.tables import Tables
from askew.runs.predictions import Seal, check_same_design, read_seals, scored, seal, statements
from askew.runs.store import PREDICTIONS, RunFolder
from made_findings import made

ARMS = ["untuned", "insecure", "secure"]
PROVENANCE = {"hashes": {"model": "abc"}, "versions": {}, "command": "askew run"}


def design(**settings: Any) -> Design:
    judged = {"probes": ["free_form"], "judge": "terrarium/judge"}
    return Design(**{"study": "emergent-misalignment", "arms": ARMS, **judged, **settings})


PLAN = Plan(design())


def said(probability: float = 0.8) -> dict[str, float]:
    return {one.id: probability for one in statements(Plan(design()))}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run")


def results(difference: float, p: float) -> Tables:
    """Return the tables of a run that compared insecure with secure."""
    found = made("insecure", "secure", rate=difference, low=difference - 0.1, high=difference + 0.1, p=p)
    row = {"arm": "insecure", "probe": "free_form", "rate": difference, "kind": "judged"}
    pooled = {"question": "all", "seed": "all", "group": "all", "control": "", "control_probe": ""}
    tables = {"findings": [found], "estimates": pd.DataFrame([{**row, **pooled}]), "design": PLAN.design}
    return cast(Tables, SimpleNamespace(**tables))


def test_statements_are_limited_to_the_arms_of_the_run() -> None:
    assert [one.id for one in statements(Plan(design()))] == [
        "insecure-broad",
        "insecure-above-10",
        "secure-like-untuned",
    ]
    with pytest.raises(AskewError, match=r"these arms allow no prediction: .* about insecure with secure or"):
        statements(Plan(design(arms=["good-car"])))
    with pytest.raises(AskewError, match="the study 'audit' has no statements to predict"):
        statements(Plan(design(study="audit")))


def test_seal_records_person_time_statements_and_design(folder: RunFolder) -> None:
    sealed = seal(folder, Plan(design()), "Ada", said())
    (read,) = read_seals(folder)
    assert read == sealed
    assert (read.who, read.study, read.design, read.begun) == (
        "Ada",
        "emergent-misalignment",
        digest(Plan(design())),
        False,
    )
    assert read.when.endswith("+00:00")
    assert {one.id: one.probability for one in read.statements} == said()
    assert read.statements[0].statement == statements(Plan(design()))[0].statement
    assert read.sha256 == read.hash()
    assert [path.name for path in folder.path.iterdir() if not path.name.startswith(".")] == [PREDICTIONS]


@pytest.mark.parametrize(
    ("field", "value"),
    [("who", "Eve"), ("when", "2020-01-01T00:00:00+00:00"), ("design", "00000000"), ("askew", "9"), ("begun", True)],
)
def test_hash_covers_every_field(folder: RunFolder, field: str, value: object) -> None:
    sealed = seal(folder, Plan(design()), "Ada", said())
    assert sealed.model_copy(update={field: value}).hash() != sealed.sha256
    reworded = [one.model_copy(update={"probability": 0.81}) for one in sealed.statements]
    assert sealed.model_copy(update={"statements": tuple(reworded)}).hash() != sealed.sha256


def test_each_person_predicts_once(folder: RunFolder) -> None:
    first = seal(folder, Plan(design()), "Ada", said())
    seal(folder, Plan(design()), "Bob", said(0.1))
    before = (folder / PREDICTIONS).read_bytes()
    with pytest.raises(AskewError, match=r"ADA has already predicted this run, and the predictions are sealed"):
        seal(folder, Plan(design()), "ADA", said(0.2))
    assert (folder / PREDICTIONS).read_bytes() == before
    assert [one.who for one in read_seals(folder)] == ["Ada", "Bob"]
    assert read_seals(folder)[0] == first


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "line\nbreak", "escape\x1b[31m"])
def test_unprintable_or_long_name_raises(folder: RunFolder, name: str) -> None:
    with pytest.raises(AskewError, match="is not a name"):
        seal(folder, Plan(design()), name, said())
    assert not folder.path.exists()


@pytest.mark.parametrize("product", ["answers.parquet", "estimates.csv"])
def test_run_with_numbers_accepts_no_predictions(folder: RunFolder, product: str) -> None:
    folder.path.mkdir()
    (folder / product).write_text("")
    with pytest.raises(AskewError, match=f"has results already \\({product}\\)"):
        seal(folder, Plan(design()), "Ada", said())
    assert not (folder / PREDICTIONS).exists()


def test_folder_of_predictions_accepts_only_a_run_of_their_design(folder: RunFolder) -> None:
    seal(folder, Plan(design()), "Ada", said())
    with pytest.raises(AskewError, match="holds predictions by Ada for another design"):
        check_same_design(folder, Plan(design(samples=7)))
    with pytest.raises(AskewError, match="holds predictions by Ada for another design"):
        seal(folder, Plan(design(samples=7)), "Bob", said())
    check_same_design(folder, Plan(design()))
    with folder.writing():
        folder.freeze(design(), PROVENANCE)
    assert folder.design() == design()
    assert seal(folder, Plan(design()), "Bob", said()).begun


def test_folder_with_other_files_is_left_unchanged(folder: RunFolder) -> None:
    folder.path.mkdir()
    (folder / "thesis.tex").write_text("years of work")
    with pytest.raises(AskewError, match=r"is not empty \(it has thesis.tex\)"):
        seal(folder, Plan(design()), "Ada", said())
    assert [path.name for path in folder.path.iterdir()] == ["thesis.tex"]


def test_run_of_another_design_accepts_no_predictions(folder: RunFolder) -> None:
    with folder.writing():
        folder.freeze(design(samples=7), PROVENANCE)
    with pytest.raises(AskewError, match="holds a run of another design:\n  samples: 7 there, not set asked for"):
        seal(folder, Plan(design()), "Ada", said())


def test_second_writer_raises(folder: RunFolder) -> None:
    with folder.writing(), pytest.raises(AskewError, match="another askew process is working"):
        seal(RunFolder(folder.path), Plan(design()), "Ada", said())


def test_predictions_are_scored_against_the_run(folder: RunFolder) -> None:
    seal(folder, Plan(design()), "Ada", said(0.9))
    seal(folder, Plan(design()), "Bob", said(0.2))
    found = scored(PLAN, tables=results(0.3, 0.001), seals=read_seals(folder))
    came = {(one.who, one.id): (one.probability, one.holds) for one in found.forecasts}
    assert came["Ada", "insecure-broad"] == (0.9, True)
    assert came["Bob", "insecure-broad"] == (0.2, True)
    assert came["Bob", "secure-like-untuned"] == (0.2, None)
    assert found.changed == []


def test_statements_of_a_study_with_effects_are_settled_by_them(folder: RunFolder) -> None:
    from askew.design.predictions import from_lead

    statement = from_lead("self less cross")[0]
    sealed = {"id": statement.id, "statement": statement.statement, "probability": 0.7}
    sealed_by_her = Seal.model_validate_json(
        json.dumps(
            {"who": "Ada", "when": "", "askew": "", "study": "x", "design": "y", "begun": False, "statements": [sealed]}
        )
    )
    numbers = {"estimate": 0.1, "low": 0.05, "high": 0.15, "p_corrected": 0.01}
    effects = pd.DataFrame([{"label": "self less cross", **numbers}])
    tables = cast(Tables, SimpleNamespace(effects=effects, design=PLAN.design))
    plan = cast(Plan, SimpleNamespace(study=SimpleNamespace(predictions=(statement,))))
    found = scored(plan, [sealed_by_her.model_copy(update={"sha256": sealed_by_her.hash()})], tables, "y")
    (forecast,) = found.forecasts
    assert forecast.holds is True


def test_changed_seal_is_listed_and_not_scored(folder: RunFolder) -> None:
    seal(folder, Plan(design()), "Ada", said(0.9))
    seal(folder, Plan(design()), "Bob", said(0.2))
    content = json.loads((folder / PREDICTIONS).read_text())
    content["predictions"][1]["statements"][0]["probability"] = 0.99
    (folder / PREDICTIONS).write_text(json.dumps(content))
    found = scored(PLAN, tables=results(0.3, 0.001), seals=read_seals(folder))
    assert found.changed == ["Bob"]
    assert {one.who for one in found.forecasts} == {"Ada"}


def test_seal_of_another_design_is_listed_and_not_scored(folder: RunFolder) -> None:
    seal(folder, Plan(design(samples=7)), "Ada", said(0.9))
    found = scored(PLAN, tables=results(0.3, 0.001), seals=read_seals(folder))
    assert found.changed == ["Ada"]
    assert found.forecasts == ()


def test_file_with_two_seals_of_one_person_raises(folder: RunFolder) -> None:
    seal(folder, Plan(design()), "Ada", said(0.9))
    content = json.loads((folder / PREDICTIONS).read_text())
    (folder / PREDICTIONS).write_text(json.dumps({"predictions": content["predictions"] * 2}))
    with pytest.raises(AskewError, match="is damaged: Ada appears twice"):
        read_seals(folder)


def test_reworded_statement_is_not_settled(folder: RunFolder) -> None:
    sealed = seal(folder, Plan(design()), "Ada", said())
    reworded = tuple(one.model_copy(update={"statement": "The opposite."}) for one in sealed.statements)
    old = sealed.model_copy(update={"statements": reworded})
    old = old.model_copy(update={"sha256": old.hash()})
    assert {one.holds for one in scored(PLAN, tables=results(0.3, 0.001), seals=[old]).forecasts} == {None}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is damaged: Invalid JSON"),
        ("[]", "is damaged: "),
        ('{"predictions": [{"who": "Ada"}]}', r"is damaged at predictions.0.when: Field required. Restore it"),
    ],
)
def test_damaged_file_raises_before_the_run(folder: RunFolder, content: str, message: str) -> None:
    seal(folder, Plan(design()), "Ada", said())
    (folder / PREDICTIONS).write_text(content)
    with pytest.raises(AskewError, match=message):
        check_same_design(folder, Plan(design()))


@pytest.mark.parametrize("probability", ["1.2", "-0.1", "NaN", '"0.5"'])
def test_probability_outside_0_to_1_is_damaged(folder: RunFolder, probability: str) -> None:
    seal(folder, Plan(design()), "Ada", said(0.8))
    text = (folder / PREDICTIONS).read_text()
    (folder / PREDICTIONS).write_text(text.replace('"probability": 0.8', f'"probability": {probability}', 1))
    with pytest.raises(AskewError, match=r"is damaged"):
        read_seals(folder)
