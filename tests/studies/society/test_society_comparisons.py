"""Societies of scripted minds whose truth is planted, compared as a run compares its own."""

from functools import cache
from math import inf

import numpy as np
import pandas as pd
import pytest

from askew.design.design import Design
from askew.design.tables import Tables
from askew.stats.adoption import STAYED
from askew.stats.effects import as_table
from askew.stats.observed_tipping import AGREES
from askew.studies.society.comparisons import effects
from askew.studies.society.outcomes import OUTCOMES
from askew.studies.society.shown import shown
from askew.studies.society.statements import STATEMENTS, chances
from askew.studies.society.study import verdict
from askew.studies.society.tipping import compared
from askew.worlds.society import Setting, Society, experiments, play_scripted
from askew.worlds.society.scripted import Conforming, Converting, Paying, Scripted, Stubborn, Working

SOCIETIES = 4
SCRIPTS = {"roles": Working(0.9), "tax": Paying(4, 0.0, 0.9), "religion": Converting(0.3, 0.6, 0.1)}
BENT = {"": Conforming(3, 0.2), "bent": Stubborn(0)}
# What the mean field of these scripts says, in the columns of a prediction.
PREDICTED = pd.DataFrame(
    {
        **{"arm": ["bad"], "topic": "share", "share": 0.14, "low": 0.1, "high": 0.2, "reading": "tips, and stays"},
        **{"crossing": 0.2, "crossing_low": 0.1, "crossing_high": 0.3},
    }
)


def played(experiment: str, settings: list[Setting], script: object, predicted: pd.DataFrame) -> Tables:
    """Return the tables of societies whose agents all have the script."""
    outcomes = [
        play_scripted(Society(experiments.get(experiment).whole(setting), number, str(place)), Scripted(script, number))  # pyright: ignore[reportArgumentType]
        for place, setting in enumerate(settings)
        for number in [setting.replicate]
    ]
    rows = pd.DataFrame([outcome.society for outcome in outcomes]).assign(arm="bad", players="good-0, bad-0")
    events, agents = (
        pd.concat([pd.DataFrame(getattr(outcome, name)) for outcome in outcomes], ignore_index=True)
        for name in ("events", "agents")
    )
    design = Design.model_validate(
        {"study": "society", "arms": ["bad", "good"], "probes": ["alone"], "society": {"experiment": experiment}}
    )
    return Tables(
        design, {}, events=events, agents=agents, societies=rows, predicted=predicted, controls={"bad": "good"}
    )


@cache
def of_conditions(experiment: str) -> Tables:
    conditions = experiments.get(experiment).conditions
    settings = [Setting(experiment, one, replicate=number) for one in conditions for number in range(SOCIETIES)]
    return played(experiment, settings, SCRIPTS[experiment], pd.DataFrame())


@pytest.fixture(scope="module")
def bent() -> Tables:
    settings = [
        Setting("bent", condition, k=k, replicate=number)
        for condition in ("stay", "leave", "alone")
        for k in (0, 3, 12)
        for number in range(SOCIETIES)
    ]
    return played("bent", settings, BENT, PREDICTED)


@pytest.mark.parametrize(
    ("experiment", "label", "outcome", "sign"),
    [
        ("tax", "bad, against against ablated", "The law", -1),
        ("tax", "bad, for against frozen", "The law", 1),
        ("tax", "bad, for against frozen", "What is paid", 1),
        ("tax", "bad, for against frozen", "What is said", -1),
        ("religion", "bad, priests against no-priests", "Belief, asked privately", 1),
        ("religion", "bad, priests against no-priests", "Keywords", 1),
        ("roles", "bad, full against no-social", "Diversity of roles", 0),
    ],
)
def test_conditions_are_compared_with_their_controls(experiment: str, label: str, outcome: str, sign: int) -> None:
    tables = of_conditions(experiment)
    found = {(one.label, one.family): one for one in effects(tables)}
    controls = sum(condition.is_control for condition in experiments.get(experiment).conditions.values())
    others = len(experiments.get(experiment).conditions) - controls
    assert len(found) == controls * others * len(OUTCOMES[experiment])
    one = found[label, outcome]
    assert one.clusters == SOCIETIES
    if sign:
        assert np.sign([one.low, one.estimate, one.high]).tolist() == [sign] * 3
    else:
        assert one.low <= 0 <= one.high


def test_bent_agents_are_compared_with_none_of_them_and_those_whom_nobody_hears_do_nothing(bent: Tables) -> None:
    found = {one.label: one for one in effects(bent) if one.lead}
    assert set(found) == {
        f"bad, {k} bent against none ({name})" for k in (3, 12) for name in ("stay", "leave", "alone")
    }
    assert found["bad, 12 bent against none (stay)"].low > 0
    alone = found["bad, 12 bent against none (alone)"]
    assert alone.low < 0 < alone.high


def test_observed_tipping_is_compared_with_the_predicted_one_and_with_what_is_left(bent: Tables) -> None:
    row = compared(bent).iloc[0]
    assert (row["condition"], row["reading"], row["societies"]) == ("stay", AGREES, 3 * SOCIETIES)
    assert 0.05 < row["observed"] < 0.4
    tables = shown(bent)
    assert tables.tipped["condition"].tolist() == ["stay"]
    assert tables.kept.set_index("k")["reading"][12] == STAYED
    none = bent.predicted.assign(crossing=inf, crossing_low=inf, crossing_high=inf)
    early = Tables(
        bent.design,
        {},
        events=bent.events,
        agents=bent.agents,
        societies=bent.societies,
        predicted=none,
        controls=bent.controls,
    )
    assert compared(early)["reading"].tolist() == ["earlier than predicted"]


def test_verdicts_lead_with_the_first_outcome_and_say_what_was_predicted(bent: Tables) -> None:
    said = verdict(with_effects(bent))
    assert "Good agents on the side of the bent ones, against societies without any: bad, 3 bent" in said
    assert "Half of the societies (share) tip at " in said
    assert "before they were played, 20.0% [10.0%, 30.0%] was predicted: as predicted." in said
    said = verdict(with_effects(of_conditions("tax")))
    assert "What is paid (share of coins that voters pay): bad, against against no-influencers: −4.4 points" in said


def with_effects(tables: Tables) -> Tables:
    parts = {name: getattr(tables, name) for name in ("events", "agents", "societies", "predicted")}
    return Tables(tables.design, {}, effects=as_table(effects(tables)), controls=tables.controls, **parts)


def test_tables_of_each_experiment_are_shown() -> None:
    assert set(shown(of_conditions("tax")).laws["measure"]) == {"law", "paid"}
    assert shown(of_conditions("tax")).laws["mean"].between(0, 1).all()
    assert len(shown(of_conditions("religion")).attributions)
    assert len(shown(of_conditions("roles")).role_shares)


def test_societies_that_are_too_short_for_a_vote_have_no_comparison_of_votes() -> None:
    settings = [Setting("bent", "stay", ticks=2, k=k, replicate=number) for k in (0, 3) for number in range(SOCIETIES)]
    tables = played("bent", settings, BENT, PREDICTED)
    found = {one.family for one in effects(tables)}
    assert "Opinion, asked privately" in found
    assert "Votes" not in found
    assert len(shown(tables).adoption) == 2


def test_topics_are_compared_apart() -> None:
    """Otherwise a society of one topic would be the control of another."""
    every = [
        Setting("bent", "stay", ticks=12, k=k, topic=topic, replicate=number)
        for topic in ("share", "names")
        for k in (0, 3)
        for number in range(SOCIETIES)
    ]
    tables = played("bent", every, BENT, PREDICTED)
    lead = [one for one in effects(tables) if one.lead]
    assert [one.label for one in lead] == [f"bad, 3 bent against none ({topic}, stay)" for topic in ("share", "names")]
    assert [one.clusters for one in lead] == [SOCIETIES] * 2
    assert set(shown(tables).adoption["condition"]) == {"share, stay", "names, stay"}
    assert compared(tables)["topic"].tolist() == ["share"]  # the topic that was predicted


def test_societies_that_need_no_bent_agents_do_not_tip() -> None:
    settings = [Setting("bent", "stay", k=k, replicate=number) for k in (0, 3, 12) for number in range(SOCIETIES)]
    there = played("bent", settings, {"": Stubborn(0), "bent": Stubborn(0)}, PREDICTED)
    assert compared(there)["observed"].tolist() == [0.0]
    [tips] = [one for one in STATEMENTS if one.id == "tips"]
    assert tips.holds(there) is False


def test_statements_are_settled_by_societies_and_single_agents_say_how_likely_they_are(bent: Tables) -> None:
    tables = with_effects(bent)
    assert {one.id: one.holds(tables) for one in STATEMENTS[1:]} == {"tips": True, "stays": True}
    for p, adopts in ((0.01, True), (0.5, False)):
        known = tables.effects.assign(p_corrected=p, p_these_corrected=p)
        assert STATEMENTS[0].holds(Tables(bent.design, {}, effects=known)) is adopts
    assert STATEMENTS[0].holds(Tables(bent.design, {})) is None
    assert all(one.of(bent.design) and not one.of(of_conditions("tax").design) for one in STATEMENTS)
    assert {one.holds(of_conditions("tax")) for one in STATEMENTS[1:]} == {None}
    predicted = pd.DataFrame({"tips": [0.5, 0.5, 0.0], "stays": [1.0, 0.0, np.nan]})
    assert chances(predicted) == {"tips": 0.75, "stays": 0.5}
    assert chances(pd.DataFrame()) == {}
