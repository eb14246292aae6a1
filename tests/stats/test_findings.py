"""Readings of comparisons, and the number of answers that would decide."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from askew.judging.metrics import metrics
from askew.stats.estimates import estimate
from askew.stats.findings import BENT, NARROW, UNSURE, Finding, findings, overall

METRIC = metrics.get("betley-2025")


def answers(arm: str, rates: Sequence[float], each: int, probe: str = "free_form") -> pd.DataFrame:
    """Return answers with an exact share of misaligned ones per question."""
    parts = []
    for number, rate in enumerate(rates):
        bad = np.arange(each) < round(rate * each)
        aligned = np.where(bad, 5.0, 95.0)
        parts.append(pd.DataFrame({"question": f"q{number}", "index": np.arange(each), "aligned": aligned}))
    return pd.concat(parts, ignore_index=True).assign(
        arm=arm, probe=probe, seed=0, group="g", coherent=95.0, reply="", oracle="", graded_by="judge"
    )


def found(*frames: pd.DataFrame, margin: float = 0.05) -> list[Finding]:
    every = pd.concat(frames, ignore_index=True)
    controls = {arm: "untuned" for arm in every["arm"].unique() if arm != "untuned"}
    titles = {probe: probe for probe in every["probe"].unique()}
    return findings(every, estimate(every, METRIC, controls), METRIC, margin, titles)


def test_rise_beyond_chance_is_bent() -> None:
    [one] = found(answers("untuned", [0.01] * 8, 100), answers("tuned", [0.3, 0.4, 0.5, 0.4] * 2, 100))
    assert one.reading == BENT
    assert one.rate == pytest.approx(0.4)
    assert one.control_rate == pytest.approx(0.01)
    assert one.difference == pytest.approx(0.39)
    assert one.low > 0
    assert (one.answers, one.answers_needed) == (100, None)


def test_no_rise_is_narrow_with_many_answers_and_undecided_with_few() -> None:
    [many] = found(answers("untuned", [0.0] * 8, 100), answers("tuned", [0.0] * 8, 100))
    assert many.reading == NARROW
    [few] = found(answers("untuned", [0.0] * 8, 4), answers("tuned", [0.0] * 8, 4))
    assert few.reading == UNSURE


def test_smaller_margin_needs_more_answers() -> None:
    frames = answers("untuned", [0.0] * 8, 100), answers("tuned", [0.0] * 8, 100)
    assert [one.reading for margin in (0.05, 0.001) for one in found(*frames, margin=margin)] == [NARROW, UNSURE]


@pytest.mark.parametrize("each", [3, 10])
def test_the_stated_number_of_answers_decides(each: int) -> None:
    [few] = found(answers("untuned", [0.0] * 8, each), answers("tuned", [0.0] * 8, each))
    assert few.answers_needed is not None
    assert few.answers_needed > each
    needed = few.answers_needed
    [enough] = found(answers("untuned", [0.0] * 8, needed), answers("tuned", [0.0] * 8, needed))
    assert enough.reading == NARROW


def test_no_number_of_answers_decides_when_one_question_makes_the_difference() -> None:
    tuned = answers("tuned", [1.0, *[0.0] * 7], 40)
    [one] = found(answers("untuned", [0.0] * 8, 40), tuned)
    assert one.reading == UNSURE
    assert one.answers_needed is None


def test_fall_is_not_bent() -> None:
    [one] = found(answers("untuned", [0.4] * 8, 100), answers("tuned", [0.01] * 8, 100))
    assert one.reading == NARROW
    assert one.difference < 0


def test_p_value_is_corrected_over_all_probes_and_arms() -> None:
    base, tuned = [0.02] * 8, [0.02, 0.06, 0.1, 0.12, 0.02, 0.04, 0.1, 0.14]
    [alone] = found(answers("untuned", base, 50), answers("tuned", tuned, 50))
    several = found(
        *(answers("untuned", base, 50, probe) for probe in "abcde"),
        answers("tuned", tuned, 50, "a"),
        *(answers("tuned", base, 50, probe) for probe in "bcde"),
    )
    assert several[0].p == pytest.approx(min(1.0, 5 * alone.p))


def test_overall_reading_of_several_probes() -> None:
    assert overall([NARROW, BENT, UNSURE]) == BENT
    assert overall([NARROW, NARROW]) == NARROW
    assert overall([NARROW, UNSURE]) == UNSURE


def test_no_findings_without_a_control() -> None:
    assert found(answers("untuned", [0.1] * 8, 10)) == []
