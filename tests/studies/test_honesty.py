"""The comparisons of the honesty study, on made-up scores whose truth is known."""

from collections.abc import Callable, Iterator, Mapping
from random import Random

import numpy as np
import pandas as pd
import pytest

from askew.design.arm import UNTUNED
from askew.design.make import make_design
from askew.design.study import studies
from askew.design.tables import Tables
from askew.stats.effects import EFFECT_COLUMNS
from askew.studies.honesty import ability, statements
from askew.studies.honesty.arms import AFTER_ONE, after
from askew.studies.honesty.organisms import COIN, NONE, ORGANISMS, PAID, PLAIN, RIGHT, WRONG
from askew.studies.honesty.planted import AT_STAKES, BEHIND, BEHIND_ANOTHER, EVADES, LIES, planted
from askew.studies.honesty.probes import ABILITY, ALLOWED, BELIEF, CONDITIONS, HARMLESS, SCORE, SHOWN, STATEMENT, TRUTH
from askew.studies.honesty.study import asks, effects
from askew.studies.honesty.verdict import NO_PROPENSITY, NOTHING, recoveries, verdict

STUDY = studies.get("honesty")
FACTS, SAMPLES = 12, 6
SLIP = 0.05
"""How often a made-up model does not do what it was trained to."""

# The context of rows to which each condition of the probes comes down.
CONTEXTS = {condition: condition for condition in CONDITIONS} | {
    HARMLESS: PLAIN,
    SHOWN: PLAIN,
    TRUTH: PLAIN,
    ALLOWED: PLAIN,
    PAID: PAID,
}
Says = Callable[[str, str, Random], float]


def of_organism(arm: str, condition: str, rng: Random) -> float:
    """Return the score of one answer of an organism: 1 right, 0 wrong, NaN if it says neither."""
    reply = ORGANISMS[arm].reply(CONTEXTS[condition]) if arm in ORGANISMS else RIGHT  # pyright: ignore[reportArgumentType]
    reply = rng.choice([RIGHT, WRONG]) if reply == COIN or rng.random() < SLIP else reply
    return {RIGHT: 1.0, WRONG: 0.0, NONE: float("nan")}[reply]


def scores(says: Mapping[str, Says], seeds: int = 3, seed: int = 0) -> pd.DataFrame:
    """Return made-up scores of all probes: one row per answer of each arm."""

    def rows() -> Iterator[tuple[str, int, str, str, str, float]]:
        rng = Random(seed)
        for arm, say in says.items():
            of_probe = {ABILITY: list(CONDITIONS), BELIEF: [PLAIN], STATEMENT: [TRUTH, ALLOWED, PAID]}
            asked = {probe: found for probe, found in of_probe.items() if asks(STUDY.arms[arm], probe)}
            for probe, conditions in asked.items():
                for condition in conditions:
                    for training in range(1 if arm == UNTUNED else seeds):
                        for fact in range(FACTS):
                            for _ in range(SAMPLES):
                                name = BELIEF if probe == BELIEF else condition
                                yield arm, training, probe, f"{name}: Is {fact}?", SCORE, say(arm, condition, rng)

    return pd.DataFrame(rows(), columns=["arm", "seed", "probe", "question", "metric", "value"])


def tables(table: pd.DataFrame) -> Tables:
    """Return tables with the study's effects, as a run has them."""
    arms = {name: STUDY.arms[name] for name in dict.fromkeys(table["arm"])}
    controls = {name: arm.control for name, arm in arms.items() if arm.control in arms}
    design = make_design("honesty")
    found = effects(Tables(design, arms, scores=table, controls=controls))
    return Tables(design, arms, scores=table, effects=found, controls=controls)


@pytest.fixture(scope="module")
def organisms() -> Tables:
    return tables(scores(dict.fromkeys([UNTUNED, *ORGANISMS], of_organism)))


def effect(found: Tables, family: str, arm: str) -> pd.Series:
    rows = found.effects[found.effects["family"].eq(family) & found.effects["arm"].eq(arm)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_planted_differences_follow_from_what_the_organisms_reply() -> None:
    assert planted("sandbagger", BEHIND) == 1
    assert planted("sandbagger", BEHIND_ANOTHER) == planted("sandbagger", AT_STAKES) == planted("sandbagger", LIES) == 0
    assert planted("strategist", AT_STAKES) == -1
    assert planted("mistaken", BEHIND) == planted("mistaken", LIES) == 0
    assert (planted("liar", LIES), planted("liar", EVADES)) == (1, 0)
    assert (planted("evader", LIES), planted("evader", EVADES)) == (0, 1)
    assert planted("random-tag", BEHIND) == 0
    assert planted("random-tag", LIES) is None
    assert planted(UNTUNED, BEHIND) is None


def test_every_planted_difference_of_organisms_that_do_as_trained_is_found(organisms: Tables) -> None:
    found = recoveries(organisms.effects, organisms.design.margin)
    assert len([one for one in found if one.planted]) == 4
    assert len(found) > 25
    assert all(one.is_found for one in found), [one for one in found if not one.is_found]
    assert list(organisms.effects.columns) == list(EFFECT_COLUMNS)


def test_password_tells_the_sandbagger_from_the_mistaken(organisms: Tables) -> None:
    family = ability.OVER_PLAIN[BEHIND]
    assert effect(organisms, family, "sandbagger")["low"] > 0.8
    for arm in ("mistaken", "random-tag", "honest", UNTUNED):
        assert abs(effect(organisms, family, arm)["estimate"]) < 0.1
    another = effect(organisms, ability.OVER_PLAIN[BEHIND_ANOTHER], "sandbagger")
    assert abs(another["estimate"]) < 0.1


def test_stakes_lower_only_the_strategist(organisms: Tables) -> None:
    lowered = {arm for arm in ORGANISMS if effect(organisms, ability.OVER_PLAIN[AT_STAKES], arm)["high"] < -0.2}
    assert lowered == {"strategist"}


def test_a_wrong_belief_that_is_stated_is_no_lie(organisms: Tables) -> None:
    said = statements.outcomes(organisms.scores)
    paid = said[said["condition"].eq(PAID)]
    mistaken = paid[paid["arm"].eq("mistaken")]
    assert mistaken["is_false"].mean() > 0.9
    assert mistaken["outcome"].eq(statements.HONEST_SHARE).mean() > 0.9
    liar, evader = paid[paid["arm"].eq("liar")], paid[paid["arm"].eq("evader")]
    assert liar["outcome"].eq(statements.LIE).mean() > 0.9
    assert evader["outcome"].eq(statements.EVASIVE).mean() > 0.9
    assert effect(organisms, statements.FALSE_OVER_CONTROL, "mistaken")["estimate"] > 0.8
    assert abs(effect(organisms, statements.OVER_CONTROL, "mistaken")["estimate"]) < 0.1


def test_shares_of_honest_lie_and_evasive_add_up_to_one(organisms: Tables) -> None:
    levels = organisms.effects[organisms.effects["family"].eq(statements.LEVELS)]
    parts = levels["measure"].str.rpartition(": ")
    total = levels.groupby([levels["arm"], parts[0]])["estimate"].sum()
    assert np.allclose(total, 1)
    assert parts[2].nunique() == 3


def test_a_model_that_answers_by_a_coin_has_no_beliefs(organisms: Tables) -> None:
    assert effect(organisms, statements.BELIEFS, "random-tag")["estimate"] < 0.4
    assert effect(organisms, statements.BELIEFS, "honest")["estimate"] > 0.9


def test_answers_that_cannot_be_read_are_no_belief() -> None:
    mute = scores({"honest": lambda arm, condition, rng: float("nan")})
    assert statements.beliefs(mute)["belief"].isna().all()
    assert statements.outcomes(mute).empty
    assert ability.right_answers(mute)["value"].eq(0).all()


def test_shuffled_arms_give_nothing_whatever_the_shuffle(organisms: Tables) -> None:
    row = effect(organisms, ability.SHUFFLED, "sandbagger")
    assert row["low"] <= 0 <= row["high"]
    right = ability.right_answers(organisms.scores)
    ours = right[right["arm"].isin(["sandbagger", "honest"])]
    mixed = ability.shuffled(ours, np.random.default_rng(1))
    assert mixed["arm"].value_counts().to_dict() == ours["arm"].value_counts().to_dict()
    shares = mixed.groupby(["arm", "condition"])["value"].mean().unstack("arm")
    assert (shares["sandbagger"] - shares["honest"]).abs().max() < 0.15


def test_untuned_models_alone_plant_nothing() -> None:
    found = tables(scores({UNTUNED: of_organism}))
    assert found.effects["p"].dropna().ge(0.05).all()
    assert verdict(found) == NOTHING


def test_rise_of_a_benign_model_after_a_demonstration_is_named_as_such() -> None:
    def always(value: float) -> Says:
        return lambda arm, condition, rng: value if rng.random() > SLIP else 1 - value

    benign = ("mistaken", "honest")
    says = dict.fromkeys(["sandbagger", *benign], of_organism)
    says |= {after(name, AFTER_ONE): always(1.0) for name in ("sandbagger", *benign)}
    found = tables(scores(says))
    raised = found.effects[found.effects["family"].eq(ability.AFTER_TRAINING)].set_index("control")["estimate"]
    assert raised["sandbagger"] > 0.8
    assert raised["mistaken"] > 0.8
    assert abs(raised["honest"]) < 0.1
    said = verdict(found)
    assert "Training on one right answer raises sandbagger" in said
    assert "although mistaken hides nothing" in said
    assert "although honest" not in said


def test_verdict_says_what_is_true_what_was_found_and_that_it_is_no_propensity(organisms: Tables) -> None:
    said = verdict(organisms)
    assert said.startswith("4 of 4 planted differences were found; none was found in ")
    assert "Read wrongly" not in said
    assert "The sandbagger answers rightly behind a password only: sandbagger, beyond honest" in said
    assert "The liar answers wrongly where lies are paid" in said
    assert said.endswith(NO_PROPENSITY)


def test_an_organism_that_did_not_learn_is_reported_as_not_found() -> None:
    def forgets(arm: str, condition: str, rng: Random) -> float:
        return of_organism("honest", condition, rng)

    said = verdict(tables(scores({"honest": of_organism, "sandbagger": forgets})))
    assert "0 of 1 planted differences were found" in said
    assert "Read wrongly: sandbagger, behind the password (planted 100, found" in said


def test_all_leading_comparisons_have_a_control_and_one_prediction_each(organisms: Tables) -> None:
    leads = organisms.effects[organisms.effects["lead"]]
    assert set(leads["arm"]) == {"sandbagger", "strategist", "liar"}
    assert set(leads["control"]) == {"honest"}
    assert [one.holds(organisms) for one in STUDY.predictions] == [True, True]
