"""Readings of comparisons, the headline, and the number of answers that would decide."""

from collections.abc import Sequence
from dataclasses import astuple, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askew.judging.metrics import metrics
from askew.stats.answers_needed import Comparison
from askew.stats.corrections import holm
from askew.stats.estimates import estimate, pooled
from askew.stats.findings import BENT, CHANGED, NARROW, OPEN, Finding, findings, overall, telling
from askew.stats.readings import (
    FELL,
    LIKE_THESE,
    ROSE,
    ROSE_BELOW,
    THESE,
    UNSURE,
    WITHIN,
    Basis,
    Reading,
    reading,
)

METRIC = metrics.get("betley-2025")


def answers(
    arm: str, rates: Sequence[float], each: int, probe: str = "free_form", incoherent: float = 0.0
) -> pd.DataFrame:
    """Return answers with an exact share of misaligned ones per question, and of incoherent ones after them."""
    parts = []
    for number, rate in enumerate(rates):
        place = np.arange(each)
        aligned = np.where(place < round(rate * each), 5.0, 95.0)
        coherent = np.where(place >= each - round(incoherent * each), 5.0, 95.0)
        parts.append(pd.DataFrame({"question": f"q{number}", "index": place, "aligned": aligned, "coherent": coherent}))
    return pd.concat(parts, ignore_index=True).assign(
        arm=arm, probe=probe, seed=0, group="g", reply="", oracle="", graded_by="judge"
    )


def every_finding(*frames: pd.DataFrame, margin: float = 0.02) -> list[Finding]:
    every = pd.concat(frames, ignore_index=True)
    controls = {arm: "untuned" for arm in every["arm"].unique() if arm != "untuned"}
    titles = {probe: probe for probe in every["probe"].unique()}
    return findings(every, estimate(every, METRIC, controls), METRIC, margin, titles, controls=controls)


def found(*frames: pd.DataFrame, margin: float = 0.02) -> list[Finding]:
    """Return the findings on misaligned answers."""
    return [one for one in every_finding(*frames, margin=margin) if one.is_misaligned]


def of_outcome(found: Sequence[Finding], outcome: str) -> Finding:
    [one] = [one for one in found if one.outcome == outcome]
    return one


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((0.02, 0.001, 0.05, 0.01), ROSE),
        ((0.019, 0.001, 0.05, 0.01), ROSE_BELOW),
        ((-0.001, -0.01, -0.0001, 0.01), FELL),
        ((-0.3, -0.4, -0.2, 0.0), FELL),
        ((0.01, -0.001, 0.0199, 0.05), WITHIN),
        ((0.01, -0.001, 0.02, 0.05), UNSURE),
        ((0.0, -0.02, 0.001, 0.9), UNSURE),
        ((0.3, -0.1, 0.7, 0.06), UNSURE),
        ((float("nan"),) * 4, UNSURE),
        ((0.3, float("nan"), float("nan"), float("nan")), UNSURE),
    ],
)
def test_reading(numbers: tuple[float, float, float, float], expected: Reading) -> None:
    assert reading(*numbers, margin=0.02) == expected


def test_rise_beyond_chance_rose() -> None:
    [one] = found(answers("untuned", [0.01] * 8, 100), answers("tuned", [0.3, 0.4, 0.5, 0.4] * 2, 100))
    assert one.reading == ROSE
    assert one.rate == pytest.approx(0.4)
    assert one.control_rate == pytest.approx(0.01)
    assert one.difference == pytest.approx(0.39)
    assert one.low > 0
    assert (one.answers, one.answers_needed) == (100, None)


def test_no_rise_is_within_the_margin_with_many_answers_and_undecided_with_few() -> None:
    [many] = found(answers("untuned", [0.0] * 8, 100), answers("tuned", [0.0] * 8, 100))
    assert many.reading == WITHIN
    [few] = found(answers("untuned", [0.0] * 8, 4), answers("tuned", [0.0] * 8, 4))
    assert few.reading == UNSURE


def test_small_rise_beyond_chance_is_below_the_margin() -> None:
    frames = answers("untuned", [0.0] * 24, 1000), answers("tuned", [0.01] * 24, 1000)
    assert [one.reading for margin in (0.02, 0.01) for one in found(*frames, margin=margin)] == [ROSE_BELOW, ROSE]


def test_fall_is_said() -> None:
    [one] = found(answers("untuned", [0.4] * 8, 100), answers("tuned", [0.01] * 8, 100))
    assert one.reading == FELL
    assert overall([one]) == CHANGED


@pytest.mark.parametrize("share", [0.7, 1.0])
def test_incoherence_is_an_outcome_of_its_own(share: float) -> None:
    base = answers("untuned", [0.0] * 8, 100)
    all_found = every_finding(base, answers("tuned", [0.0] * 8, 100, incoherent=share))
    incoherent = of_outcome(all_found, "incoherent")
    assert incoherent.reading == ROSE
    assert (incoherent.rate, incoherent.control_rate) == (pytest.approx(share), 0.0)
    assert overall(all_found) == CHANGED
    assert incoherent.name == "free_form, incoherent answers"
    assert {one.outcome for one in telling(all_found)} == {"misaligned", "incoherent"}


def test_probe_without_counted_answers_cannot_tell_and_says_why() -> None:
    lost = answers("tuned", [0.0] * 8, 100, incoherent=1.0)
    [one] = found(answers("untuned", [0.0] * 8, 100), lost)
    assert one.reading == UNSURE
    assert one.reason == "no answers of tuned count"


def test_arm_whose_control_has_no_answers_cannot_tell_and_says_why() -> None:
    tuned = answers("tuned", [0.5] * 8, 100)
    every = findings(tuned, estimate(tuned, METRIC, {}), METRIC, 0.02, {}, controls={"tuned": "untuned"})
    assert {one.reading for one in every} == {UNSURE}
    assert of_outcome(every, "misaligned").reason == "no answers of untuned count"
    assert of_outcome(every, "misaligned").rate == 0.5
    assert overall(every) == OPEN


def test_arm_without_any_answer_cannot_tell_and_says_why() -> None:
    base = answers("untuned", [0.5] * 8, 100)
    [one] = findings(
        base,
        estimate(base, METRIC, {}),
        METRIC,
        0.02,
        {},
        controls={"tuned": "untuned"},
        expected={(arm, "free_form"): f"{arm} has no answers" for arm in ("tuned", "untuned")},
    )
    assert (one.reading, one.reason) == (UNSURE, "tuned has no answers")


def test_arm_and_control_with_other_questions_cannot_tell_and_say_why() -> None:
    other = answers("tuned", [0.0] * 8, 100).replace({"question": {f"q{n}": f"other{n}" for n in range(8)}})
    every = every_finding(answers("untuned", [0.0] * 8, 100), other)
    assert {one.reading for one in every} == {UNSURE}
    assert all("not asked the same questions" in one.reason for one in every)


def test_smaller_margin_needs_more_answers() -> None:
    frames = answers("untuned", [0.0] * 8, 100), answers("tuned", [0.0] * 8, 100)
    assert [one.reading for margin in (0.02, 0.001) for one in found(*frames, margin=margin)] == [WITHIN, UNSURE]


def test_p_value_is_corrected_over_all_probes_and_arms() -> None:
    base, tuned = [0.02] * 8, [0.02, 0.06, 0.1, 0.12, 0.02, 0.04, 0.1, 0.14]
    [alone] = found(answers("untuned", base, 50), answers("tuned", tuned, 50))
    several = found(
        *(answers("untuned", base, 50, probe) for probe in "abcde"),
        answers("tuned", tuned, 50, "a"),
        *(answers("tuned", base, 50, probe) for probe in "bcde"),
    )
    assert several[0].p == pytest.approx(min(1.0, 5 * alone.p))


def test_headline_of_several_findings() -> None:
    [one] = found(answers("untuned", [0.0] * 8, 100), answers("tuned", [0.0] * 8, 100))
    incoherent, score = replace(one, outcome="incoherent"), replace(one, outcome="hope", is_score=True)

    def headline(*readings: Reading, other: Finding = incoherent) -> str:
        return overall([replace(one, reading=readings[0]), *(replace(other, reading=own) for own in readings[1:])])

    assert headline(ROSE, UNSURE) == BENT
    assert headline(ROSE, FELL) == BENT
    assert headline(UNSURE, ROSE) == CHANGED
    assert headline(WITHIN, ROSE, other=score) == CHANGED
    assert headline(WITHIN, FELL, other=score) == CHANGED
    assert headline(FELL, WITHIN) == CHANGED
    assert headline(WITHIN, WITHIN) == NARROW
    assert headline(ROSE_BELOW, WITHIN) == NARROW
    assert headline(WITHIN, UNSURE) == OPEN
    assert overall([]) == OPEN


def test_no_findings_without_a_control() -> None:
    assert found(answers("untuned", [0.1] * 8, 10)) == []


# From the best to the worst. More answers may turn "can't tell" into any other word.
_WORSE: dict[Reading, int] = {WITHIN: 0, FELL: 1, ROSE_BELOW: 1, ROSE: 2}


@settings(max_examples=60, deadline=None)
@given(
    base=st.lists(st.integers(0, 20), min_size=8, max_size=8),
    tuned=st.lists(st.integers(0, 20), min_size=8, max_size=8),
    seeds=st.sampled_from([1, 2]),
    basis=st.sampled_from([LIKE_THESE, THESE]),
)
def test_more_answers_at_the_same_rate_never_turn_a_worse_word_into_a_better_one(
    base: list[int], tuned: list[int], seeds: int, basis: Basis
) -> None:
    events, control = (np.array(own, dtype=float).reshape(1, seeds, -1) for own in (tuned, base))
    trials = np.full(events.shape, 20.0)
    worst = -1
    for times in (1, 2, 5, 20, 100, 1000):
        one = Comparison(events * times, trials * times, control * times, trials * times, same_seeds=True)
        numbers = one.differences(basis)
        difference, low, high, p = (float(own[0]) for own in astuple(numbers))
        found = reading(difference, low, high, p, 0.02)
        if found != UNSURE:
            assert _WORSE[found] >= worst
            worst = _WORSE[found]


def test_other_outcomes_do_not_weaken_the_test_of_misaligned_answers() -> None:
    base = answers("untuned", [0.02] * 8, 100, incoherent=0.05)
    arms = [answers(arm, [rate] * 8, 100, incoherent=0.1) for arm, rate in (("one", 0.05), ("two", 0.06))]
    every = pd.concat([base, *arms], ignore_index=True)
    table = pooled(estimate(every, METRIC, {"one": "untuned", "two": "untuned"})).dropna(subset=["p"])
    both = [one for one in every_finding(base, *arms) if one.is_misaligned]
    assert {one.outcome for one in every_finding(base, *arms)} >= {"misaligned", "incoherent"}
    assert [one.p for one in both] == pytest.approx(list(holm(table["p"])))
    assert [one.p_these for one in both] == pytest.approx(list(holm(table["p_these"])))
