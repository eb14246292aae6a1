"""Rank correlations at each level, on answers in which it is known at which level a number goes with a score."""

import numpy as np
import pandas as pd
import pytest

from askew.stats.empirical import corrected_p
from askew.stats.rank_correlations import (
    ALL,
    BETWEEN,
    WITHIN,
    WITHIN_QUESTIONS,
    WITHIN_SIDES,
    WITHOUT,
    rank_correlations,
)

ARMS = ("bad-a", "good-a", "bad-b", "good-b", "bad-c", "good-c")


def made(rng: np.random.Generator, seeds: int = 2, questions: int = 6, samples: int = 8) -> pd.DataFrame:
    rows = [
        (arm, seed, q, n) for arm in ARMS for seed in range(seeds) for q in range(questions) for n in range(samples)
    ]
    table = pd.DataFrame(rows, columns=["arm", "seed", "question", "index"])
    table["family"] = table["arm"].str[-1]
    table["side"] = table["arm"].str.startswith("bad").map({True: "arm", False: "control"})
    return table


def test_a_number_that_knows_the_arm_alone_is_found_between_models_and_not_within_them() -> None:
    rng = np.random.default_rng(0)
    answers = made(rng)
    bad = answers["side"].eq("arm").to_numpy()
    answers["score"] = 60.0 * bad + rng.normal(size=len(answers)) * 10
    number = 1.0 * bad + rng.normal(size=len(answers)) * 0.3
    table, _ = rank_correlations(answers, np.stack([number, rng.normal(size=len(answers))]))
    r = table.set_index("level")["r"]
    assert r[ALL] > 0.7
    assert r[BETWEEN] > 0.7
    assert abs(r[WITHIN]) < 0.15
    assert abs(r[WITHIN_QUESTIONS]) < 0.15
    assert abs(r[WITHIN_SIDES]) < 0.7
    assert {level for level in r.index if level.startswith(WITHOUT)} == {f"{WITHOUT}{one}" for one in "abc"}
    within = table.set_index("level").to_dict("index")[WITHIN]
    assert within["low"] < 0 < within["high"]


def test_a_family_that_makes_the_correlation_is_shown_by_leaving_it_out() -> None:
    rng = np.random.default_rng(1)
    answers = made(rng)
    bad = answers["arm"].eq("bad-a").to_numpy()
    answers["score"] = 60.0 * bad + rng.normal(size=len(answers))
    number = 1.0 * bad + rng.normal(size=len(answers)) * 0.1
    r = rank_correlations(answers, number[None])[0].set_index("level")["r"]
    assert r[BETWEEN] > 0.5
    assert r[f"{WITHOUT}a"] < r[BETWEEN] - 0.2


def test_a_number_that_knows_the_answer_is_found_within_models_and_questions() -> None:
    rng = np.random.default_rng(2)
    answers = made(rng)
    known = rng.normal(size=len(answers))
    arm = pd.factorize(answers["arm"])[0]
    answers["score"] = known + 5 * arm
    table, of_all = rank_correlations(answers, np.stack([known - 5 * arm, rng.normal(size=len(answers))]))
    row = table.set_index("level").to_dict("index")[WITHIN_QUESTIONS]
    assert row["r"] == pytest.approx(1, abs=0.01)
    assert row["low"] > 0.9
    assert table.set_index("level")["r"][BETWEEN] < -0.9
    assert of_all.shape == (len(table), 2)
    assert abs(of_all[-1, 1]) < 0.2


def test_missing_scores_are_left_out_and_a_constant_has_no_correlation() -> None:
    rng = np.random.default_rng(3)
    answers = made(rng)
    answers["score"] = answers["arm"].map({arm: float(place) for place, arm in enumerate(ARMS)})
    number = rng.normal(size=len(answers))
    number[:10] = np.nan
    answers.loc[20:29, "score"] = np.nan
    table = rank_correlations(answers, number[None])[0].set_index("level")
    assert table["n"][ALL] == len(answers) - 20
    assert np.isfinite(table["r"][BETWEEN])
    assert np.isnan(table["r"][WITHIN_QUESTIONS])
    assert np.isnan(table["low"][WITHIN_QUESTIONS])
    empty, _ = rank_correlations(answers.assign(score=np.nan), number[None])
    assert empty["r"].isna().all()


def test_intervals_over_arms_and_questions_cover_no_correlation_where_answers_are_clustered() -> None:
    covered = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        answers = made(rng)
        arm, question = pd.factorize(answers["arm"])[0], answers["question"].to_numpy()
        both = [rng.normal(size=6)[arm] * 2 + rng.normal(size=6)[question] * 2 for _ in range(2)]
        noise = rng.normal(size=(2, len(answers)))
        answers["score"] = both[0] + noise[0]
        row = rank_correlations(answers, (both[1] + noise[1])[None], seed)[0].iloc[0]
        covered.append(row["low"] <= 0 <= row["high"])
    assert np.mean(covered) >= 0.75  # an interval for independent answers covers 0 in a few of them only


def test_corrected_p_of_a_family_is_rarely_small_by_chance_and_small_for_what_beats_all_nulls() -> None:
    rng = np.random.default_rng(5)
    kinds = ["random"] * 20
    small = [corrected_p(found[0], found[1:], kinds).min() < 0.05 for found in rng.normal(size=(300, 21, 30))]
    assert np.mean(small) < 0.09
    nulls = rng.normal(size=(20, 30)) * np.linspace(0.1, 10, 30)
    observed = np.zeros(30)
    observed[3] = 100.0
    found = corrected_p(observed, nulls, kinds)
    assert found[3] == pytest.approx(1 / 21)
    assert found[4] == 1
    assert np.isnan(corrected_p([np.nan, 1.0], nulls[:, :2], kinds)[0])
