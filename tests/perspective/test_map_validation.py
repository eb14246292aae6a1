"""Validation: planted stance is found again by scorers that know it, and not by those that do not."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from askew.perspective.axis import axis
from askew.perspective.planted import FORMS, NEUTRAL, neutral_text, planted
from askew.perspective.scorers import NO_EVIDENCE, Scored, Setting, scorers
from askew.perspective.segments import Segment
from askew.perspective.summary import compared_cuts, figures, markers, spearman
from askew.perspective.validation import ALL, ALL_AS_ZERO, Validation, compare, validate, with_interval

TEXTS = 6
LEVELS = {one.text: one.level for one in planted(TEXTS)}


class Oracle:
    """Returns the planted level, which it knows by the text."""

    def __call__(self, texts: Sequence[str]) -> list[Scored]:
        return [Scored(40.0 * LEVELS[text]) for text in texts]


class Chance:
    """Returns a number that has nothing to do with the text."""

    def __init__(self) -> None:
        self._rng = random.Random(3)

    def __call__(self, texts: Sequence[str]) -> list[Scored]:
        return [Scored(self._rng.uniform(-100, 100)) for _ in texts]


class Silent:
    """Finds no evidence anywhere."""

    def __call__(self, texts: Sequence[str]) -> list[Scored]:
        return [NO_EVIDENCE for _ in texts]


@pytest.fixture(scope="module")
def lexicon() -> Validation:
    scorer = scorers.get("lexicon")
    return validate("lexicon", scorer.make(Setting(axis("risk-opportunity"))), 12, is_quick=scorer.is_quick)


def test_planted_texts_have_every_form_and_balanced_levels() -> None:
    found = planted(4)
    assert {one.form for one in found} == set(FORMS)
    for number in range(4):
        levels = [one.level for one in found if one.document == number]
        assert sorted(levels) == [-2] * 3 + [-1] * 3 + [0] * 3 + [1] * 3 + [2] * 3
    assert all(one.level == 0 for one in found if one.form == NEUTRAL)
    assert all(150 < len(one.text.split()) < 230 for one in found)
    assert planted(4) == found
    assert planted(4, seed=1) != found


def test_forms_are_worded_as_they_say() -> None:
    found = planted(8)
    texts = {form: " ".join(one.text for one in found if one.form == form) for form in FORMS}
    assert "“" in texts["quoted"]
    assert "Critics say that" in texts["reported"]
    assert not set(".,!?“A") & set(texts["mis-heard"])
    assert "{" not in "".join(texts.values())
    assert neutral_text(1) != neutral_text(2)


def test_a_scorer_that_knows_the_stance_is_validated_without_fault() -> None:
    found = validate("oracle", Oracle(), TEXTS)
    assert found.correlation[0] == pytest.approx(1)
    assert found.table.set_index("form").loc[ALL, "kappa"] == pytest.approx(1)
    assert (found.table["coverage"] == 1).all()
    assert found.warning == ""
    assert abs(found.shuffled[0]) < 0.05
    assert found.shuffled[1] < 0 < found.shuffled[2]


def test_a_scorer_by_chance_is_warned_of() -> None:
    found = validate("chance", Chance(), TEXTS)
    assert abs(found.correlation[0]) < 0.3
    assert "was not seen to follow the stance" in found.warning


def test_a_scorer_without_evidence_has_no_correlation_and_no_coverage() -> None:
    found = validate("silent", Silent(), 2)
    assert np.isnan(found.correlation[0])
    assert (found.table.loc[found.table["form"] != ALL_AS_ZERO, "coverage"] == 0).all()
    assert "gives no two scores" in found.warning


def test_the_lexicon_follows_plain_stance_and_is_turned_around_by_sarcasm(lexicon: Validation) -> None:
    rows = {row["form"]: row for row in lexicon.table.to_dict("records")}
    assert rows["plain"]["correlation_low"] > 0.5
    assert rows["reported"]["correlation_low"] > 0.5
    assert rows["sarcastic"]["correlation_high"] < 0
    assert rows["mis-heard"]["coverage"] < rows["plain"]["coverage"]
    assert lexicon.neutral < 0.2
    assert lexicon.stability is not None
    assert 0.3 < lexicon.stability.same_band < 1


def test_two_scorers_are_compared_on_the_segments_that_both_read(lexicon: Validation) -> None:
    oracle = validate("oracle", Oracle(), TEXTS)
    found = compare(lexicon, oracle)
    assert found.segments == len(oracle.scores)
    assert found.both == lexicon.scores["score"][: found.segments].notna().sum()
    assert found.correlation[1] < found.correlation[0] < found.correlation[2]
    same = compare(oracle, oracle)
    assert same.correlation[0] == pytest.approx(1)
    assert same.kappa[0] == pytest.approx(1)


def test_intervals_cover_the_correlation_of_other_texts() -> None:
    rng, texts = np.random.default_rng(0), np.repeat(np.arange(16), 12)

    def drawn(each: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        level = rng.integers(-2, 3, len(each))
        return level + rng.normal(0, 1.5, each.max() + 1)[each] + rng.normal(0, 1, len(each)), level

    true = spearman(*drawn(np.repeat(np.arange(4_000), 12)))
    limits = [with_interval(texts, *drawn(texts), spearman, seed, resamples=120)[1:] for seed in range(80)]
    covered = sum(low <= true <= high for low, high in limits)
    assert covered >= 68  # 85% of 80, where 95% are meant


def test_figures_leave_out_segments_without_evidence_or_count_them_as_zero() -> None:
    nan = float("nan")
    found = figures([-50, nan, 20, nan, 0])
    assert (found.n, found.scored, found.median, found.lowest, found.highest) == (5, 3, 0, -50, 20)
    assert (found.low, found.middle, found.high) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    zero = figures([-50, nan, 20, nan, 0], as_zero=True)
    assert (zero.scored, zero.mean) == (5, -6)
    assert zero.low == pytest.approx(0.2)
    assert markers([nan, -50, 20, 0]).__dict__ == {"lowest": 2, "median": 4, "highest": 3}
    assert markers([nan]).lowest is None
    assert figures([nan]).scored == 0


def test_two_cuts_are_compared_word_by_word() -> None:
    nan = float("nan")
    one = [Segment("", "", 0, 100, nan, nan), Segment("", "", 100, 100, nan, nan)]
    other = [Segment("", "", 0, 150, nan, nan), Segment("", "", 150, 50, nan, nan)]
    assert compared_cuts(one, [50, -50], one, [50, -50]).same_band == 1
    assert compared_cuts(one, [50, -50], other, [50, -50]).same_band == 0.75
    assert compared_cuts(one, [50, nan], other, [50, nan]).same_band == 0.75


def test_rank_correlation_is_that_of_scipy() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 5, 50), rng.integers(0, 5, 50)
    assert spearman(first, second) == pytest.approx(np.asarray(spearmanr(first, second))[0])
    assert np.isnan(spearman(np.ones(5), np.arange(5)))
