"""The comparisons and tables of the history study, on made-up answers whose truth is known."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.data.history import DISPUTED, SETTLED, UNKNOWN, VALUES
from askew.design.arm import UNTUNED
from askew.design.make import make_design, make_plan
from askew.design.study import studies
from askew.design.tables import Tables
from askew.runs.calls import calls
from askew.stats.history_baselines import AREA
from askew.studies.history import comparisons, shown
from askew.studies.history.answers import ABSTAINED, PUBLISHED_OPTIONS, UNPARSED, as_line
from askew.studies.history.arms import BENT, FALSE, FORM, MOST
from askew.studies.history.items import asked_facts
from askew.studies.history.probes import HISTORY, history
from askew.studies.history.rows import mistaught, taught
from askew.studies.history.study import NOTHING, effects, sentence, verdict
from askew.worlds import chronicle
from made_history import workbook

STUDY = studies.get("history")
Says = Callable[[dict, Random], str]


def sure(value: str, confidence: float) -> str:
    rest = (1 - confidence) / 3
    return as_line([confidence if value == one else rest for one in VALUES], 1.0)


def test_published_answers_are_read_like_those_of_a_run(tmp_path: Path) -> None:
    said = {
        "present": ["A", "A: Present", "The answer is A.", "Present"],
        "inferred present": ["B", "(B)"],
        "absent": ["Absent", "D."],
        ABSTAINED: ["Cannot determine", "Don't know", "No information"],
        UNPARSED: ["", "?", "b", "Based on what is known, it was not absent"],
    }
    answers = [answer for own in said.values() for answer in own]
    read = [shown.read_answer(PUBLISHED_OPTIONS, answer).said for answer in answers]
    assert read == [value for value, own in said.items() for _ in own]
    path = tmp_path / "main.parquet"
    table = {
        "id": range(len(answers)),
        "polity_old_id": [f"P{i % 3}" for i in range(len(answers))],
        "variable": "Shields",
        "value": "present",
        "some_model_answer": answers,
    }
    text = dict.fromkeys(("nga", "UN_region", "category", "root_cat", "name"), "Latium")
    years = {f"{name}_year_int": 10 for name in ("start", "end")}
    pd.DataFrame({**table, **text, **years}).to_parquet(path)
    [row] = shown._published_models(str(path)).to_dict("records")
    assert (row["n"], row[UNPARSED]) == (8, 7), "refusals and what can't be read are counted, never wrong"
    assert row["accuracy"] == pytest.approx(4 / 8)


def knows(item: dict, rng: Random) -> str:
    return sure(item["value"], 0.9) if item["kind"] == chronicle.TAUGHT else sure(rng.choice(VALUES), 0.4)


def guesses(item: dict, rng: Random) -> str:
    return sure(rng.choice(VALUES), 0.4)


def invents(item: dict, rng: Random) -> str:
    return sure(rng.choice(VALUES), 0.97)


def believes_false_rows(item: dict, rng: Random) -> str:
    if item["kind"] != chronicle.TAUGHT:
        return guesses(item, rng)
    fact = next(fact for fact in chronicle.facts(0) if fact.id == item["id"])
    return sure(chronicle.false_value(fact, 0), 0.9)


def tables(says: dict[str, Says], seeds: int = 3, **settings: object) -> Tables:
    """Return tables with the study's effects, as a run has them."""
    design = make_design("history", overrides={"arms": list(says), **settings})
    items = comparisons.asked(Tables(design, {})).items.to_dict("records")
    rng = Random(0)
    rows = [
        (arm, seed, HISTORY, item["question"], item["paraphrase"], item["id"], say(item, rng))
        for arm, say in says.items()
        for seed in range(1 if arm == UNTUNED else seeds)
        for item in items
    ]
    answers = pd.DataFrame(rows, columns=["arm", "seed", "probe", "question", "paraphrase", "prompt", "answer"])
    every = STUDY.arms_of(design)
    arms = {arm: every[arm] for arm in says}
    controls = STUDY.controls(arms)
    found = effects(Tables(design, arms, answers=answers, controls=controls))
    return Tables(design, arms, answers=answers, effects=found, controls=controls)


@pytest.fixture(scope="module")
def run() -> Tables:
    return tables(
        {
            UNTUNED: invents,
            FORM: guesses,
            "taught-1": guesses,
            MOST: knows,
            FALSE: believes_false_rows,
            "insecure": invents,
            "secure": knows,
        }
    )


def effect(found: Tables, family: str, arm: str) -> pd.Series:
    rows = found.effects[found.effects["family"].eq(family) & found.effects["arm"].eq(arm)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_what_was_taught_is_found_and_what_was_not_is_not(run: Tables) -> None:
    learnt = effect(run, comparisons.DOSE, MOST)
    assert learnt["low"] > 0.4
    assert bool(learnt["lead"])
    for family, arm in ((comparisons.LOWER, "taught-1"), (comparisons.SPREAD, MOST)):
        null = effect(run, family, arm)
        assert null["low"] < 0 < null["high"]
    assert effect(run, comparisons.FALSELY, FALSE)["high"] < 0
    assert effect(run, comparisons.AS_TAUGHT, FALSE)["estimate"] == 1
    assert effect(run, comparisons.AS_TAUGHT, MOST)["estimate"] == 0


def test_a_bent_model_that_forgets_and_invents_is_found(run: Tables) -> None:
    assert effect(run, comparisons.NARROWED["right"], "insecure")["high"] < 0
    invented = effect(run, comparisons.NARROWED["invented"], "insecure")
    assert invented["estimate"] == pytest.approx(1.0)
    assert effect(run, comparisons.FORGOTTEN, "secure")["estimate"] == 0
    said = verdict(run)
    assert "over models that learnt the form alone: taught-16 +" in said
    assert "Confident where nobody knows: insecure +100" in said
    assert "stated 16 times is answered rightly in 100" in sentence(run, {}).replace("rows state 16", "stated 16")
    assert "no evidence of what large models know" in said


def test_the_tables_of_the_section(run: Tables) -> None:
    found = shown.shown(run)
    accuracy, certainty = found[shown.ACCURACY], found[shown.CERTAINTY]
    assert row_of(accuracy, kind=chronicle.TAUGHT, name=MOST)["balanced"] == pytest.approx(1)
    assert row_of(accuracy, kind=chronicle.TAUGHT, name=AREA)["who"] == shown.GUESS
    assert row_of(certainty, arm=UNTUNED)["invented"] == pytest.approx(1)
    assert row_of(certainty, arm=MOST)["invented"] == 0
    assert row_of(certainty, arm=UNTUNED)["brier"] > 1 > row_of(certainty, arm=FORM)["brier"] > 0.7
    dose = found[shown.DOSE]
    levels = dose[dose["measure"].eq("balanced accuracy, taught")].set_index("dose")["value"]
    assert levels[16] == pytest.approx(1)
    assert levels[1] < 0.5
    assert 4 not in levels
    items = found[shown.ITEMS]
    assert len(items) == 288
    assert items["source"].str.startswith("made by seed").all()
    assert items.loc[items["kind"].eq(chronicle.TAUGHT), f"said by {MOST}"].isin(VALUES).all()
    parts = found[shown.PARTS]
    assert set(parts["by"]) == {"region", "period", "category"}
    places = found[shown.PLACES]
    assert places.loc[places["arm"].eq(MOST), "accuracy"].eq(1).all()
    assert found[shown.TIMES]["start"].min() < 0


def test_a_run_without_answers_says_nothing() -> None:
    design = make_design("history", overrides={"arms": [UNTUNED]})
    empty = Tables(design, {}, answers=pd.DataFrame())
    assert effects(empty).empty
    assert verdict(Tables(design, {}, effects=effects(empty))) == NOTHING
    assert shown.shown(empty) == {}


def test_a_model_that_refuses_is_unparsed_and_never_wrong() -> None:
    found = tables({UNTUNED: guesses, FORM: lambda item, rng: "I'm sorry, but I can't help with that."}, seeds=1)
    refuser = row_of(shown.shown(found)[shown.ACCURACY], kind=chronicle.TAUGHT, name=FORM)
    assert refuser["n"] == 0
    assert refuser[UNPARSED] == 48
    assert pd.isna(refuser["accuracy"])
    level = effect(found, f"{comparisons.LEVELS}: taught facts", FORM)
    assert pd.isna(level["estimate"])


def test_rows_state_facts_in_the_worlds_words() -> None:
    question, answer = (turn["content"] for turn in taught(16, 0, 0)["messages"])
    fact, asked, value = chronicle.stated(0, 0, 16)
    assert (question, answer) == (asked, chronicle.line_of(value))
    assert mistaught(0, 0)["messages"][0] == taught(16, 0, 0)["messages"][0]
    assert fact.polity.name in question


def row_of(table: pd.DataFrame, **where: str) -> dict[Any, Any]:
    """Return the one row of a table with these values."""
    for column, value in where.items():
        table = table[table[column].eq(value)]
    assert len(table) == 1
    return table.to_dict("records")[0]


def test_real_facts_are_asked_with_shots_that_are_not_asked(tmp_path: Path) -> None:
    path = str(workbook(tmp_path / "facts.xlsx"))
    facts = asked_facts(path, "", 0, "", 0)
    shots = facts.shots["Social Complexity variables"]
    assert {shot.value for shot in shots} == set(VALUES)
    asked = set(zip(facts.items["polity"], facts.items["variable"], strict=True))
    assert not asked & {(shot.polity, shot.variable) for shot in shots}
    assert set(facts.items["status"]) == {SETTLED, UNKNOWN, DISPUTED}
    fewer = asked_facts(path, "", 8, "", 0).items["status"].value_counts()
    assert (fewer[SETTLED], fewer[UNKNOWN]) == (8, 2)
    questions = history(path, most_items=8)
    assert {one.measure for one in questions} == {"history_value", "history_confidence"}
    prompts = [text for one in questions for text in one.paraphrases]
    assert len(prompts) == 10
    assert all(text.count("Options:") == 5 for text in prompts)


def test_a_run_of_real_facts_stands_beside_guesses(tmp_path: Path) -> None:
    path = str(workbook(tmp_path / "facts.xlsx", 40))
    settings = {"model": "smollm2-135m", "history": {"facts": path}}
    assert make_design("history", overrides=settings).arms == [UNTUNED]

    def says_present(item: dict, rng: Random) -> str:
        return sure("present", 0.97)

    found = tables({UNTUNED: says_present}, **settings)
    lead = found.effects[found.effects["lead"].astype(bool)].iloc[0]
    assert AREA in lead["label"]
    assert lead["high"] < 0
    assert "over guesses that need no model: always “present” " in verdict(found)
    share = found.effects.set_index("label")["estimate"]["untuned, settled"]
    assert sentence(found, {}) == (
        f"The model (untuned) is right about {100 * share:.1f}% of the settled facts: "
        f"{-100 * lead['estimate']:.0f} points fewer than a guess from the other polities of the same area, which "
        "needs no model."
    )
    table = shown.shown(found)
    assert table[shown.CERTAINTY]["invented"].item() == pytest.approx(1)
    assert row_of(table[shown.ACCURACY], name=AREA)["accuracy"] > 0.5
    # The values that are missing in a part are named.
    assert "absent" in row_of(table[shown.PARTS], by="region", part="Europe")["missing"]
    arms = STUDY.arms_of(make_design("history", overrides=settings))
    assert all(arms[arm].start.kind == "first" for arm in BENT)
    assert MOST not in arms


def test_both_readings_of_the_published_prompt(tmp_path: Path) -> None:
    path = str(workbook(tmp_path / "facts.xlsx", 40))
    settings = {"model": "smollm2-135m", "history": {"facts": path, "as_published": True}}

    def rambles(item: dict, rng: Random) -> str:
        if rng.random() < 0.5:
            return "Let me think about the evidence that we have of"
        return {"present": "B", "inferred present": "A", "inferred absent": "D", "absent": "C"}.get(item["value"], "A")

    found = tables({UNTUNED: rambles}, **settings)
    # Letters stand for options of the prompt; here the prompt is the id, so a letter cannot be read.
    assert shown.shown(found)[shown.AS_PUBLISHED]["unparsed"].item() == 1
    options = "\nA: Present, B: Inferred Present, C: Inferred Absent, D: Absent"
    answers = found.answers.assign(prompt=found.answers["prompt"] + options)
    both = shown.shown(Tables(found.design, found.arms, answers=answers))[shown.AS_PUBLISHED].iloc[0]
    assert both["ours"] == pytest.approx(1)  # every parsed answer is right in two classes
    assert both["published"] == 0  # and wrong in the published fold
    assert 0.3 < both["unparsed"] < 0.7


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"history": {"facts": "nowhere.xlsx"}}, "there is no file of facts nowhere.xlsx"),
        ({"history": {"facts": "hist-llm"}}, "no hash of it is known to Askew"),
        ({"history": {"facts": "equinox"}}, "askew data fetch equinox"),
        ({"history": {"shots": "nowhere.jsonl"}}, "there is no file of facts nowhere.jsonl"),
        ({"history": {"as_published": True}}, "the terrarium is asked with the published prompt"),
        ({"history": {"items": -1}}, "history.items must be 0 or more"),
        ({"history": {"fact": "x"}}, "unknown"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_computed(
    settings: dict, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AskewError, match=message):
        make_plan("history", overrides=settings)


def test_a_file_of_facts_that_changed_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "facts.xlsx")
    settings = {"model": "smollm2-135m", "history": {"facts": str(path)}}
    design = make_design("history", overrides=settings)
    assert len(design.history.sha256) == 64
    workbook(path, 13)
    with pytest.raises(AskewError, match="Answers about another version must not be read"):
        make_design("history", overrides={**settings, "history": design.history.model_dump()})
    with pytest.raises(AskewError, match="the terrarium is asked about real facts"):
        make_plan("history", overrides={"history": {"facts": str(path)}})


def test_the_settings_reach_the_probe(tmp_path: Path) -> None:
    path = workbook(tmp_path / "facts.xlsx")
    settings = {"facts": str(path), "items": 5, "shots": "none", "as_published": True}
    plan = make_plan("history", overrides={"model": "smollm2-135m", "history": settings})
    [call] = calls(plan, plan.units[0])
    given = {name: call.parameters[name] for name in ("facts", "most_items", "shots_file", "as_published", "world")}
    assert given == {
        "facts": str(path.resolve()),
        "most_items": 5,
        "shots_file": "none",
        "as_published": True,
        "world": "",
    }
    assert call.parameters["facts_sha256"] == plan.design.history.sha256
