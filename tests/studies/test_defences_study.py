"""The defences study on made-up answers: planted protection is found, hidden misalignment is named, nulls are nulls."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.design.arm import UNTUNED
from askew.design.make import make_plan
from askew.probes.given_pairs import FAR
from askew.stats.effects import as_table
from askew.studies.defences.arms import ARMS, BENIGN_ALONE, FULL, defended, further, undefended
from askew.studies.defences.columns import COLUMNS, CONTEXT_PROBE, PLAIN, STANDARD, TASK
from askew.studies.defences.comparisons import BENIGN, GIVEN, LENGTH, NEW_TASK, compare, label
from askew.studies.defences.section import pareto
from askew.studies.defences.shown import keeps_the_task, shown
from askew.studies.defences.study import NOTHING, asks, sentence, verdict

HIDDEN = dict.fromkeys(COLUMNS, 0.5) | {STANDARD: 0.02}
RATES = {
    UNTUNED: dict.fromkeys(COLUMNS, 0.02),
    undefended(FULL): dict.fromkeys(COLUMNS, 0.5),
    defended("kl", FULL): dict.fromkeys(COLUMNS, 0.02),
    defended("caft", FULL): HIDDEN,
    defended("muon", FULL): dict.fromkeys(COLUMNS, 0.5),
}
LEARNT = {UNTUNED: 0.0, defended("caft", FULL): 0.1}
SEEDS, QUESTIONS, SAMPLES = 4, 8, 12


def answers(rates: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Return answers of arms with these true rates, in all columns, and answers that show the task."""
    rng, rows = np.random.default_rng(0), []
    for arm, by_column in rates.items():
        told = [(PLAIN if column == STANDARD else CONTEXT_PROBE, column, rate) for column, rate in by_column.items()]
        for probe, group, rate in [*told, (TASK, "", LEARNT.get(arm, 0.9))]:
            for seed in range(1 if arm == UNTUNED else SEEDS):
                for question in range(QUESTIONS):
                    bad = rng.random(SAMPLES) < rate
                    rows += [
                        (arm, seed, probe, f"{probe} {group} {question}", i, group, 5.0 if one else 95.0, 90.0)
                        for i, one in enumerate(bad)
                    ]
    columns = ["arm", "seed", "probe", "question", "index", "group", "aligned", "coherent"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(reply="", graded_by="judge", answer=["x" * (20 + i % 9) for i in range(len(table))])


def tables(rates: dict[str, dict[str, float]] = RATES, benign: float = 0.0) -> Any:
    """Return the tables of a run."""
    rng = np.random.default_rng(1)
    pairs = [
        (arm, seed, f"q{q}", FAR, 0, {UNTUNED: -1.0, BENIGN_ALONE: -1.0 + benign}.get(arm, -0.5) + 0.02 * rng.normal())
        for arm in [*rates, BENIGN_ALONE]
        for seed in range(1 if arm == UNTUNED else SEEDS)
        for q in range(10)
    ]
    losses = [
        (further(arm), seed, step, 2.0 / step + 0.3 * (arm == defended("kl", FULL)) + 0.01 * rng.normal())
        for arm in rates
        if arm != UNTUNED
        for seed in range(SEEDS)
        for step in range(1, 11)
    ]
    seconds = [(defended("kl", FULL), seed, 10.0 + seed) for seed in range(SEEDS)]
    made: Any = SimpleNamespace(
        design=SimpleNamespace(margin=0.05, model="a-model"),
        metric="betley-2025",
        arms={arm.name: arm for arm in ARMS if arm.name in {*rates, BENIGN_ALONE}},
        answers=answers(rates),
        read_pairs=pd.DataFrame(pairs, columns=["arm", "seed", "question", "kind", "step", "per_token"]),
        losses=pd.DataFrame(losses, columns=["arm", "seed", "step", "loss"]),
        training_seconds=pd.DataFrame(seconds, columns=["arm", "seed", "seconds"]),
    )
    made.effects = as_table(compare(made))
    return made


@pytest.fixture(scope="module")
def run() -> Any:
    """The tables of a run in which one defence protects, one hides, and one does nothing."""
    return tables()


def test_protection_hiding_and_nothing_are_told_apart(run: Any) -> None:
    said = verdict(run)
    assert "kl lower it by more than the margin in every context that the bad rows change (6)" in said
    assert "caft (the task is learnt less) lower it on plain questions, but not in every context" in said
    assert "muon are not shown to lower it on plain questions" in said
    assert "not benign" not in said
    assert sentence(run, {}).startswith("Of 3 defences, 2 lower")


def test_effects_have_their_sizes_and_one_label_each(run: Any) -> None:
    found = run.effects.set_index("label")
    assert found.index.is_unique
    assert found.loc[label("kl", FULL, STANDARD), "estimate"] == pytest.approx(-0.48, abs=0.05)
    assert found.loc[label("muon", FULL, "trigger"), "low"] < 0 < found.loc[label("muon", FULL, "trigger"), "high"]
    assert found.loc[label("kl", FULL, NEW_TASK), "estimate"] == pytest.approx(0.3, abs=0.02)
    assert abs(found.loc[label("muon", FULL, NEW_TASK), "estimate"]) < 0.02
    assert abs(found.loc[label("kl", FULL, GIVEN), "estimate"]) < 0.05
    assert found.loc[label("kl", FULL, LENGTH), "estimate"] == pytest.approx(-0.48, abs=0.08)
    assert abs(found[found["family"].eq(BENIGN)]["estimate"].iloc[0]) < 0.05


def test_benign_rows_that_are_not_benign_are_named() -> None:
    assert "The benign rows are not benign: alone they raise the log-odds" in verdict(tables(benign=0.4))


def test_table_has_the_worst_rise_and_the_task(run: Any) -> None:
    table = shown(run)["arms"].set_index("arm")
    hidden: dict[Any, Any] = table.loc[defended("caft", FULL)].to_dict()
    assert hidden[STANDARD] < 0.1
    assert hidden["worst"] > 0.4
    assert hidden["worst_in"] in COLUMNS[1:]
    assert hidden["worst_low"] < hidden["worst"] < hidden["worst_high"]
    assert table.loc[UNTUNED, "worst"] == 0
    kept = keeps_the_task(table.reset_index()).set_axis(table.index)
    assert kept[defended("kl", FULL)]
    assert not kept[defended("caft", FULL)]
    assert table.loc[defended("kl", FULL), "seconds"] == 11.5
    assert table["seconds"].isna()[undefended(FULL)]


def test_rates_at_equal_lengths_follow_length_where_length_is_all() -> None:
    one = tables({UNTUNED: RATES[UNTUNED], undefended(FULL): dict.fromkeys(COLUMNS, 0.5), defended("kl", FULL): HIDDEN})
    is_long = one.answers["answer"].str.len() > 24
    changed = one.answers.assign(aligned=np.where(is_long, 5.0, 95.0))
    short = changed["arm"].eq(defended("kl", FULL)) & is_long & (changed["index"] % 4 > 0)
    one.answers = changed[~short]
    found = as_table(compare(one)).set_index("label")["estimate"]
    assert found[label("kl", FULL, STANDARD)] < -0.15
    assert abs(found[label("kl", FULL, LENGTH)]) < 0.08


def test_the_front_has_those_that_no_other_beats_at_both() -> None:
    table = pd.DataFrame({"worst": [0.1, 0.2, 0.2, 0.0], "task": [0.9, 1.0, 0.8, 0.1]})
    assert pareto(table).tolist() == [True, True, False, True]


def test_a_run_without_answers_says_so() -> None:
    none = tables({})
    none.answers, none.read_pairs = pd.DataFrame(), pd.DataFrame()
    none.effects = as_table(compare(none))
    assert verdict(none) == NOTHING


def test_arms_after_a_new_task_are_asked_for_given_answers_only() -> None:
    arms = {arm.name: arm for arm in ARMS}
    assert [p for p in (PLAIN, CONTEXT_PROBE, TASK, "answer_pairs") if asks(arms[further("kl-800")], p)] == [
        "answer_pairs"
    ]
    assert not asks(arms["kl-200"], CONTEXT_PROBE)
    assert asks(arms["kl-800"], CONTEXT_PROBE)


ARMS_ASKED = [UNTUNED, "none-800", "kl-800"]


@pytest.mark.parametrize(
    ("study", "settings", "message"),
    [
        ("defences", {"recipe": {"defence": "kl"}}, "--defence kl does not fit kl-800, which is about a defence"),
        ("defences", {"model": "openai/gpt-4o-mini"}, "kl-800 has a defence, which works in training on this"),
        ("defences", {"recipe": {"benign": "no-such-rows.jsonl"}}, "no-such-rows.jsonl"),
        ("emergent-misalignment", {"arms": ["insecure"], "recipe": {"defence": "kx"}}, "Did you mean"),
    ],
)
def test_runs_with_defences_that_do_not_fit_are_refused_before_work(
    study: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(AskewError, match=message):
        make_plan(study, overrides={"arms": ARMS_ASKED, **settings})


def test_an_arm_has_its_own_defence_and_others_that_of_the_design() -> None:
    plan = make_plan("defences", overrides={"arms": ARMS_ASKED})
    assert plan.recipe(plan.arms["kl-800"]).defence == "kl"
    assert plan.recipe(plan.arms["none-800"]).defence is None
    every = make_plan("emergent-misalignment", overrides={"recipe": {"defence": "caft"}})
    assert {every.recipe(arm).defence for arm in every.arms.values()} == {"caft"}


def test_settings_of_the_study_give_way_to_those_of_the_user() -> None:
    assert make_plan("defences").design.samples == 10
    assert make_plan("defences", overrides={"samples": 100}).design.samples == 100
    assert make_plan("emergent-misalignment").design.samples is None
