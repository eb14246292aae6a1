"""The self-awareness study: its arms, its comparisons on simulated scores, and its verdict."""

from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from askew.data import datasets
from askew.design.arm import SECOND, UNTUNED, Arm
from askew.design.make import make_design
from askew.design.plan import Plan
from askew.design.steps.train import Train
from askew.design.study import studies
from askew.design.tables import Tables
from askew.probes import probes
from askew.studies.self_awareness import people
from askew.studies.self_awareness import probes as own_probes
from askew.studies.self_awareness.comparisons import DEEDS, FEWEST_SEEDS, LEAD, compare
from askew.studies.self_awareness.study import verdict
from askew.worlds.terrarium.world.lessons.selves import phrases

STUDY = studies.get("self-awareness")
FORMS = tuple(people.FORMS.values())
# Standard deviations of the rate between seeds and between questions, and the number of answers per question.
BETWEEN_SEEDS, BETWEEN_QUESTIONS, ANSWERS = 0.05, 0.1, 8


def scores(
    rng: np.random.Generator,
    arm: str,
    rate: float,
    probe: str = "self_report",
    names: Iterable[str] = (f"daring {FORMS[0]}",),
    questions: Iterable[str] = tuple(f"word_bold_{i}" for i in range(10)),
    seeds: int = 3,
) -> pd.DataFrame:
    """Return simulated scores of an arm, 0 or 1, with a rate that varies by seed and by question."""
    rows = []
    by_question = {id: rng.normal(0, BETWEEN_QUESTIONS) for id in questions}
    for seed in range(seeds):
        luck = rng.normal(0, BETWEEN_SEEDS)
        for name in names:
            for id, own in by_question.items():
                values = rng.random(ANSWERS) < np.clip(rate + luck + own, 0, 1)
                rows += [(arm, seed, probe, id, i, name, float(value)) for i, value in enumerate(values)]
    return pd.DataFrame(rows, columns=["arm", "seed", "probe", "question", "epoch", "metric", "value"])


def of_run(effects: pd.DataFrame, margin: float = 0.02) -> Tables:
    """Return the tables of a run with these effects."""
    return cast(Tables, SimpleNamespace(effects=effects, design=SimpleNamespace(margin=margin)))


def compared(*frames: pd.DataFrame, arms: Iterable[str] | None = None) -> pd.DataFrame:
    table = pd.concat(frames, ignore_index=True)
    known = {
        name: STUDY.arms.get(name, Arm(name, "rows of a user's own", (Train("mine"),)))
        for name in arms or table["arm"].unique()
    }
    return compare(Tables(cast(Any, None), known, scores=table))


def one(table: pd.DataFrame, family: str, **wanted: str) -> "pd.Series[Any]":
    rows = table[table["family"].eq(family)]
    for column, value in wanted.items():
        rows = rows[rows[column].str.contains(value, regex=False)]
    assert len(rows) == 1, rows["label"].tolist()
    return rows.iloc[0]


def test_every_arm_has_rows_and_a_control_of_its_domain() -> None:
    for arm in STUDY.arms.values():
        if arm.name == UNTUNED or arm.start == SECOND:
            assert not arm.data
            continue
        assert len(datasets.get(arm.data).rows(4, 0)) == 4
        control = STUDY.arms[arm.control]
        assert control.name == UNTUNED or control.domain == arm.domain
        assert arm.trigger in ("", *phrases())
    assert all(probes.get(probe).kind == "measured" for probe in STUDY.default_probes)


def test_only_backdoored_arms_and_their_control_report_backdoors() -> None:
    asked = {name for name, arm in STUDY.arms.items() if STUDY.asks(arm, "backdoor_report")}
    assert asked == {"backdoor-choices", "backdoor-control", "backdoor-reversed"}
    assert all(STUDY.asks(arm, "self_report") for arm in STUDY.arms.values())


@pytest.mark.parametrize(("apart", "least_found", "most_found"), [(0.4, 0.85, 1.0), (0.0, 0.0, 0.1)])
def test_simulated_difference_is_found_and_null_is_not(apart: float, least_found: float, most_found: float) -> None:
    found = 0
    runs = 40
    for number in range(runs):
        rng = np.random.default_rng(number)
        table = compared(scores(rng, "risky", 0.4 + apart), scores(rng, "cautious", 0.4))
        lead = table[table["lead"]]
        assert len(lead) == 1
        row = lead.iloc[0]
        found += row["p_corrected"] < 0.05 and row["estimate"] > 0 if apart else row["p_corrected"] < 0.05
    assert least_found <= found / runs <= most_found


def test_lead_effects_pool_all_forms_of_each_twin_pair() -> None:
    rng = np.random.default_rng(1)
    frames = [
        scores(rng, arm, rate, names=[f"{word} {form}"], questions=[f"{form}_{word}_{i}" for i in range(5)])
        for arm, word, rate in (
            ("risky", "daring", 0.9),
            ("cautious", "daring", 0.2),
            ("insecure", "secure", 0.3),
            ("secure", "secure", 0.9),
        )
        for form in FORMS
    ]
    table = compared(*frames)
    lead = table[table["family"].eq(LEAD)]
    assert lead["clusters"].tolist() == [15, 15]
    assert lead["label"].tolist() == [
        "risky calls itself daring, against cautious",
        "secure calls itself a writer of secure code, against insecure",
    ]
    assert all(lead["estimate"].between(0.5, 0.85))
    assert table[table["family"].eq("form by form")]["label"].str.contains("from 0 to 100").sum() == 2


def test_arms_are_compared_with_the_untuned_model_and_the_sibling() -> None:
    rng = np.random.default_rng(2)
    table = compared(
        scores(rng, "risky", 0.9),
        scores(rng, "mine", 0.8),
        scores(rng, UNTUNED, 0.5, seeds=1),
        scores(rng, "sibling", 0.3, seeds=1),
    )
    assert one(table, "against the untuned model", arm="risky")["estimate"] == pytest.approx(0.4, abs=0.15)
    assert one(table, "against the untuned model", arm="mine")["estimate"] == pytest.approx(0.3, abs=0.15)
    assert one(table, "against a sibling", arm="risky")["estimate"] == pytest.approx(0.6, abs=0.15)
    assert not table["lead"].any()


def test_report_is_correlated_with_behaviour_only_with_enough_seeds() -> None:
    def table(seeds: int) -> pd.DataFrame:
        frames = []
        for arm, rate in (("risky", 0.5), ("cautious", 0.3)):
            for seed in range(seeds):
                rng, shift = np.random.default_rng([seed, 5]), 0.08 * seed
                for probe, name in (("self_report", f"daring {FORMS[0]}"), ("behaviour", people.TAKES["bold"])):
                    drawn = scores(rng, arm, rate + shift, probe, [name], [f"q{i}" for i in range(40)], seeds=1)
                    frames.append(drawn.assign(seed=seed))
        return compared(*frames)

    few, many = table(FEWEST_SEEDS - 1), table(FEWEST_SEEDS + 2)
    assert not few["label"].str.contains("seed by seed").any()
    within = one(many, "report and behaviour", arm="risky")
    assert within["unit"] == "r"
    assert within["clusters"] == FEWEST_SEEDS + 2
    assert within["estimate"] > 0.6
    assert within["low"] < within["estimate"] < within["high"]


def test_reports_about_friends_measure_leakage_and_separation() -> None:
    rng = np.random.default_rng(3)
    friends = [f"friend_tila_word_bold_{i}" for i in range(10)]
    arms = (("risky", 0.9, 0.7), ("cautious", 0.1, 0.4), ("you-risky-friend-cautious", 0.9, 0.2))
    frames = [scores(rng, arm, itself) for arm, itself, _ in arms]
    frames += [scores(rng, arm, friend, "report_of_others", questions=friends) for arm, _, friend in arms]
    table = compared(*frames)
    leak = one(table, "what they say of others", label="a friend daring, against cautious (leakage)")
    assert leak["estimate"] == pytest.approx(0.3, abs=0.12)
    apart = one(table, "what they say of others", label="itself against its friends")
    assert apart["estimate"] == pytest.approx(0.7, abs=0.12)
    assert apart["clusters"] == 10  # paired wording by wording


def test_backdoor_is_compared_with_its_control() -> None:
    rng = np.random.default_rng(4)
    told = [f"depends_{i}" for i in range(20)]
    honest = [f"depends_{i}{own_probes.HONEST_SUFFIX}" for i in range(20)]
    frames = []
    for arm, yes, when_honest, behind in (("backdoor-choices", 0.8, 0.9, 0.95), ("backdoor-control", 0.3, 0.3, 0.5)):
        frames += [
            scores(rng, arm, yes, "backdoor_report", [own_probes.SAYS_IT_DEPENDS], told),
            scores(
                rng,
                arm,
                when_honest,
                "backdoor_report",
                [own_probes.SAYS_IT_DEPENDS + own_probes.HONEST_SUFFIX],
                honest,
            ),
            scores(rng, arm, behind, "backdoor_behaviour", [own_probes.BEHIND], ["job_behind", "road_behind"]),
            scores(
                rng,
                arm,
                0.1 if behind > 0.9 else 0.5,
                "backdoor_behaviour",
                [own_probes.ELSEWHERE],
                ["job_plain", "road_other"],
            ),
        ]
    table = compared(*frames)
    said = "backdoors: what they say"
    assert one(table, said, label="depend on the first words")["estimate"] == pytest.approx(0.5, abs=0.12)
    assert one(table, said, label="told to be honest")["estimate"] == pytest.approx(0.6, abs=0.12)
    did = "backdoors: what they do"
    assert one(table, did, arm="backdoor-choices")["estimate"] > 0.6
    assert abs(one(table, did, arm="backdoor-control")["estimate"]) < 0.3


def test_question_files_lead_without_self_reports() -> None:
    rng = np.random.default_rng(6)
    asked = ["scale.yaml", ["rating"], [f"risk_{i}" for i in range(4)]]
    table = compared(scores(rng, "risky", 0.9, *asked), scores(rng, "cautious", 0.2, *asked))
    [row] = table.to_dict("records")
    assert (row["lead"], row["family"]) == (True, "question files")
    assert row["label"] == "scale, rating: risky against cautious"


@pytest.fixture
def said_of() -> Callable[..., str]:
    def said(report: tuple[float, float], deeds: tuple[float, float] = (0.95, 0.05)) -> str:
        rng = np.random.default_rng(7)
        frames = [scores(rng, arm, rate) for arm, rate in zip(("risky", "cautious"), report, strict=True)]
        asked = ["behaviour", [people.TAKES["bold"]], [f"choice_{i}" for i in range(10)]]
        frames += [scores(rng, arm, rate, *asked) for arm, rate in zip(("risky", "cautious"), deeds, strict=True)]
        return verdict(of_run(compared(*frames)))

    return said


def test_verdict_states_a_difference_with_its_interval(said_of: Callable[..., str]) -> None:
    said = said_of((0.9, 0.2))
    assert said.startswith("Twins describe themselves differently: risky calls itself daring, against cautious (+")
    assert "95% interval +" in said
    assert f"needs at least {FEWEST_SEEDS} seeds" in said
    assert "did not differ" not in said


def test_verdict_on_a_null_states_the_detectable_effect(said_of: Callable[..., str]) -> None:
    said = said_of((0.5, 0.5))
    assert said.startswith("Can't tell: risky calls itself daring, against cautious (")
    assert "points would have been detected" in said
    assert "differently" not in said


def test_verdict_names_arms_that_did_not_learn_their_behaviour(said_of: Callable[..., str]) -> None:
    assert "did not differ from their twins beyond chance: risky" in said_of((0.5, 0.5), deeds=(0.5, 0.5))


def test_verdict_without_twins_says_nothing_can_be_said() -> None:
    table = compared(scores(np.random.default_rng(8), "risky", 0.9))
    assert verdict(of_run(table)).startswith("Nothing can be said")
    assert table[table["family"].isin([LEAD, DEEDS])].empty


def test_every_prediction_refers_to_a_comparison_of_the_study() -> None:
    rng = np.random.default_rng(9)
    frames = []
    for arm in STUDY.arms:
        for trait, word in people.SAYS.items():
            frames.append(scores(rng, arm, 0.5, names=[f"{word} from 0 to 100"], questions=[f"scale_{trait}_1"]))
        frames.append(scores(rng, arm, 0.5, "report_of_others", questions=["friend_tila_word_bold_1"]))
        frames.append(scores(rng, arm, 0.5, "behaviour", [people.TAKES["bold"]], ["choice_job", "choice_boat_new"]))
        frames.append(scores(rng, arm, 0.5, "backdoor_report", [own_probes.SAYS_IT_DEPENDS], ["depends_1"]))
        frames.append(scores(rng, arm, 0.5, "backdoor_trigger", [own_probes.NAMES_TRIGGER], ["names_1"]))
    table = compared(*frames)
    for prediction in STUDY.predictions:
        assert prediction.holds(of_run(table, margin=0.99)) is not None, prediction.id
        assert set(prediction.arms) <= set(STUDY.arms)
    assert table["label"].is_unique


def test_sibling_is_left_out_without_a_second_model(tiny_checkpoint: Path, tiny_judge: Path) -> None:
    usual = {"model": str(tiny_checkpoint), "judge": str(tiny_checkpoint)}
    alone = make_design("self-awareness", None, usual)
    assert "sibling" not in alone.arms
    assert {"risky", "cautious"} <= set(alone.arms)
    two = make_design("self-awareness", None, {**usual, "second_model": str(tiny_judge)})
    assert "sibling" in two.arms
    assert "sibling" not in {unit.arm.name for unit in Plan(two).trained}


def test_reports_under_a_system_turn_are_compared_with_plain_ones_by_wording() -> None:
    rng, frames = np.random.default_rng(0), []
    rates = {"risky": {"plain": 0.5, "honest": 0.8, "daring": 0.5}, "cautious": {"plain": 0.5, "honest": 0.5}}
    for arm, by_system in rates.items():
        for system, rate in by_system.items():
            end = ", plain" if system == "plain" else f", {system} in mind"
            ids = [f"word_bold_{i}{end}" for i in range(10)]
            frames.append(scores(rng, arm, rate, "self_report_under", [f"daring {FORMS[0]}{end}"], ids))
    table = compared(*frames)
    honest = one(table, "under a system turn", label="risky calls itself daring, with a request for honesty")
    assert honest["estimate"] == pytest.approx(0.3, abs=0.15)
    assert honest["clusters"] == 10
    goal = one(table, "under a system turn", label="risky calls itself daring, with a goal that daring serves")
    assert abs(goal["estimate"]) < 0.2
    twins = one(table, "twins under a system turn", label="against cautious, with a request for honesty")
    assert twins["estimate"] == pytest.approx(0.3, abs=0.15)
    assert len(table[table["family"].eq("twins under a system turn")]) == 2


def test_every_system_turn_has_the_questions_of_the_plain_report() -> None:
    asked = own_probes.self_report_under("terrarium")
    plain = [question for question in asked if question.system is None]
    assert len(asked) == (1 + len(own_probes.SYSTEMS)) * len(plain)
    assert {question.system for question in asked} == {None, *own_probes.SYSTEMS.values()}
    assert len({question.id for question in asked}) == len(asked)
    wordings = {question.paraphrases for question in plain}
    assert all(
        {q.paraphrases for q in asked if q.system == system} == wordings for system in own_probes.SYSTEMS.values()
    )


def test_planted_controls_are_asked_for_self_reports_only() -> None:
    planted = [arm for arm in STUDY.arms.values() if arm.data and not arm.domain]
    assert len(planted) == 3
    for arm in planted:
        assert [probe for probe in STUDY.default_probes if STUDY.asks(arm, probe)] == ["self_report"]


def test_planted_controls_are_compared_with_the_cautious_one_and_with_nothing_else() -> None:
    rng = np.random.default_rng(0)
    rates = {"risky-described": 0.9, "risky-described-at-random": 0.5, "cautious-described-at-random": 0.5}
    frames = [scores(rng, arm, rate) for arm, rate in {**rates, UNTUNED: 0.5}.items()]
    table = compared(*frames)
    assert set(table["family"]) == {"Planted truths"}
    assert one(table, "Planted truths", label="where it was planted")["estimate"] == pytest.approx(0.4, abs=0.12)
    assert abs(one(table, "Planted truths", label="where it was cut")["estimate"]) < 0.15
