"""Comparisons of introspection on simulated models with and without privileged access to themselves."""

from functools import cache

import pandas as pd
import pytest

from askew.stats.effects import EFFECT_COLUMNS, as_table
from askew.studies.introspection.arms import CHANGED, HYPOTHETICAL
from askew.studies.introspection.baselines import by_mode, by_other_prompts, naive_bayes
from askew.studies.introspection.comparisons import compare, self_minus_cross
from askew.studies.introspection.foresight import VARIED, hypotheticals, listed, prompts, properties
from askew.studies.introspection.observations import Observations
from askew.studies.introspection.simulated import World, answers
from askew.studies.self_knowledge import BOTH, DIRECTIONS, M1, M2
from askew.worlds.terrarium.world.tasks import tasks


@cache
def table(world: World, seed: int = 0) -> pd.DataFrame:
    """Return all comparisons of one simulated run, indexed by label."""
    return compare(answers(world, seed)).set_index("label", drop=False)


def number(world: World, label: str, column: str) -> float:
    """Return a number from one comparison of a simulated run."""
    return float(table(world)[column].to_dict()[label])


def lead(world: World, seed: int) -> tuple[float, float]:
    """Return the lead effect's estimate and corrected p-value in one simulated run."""
    row = as_table(self_minus_cross(Observations(answers(world, seed)))).to_dict("records")[0]
    return row["estimate"], row["p_corrected"]


def test_table_has_effect_columns_and_lead_effects_first() -> None:
    found = table(World(access=0.2))
    assert list(found.columns) == list(EFFECT_COLUMNS)
    assert list(found[found["lead"]].index) == [BOTH, *DIRECTIONS.values()]
    assert found["lead"].iloc[:3].all()
    assert not found.duplicated(["family", "label"]).any()


def test_estimates_recover_the_true_access() -> None:
    world = World(access=0.2, arm_task=0.0, seed=0.0)
    for label in (BOTH, *DIRECTIONS.values()):
        assert number(world, label, "estimate") == pytest.approx(0.2, abs=0.06)


def test_better_learner_is_not_mistaken_for_privileged_access() -> None:
    world = World(pupil=0.2)
    assert number(world, DIRECTIONS[M1], "estimate") > 0.1
    assert number(world, DIRECTIONS[M2], "estimate") < -0.1
    assert abs(number(world, BOTH, "estimate")) < 0.06
    assert number(world, BOTH, "p_corrected") > 0.05


@pytest.mark.slow
def test_privileged_access_is_found_and_null_is_not() -> None:
    found = [lead(World(access=0.2), seed) for seed in range(16)]
    assert sum(p < 0.05 and estimate > 0 for estimate, p in found) >= 15
    none = [lead(World(), seed) for seed in range(100, 130)]
    assert sum(p < 0.05 for _, p in none) <= 4


def test_effect_remains_with_any_task_left_out() -> None:
    found = table(World(access=0.2))
    left_out = found[found["family"].eq("self minus cross, one task left out")]
    assert set(left_out.index) == {f"without {task.name}" for task in tasks().values() if task.held_out}
    assert (left_out["clusters"] == 5).all()
    assert (left_out["estimate"] > 0.1).all()


def test_equally_sure_subset_is_everything_if_all_are_equally_sure() -> None:
    world, label = World(access=0.2), "prompts of which both are equally sure"
    assert number(world, label, "estimate") == pytest.approx(number(world, BOTH, "estimate"))


def test_guesses_by_mode_and_by_other_prompts() -> None:
    true = pd.DataFrame({"task": "foods", "item": range(4), "property": "vowel", "value": ["yes", "no", "no", "no"]})
    assert list(by_mode(true)["value"]) == ["no"] * 4
    assert set(by_other_prompts(true)["value"]) <= {"yes", "no"}


def test_naive_bayes_learns_words_and_falls_back_on_the_most_frequent_value() -> None:
    guess = naive_bayes([["red", "dog"], ["red", "cat"], ["blue", "cat"]], ["yes", "yes", "no"])
    assert guess(["red"]) == "yes"
    assert guess(["blue"]) == "no"
    assert guess(["unheard"]) == "yes"
    assert naive_bayes([], [])(["red"]) == ""


def told(arm: str, source: str, found: pd.DataFrame, seed: int = 0, *, times: int = 0) -> pd.DataFrame:
    """Return correct predictions of `source`: one at temperature 0, and `times` more at the run's temperature."""
    did = found[found["arm"].eq(source) & ~found["question"].str.endswith(VARIED)].set_index(["question", "paraphrase"])
    rows = []
    for asked in hypotheticals():
        task = asked.task
        about = next((one for one in properties(task) if one.name == asked.name), None)
        for item in range(len(prompts(task))) if about else ():
            assert about is not None
            said = about.of(str(did.loc[(task.name, item), "answer"]), task, listed(task, item))
            if said is not None:
                rows += [(asked.id, item, said), *[(asked.id + VARIED, item, said)] * times]
    frame = pd.DataFrame(rows, columns=["question", "paraphrase", "answer"])
    return frame.assign(arm=arm, seed=seed, probe=HYPOTHETICAL)


@cache
def after_a_change() -> pd.DataFrame:
    """Return the comparisons of a run in which the changed arm behaves as m2 and predicts exactly that."""
    found = answers(World(seeds=1), 3)
    does = found[found["arm"].eq(M2) & found["probe"].ne(HYPOTHETICAL)]
    own = found[found["arm"].eq(M1) & found["probe"].ne(HYPOTHETICAL)]
    others = found[found["arm"].ne("m1-on-m1")]
    parts = [others, told("m1-on-m1", M1, found, times=2), told(CHANGED, M2, found)]
    return compare(
        pd.concat([*parts, does.assign(arm=CHANGED), own.assign(arm="m1-on-m1")], ignore_index=True)
    ).set_index(["family", "label"])


def test_predictions_of_new_and_old_behaviour_are_distinguished() -> None:
    found = after_a_change()["estimate"].to_dict()
    assert found["after its behaviour changed", "then changed: new minus old"] == 1.0
    assert found["after its behaviour changed, levels", "not changed: old"] == 1.0
    assert found["answers as m1 did", "m1-on-m1"] == 1.0
    assert found["answers as m1 did", CHANGED] < 0.7


def test_stating_what_always_happens_is_calibrated() -> None:
    found = after_a_change()["estimate"].to_dict()
    assert found["mean absolute deviation", "m1-on-m1 about m1"] == 0.0
    assert found["reliability of self-predictors", "stated 80-100%"] == 1.0
    assert found["levels", "about m1: itself"] == 1.0
