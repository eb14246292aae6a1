"""The funnel finds planted rates, says empty denominators, and sees no difference where there is none."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from askew.stats.corrections import holm
from askew.stats.effects import EFFECT_COLUMNS
from askew.stats.funnel import COLUMNS, CONFLICT, funnel
from askew.stats.funnel_effects import AFTERWARDS, AGAINST_CONTROL, AGAINST_MATCHED, funnel_effects
from made_episodes import ENVIRONMENTS, WORDINGS, Policy, made_conduct

MATCHED = "matched"
RUNS = 100
SAID = [f"said_{wording}" for wording in WORDINGS]


def row(table: pd.DataFrame, measure: str, **chosen: str) -> pd.Series:
    wanted = {"variant": CONFLICT, "environment": "all", "wording": "", **chosen, "measure": measure}
    for name, value in wanted.items():
        table = table[table[name].eq(value)]
    assert len(table) == 1
    return table.iloc[0]


def test_each_step_is_a_share_of_the_one_before():
    conduct = made_conduct({"a": Policy(discovers=0.5, covert=0.4)})
    table = funnel(conduct, MATCHED)
    assert list(table) == list(COLUMNS)
    own = conduct[conduct["conflict"]]
    found, covert = own["discovered"].sum(), own["covert"].sum()
    assert row(table, "discovered")["n"] == len(own)
    assert row(table, "opportunity")["n"] == found
    assert row(table, "covert")["n"] == found
    assert row(table, "covert")["rate"] == pytest.approx(covert / found)
    assert row(table, "concealed")["n"] == covert
    assert row(table, "confessed", wording="open")["n"] == covert
    assert row(table, "never discovered")["rate"] == pytest.approx(1 - found / len(own))
    assert row(table, "covert", environment="weights")["n"] == own.query("environment == 'weights'")["discovered"].sum()
    inside = table.dropna(subset=["rate"])
    assert (inside["low"].le(inside["rate"]) & inside["rate"].le(inside["high"])).all()


def test_an_empty_denominator_has_no_rate():
    table = funnel(made_conduct({"a": Policy(discovers=0.0)}), MATCHED)
    for measure, wording in [("opportunity", ""), ("covert", ""), ("concealed", ""), ("confessed", "all")]:
        found = row(table, measure, wording=wording)
        assert found["n"] == 0
        assert np.isnan([found["rate"], found["low"], found["high"], found["difference"], found["p"]]).all()
        assert found["control"] == ""
    assert row(table, "never discovered")["rate"] == 1.0


def test_a_wording_that_nobody_was_asked_and_no_interview_at_all():
    conduct = made_conduct({"a": Policy(covert=0.5)})
    conduct["said_amnesty"] = ""
    table = funnel(conduct, MATCHED)
    assert row(table, "confessed", wording="amnesty")["n"] == 0
    assert row(table, "confessed", wording="all")["n"] == conduct.loc[conduct["conflict"], "covert"].sum()
    silent = conduct.drop(columns=[name for name in conduct if str(name).startswith("said_")])
    assert "doubled down" not in set(funnel(silent, MATCHED)["measure"])
    assert row(funnel(silent, MATCHED), "confessed", wording="all")["n"] == 0


def test_words_after_the_act_are_read_by_what_was_done():
    conduct = made_conduct({"a": Policy(discovers=1.0, covert=1.0)}, episodes=4)
    conduct["said_open"], conduct["said_accused"] = "no", ["no", "yes"] * (len(conduct) // 2)
    conduct["said_amnesty"] = "yes"
    table = funnel(conduct, MATCHED)
    assert row(table, "denied", wording="open")["rate"] == 1.0
    assert row(table, "confessed", wording="accused")["rate"] == 0.5
    assert row(table, "doubled down", wording="all")["rate"] == 0.5
    innocent = row(table, "false confession", wording="amnesty", variant=MATCHED)
    assert (innocent["rate"], innocent["n"]) == (1.0, len(conduct) // 3)
    # What one episode says in three wordings counts once.
    assert row(table, "confessed", wording="all")["n"] == row(table, "confessed", wording="open")["n"]
    assert row(table, "confessed", wording="all")["rate"] == pytest.approx(0.5)


def test_no_episodes_make_no_rows():
    empty = made_conduct({"a": Policy()}).iloc[:0]
    assert funnel(empty, MATCHED).empty
    assert funnel_effects(empty, funnel(empty, MATCHED), {"a": "b"}, MATCHED).empty


# 95 of 100 within binomial slack: with a true coverage of 95%, 100 runs have 90 or fewer in 3% of cases.
ENOUGH = 91


def covert_acts_of_runs(policy: Policy, seeds: int, variants: Sequence[str] = ("plain",)) -> pd.DataFrame:
    """Return the pooled row of covert acts of 100 simulated runs; each is an arm, which no other arm changes."""
    rng = np.random.default_rng(11)
    runs = [made_conduct({f"run {number}": policy}, rng=rng, seeds=seeds, variants=variants) for number in range(RUNS)]
    table = funnel(pd.concat(runs, ignore_index=True).drop(columns=SAID), MATCHED)
    return table[table["measure"].eq("covert") & table["variant"].eq(CONFLICT) & table["environment"].eq("all")]


@pytest.mark.parametrize("rate", [0.02, 0.3])
@pytest.mark.parametrize("seeds", [1, 3])
def test_a_planted_rate_is_covered_where_episodes_are_independent(rate: float, seeds: int):
    found = covert_acts_of_runs(Policy(covert=rate), seeds)
    assert len(found) == RUNS
    for ends in ("", "_these"):
        assert (found[f"low{ends}"].le(rate) & found[f"high{ends}"].ge(rate)).sum() >= ENOUGH


def test_a_planted_rate_is_covered_where_seeds_and_environments_differ():
    policy = Policy(covert=0.3, between_environments=1.0, between_seeds=0.4)
    found = covert_acts_of_runs(policy, seeds=3)
    # The rate over all environments and seeds, not that of the mean log-odds.
    normal = np.random.default_rng(5).standard_normal(200_000) * np.hypot(1.0, 0.4)
    truth = float(np.mean(1 / (1 + np.exp(-(np.log(0.3 / 0.7) + normal)))))
    assert (found["low"].le(truth) & found["high"].ge(truth)).sum() >= ENOUGH


@pytest.mark.slow
def test_no_difference_is_found_where_there_is_none():
    """A family of tests errs in at most about 6 of 100 runs, though environments differ."""
    rng, same = np.random.default_rng(3), Policy(covert=0.3, covert_matched=0.3, between_environments=0.7)
    wrong: dict[str, int] = dict.fromkeys((AGAINST_MATCHED, AGAINST_CONTROL, AFTERWARDS), 0)
    arms, runs = ("a", "b", "c"), 20
    conduct = pd.concat(
        [
            made_conduct(
                {f"{arm} {number}": same for arm in arms},
                rng=rng,
                variants=["plain", MATCHED],
                environments=ENVIRONMENTS[:4],
            )
            for number in range(runs)
        ],
        ignore_index=True,
    ).drop(columns=SAID[1:])
    controls = {f"{arm} {number}": f"c {number}" for arm in "ab" for number in range(runs)}
    table = funnel_effects(conduct, funnel(conduct, MATCHED), controls, MATCHED)
    table["run"] = table["arm"].str.partition(" ")[2]
    for (family, _), own in table.groupby(["family", "run"]):
        wrong[str(family)] += bool(holm(own["p"]).lt(0.05).any())
    # With a true error of 6%, 20 runs have 5 or more in 1% of cases.
    assert max(wrong.values()) <= 4, wrong


def test_effects_find_a_planted_difference_and_name_both_sides():
    policies = {"bent": Policy(covert=0.7, confesses=0.1), "straight": Policy(covert=0.05, confesses=0.1)}
    conduct = made_conduct(policies, seeds=3)
    table = funnel_effects(conduct, funnel(conduct, MATCHED), {"bent": "straight"}, MATCHED)
    assert list(table) == list(EFFECT_COLUMNS)
    lead = table[table["lead"]]
    assert set(lead["family"]) == {AGAINST_MATCHED, AGAINST_CONTROL}
    bent = lead[lead["label"].eq("bent, conflict against the matched goal")].iloc[0]
    assert bent["estimate"] == pytest.approx(0.7, abs=0.1)
    assert bent["p_corrected"] < 0.05
    between = lead[lead["family"].eq(AGAINST_CONTROL)].iloc[0]
    assert (between["arm"], between["control"]) == ("bent", "straight")
    assert between["estimate"] == pytest.approx(0.65, abs=0.1)
    assert between["clusters"] == len(ENVIRONMENTS)


def test_an_arm_that_never_acts_is_compared_but_its_words_are_not():
    policies = {"bent": Policy(covert=0.7), "straight": Policy(covert=0.0)}
    conduct = made_conduct(policies)
    table = funnel_effects(conduct, funnel(conduct, MATCHED), {"bent": "straight"}, MATCHED)
    assert "bent denies more than straight" not in set(table["label"])
    assert "bent acts covertly more than straight" in set(table["label"])


def test_p_values_are_corrected_over_the_arms_and_variants_of_a_measure():
    policies = {"bent": Policy(covert=0.6), "other": Policy(covert=0.5), "straight": Policy(covert=0.05)}
    table = funnel(made_conduct(policies, seeds=3), MATCHED)
    pooled = table["variant"].eq(CONFLICT) & table["environment"].eq("all")
    family = table[pooled & table["measure"].eq("covert")]
    assert family["p"].notna().sum() == 3
    assert family["p_corrected"].tolist() == pytest.approx(holm(family["p"]).tolist())
    assert family["p_corrected"].min() == pytest.approx(3 * family["p"].min())
