"""Effects: coverage of intervals, level of tests, and power."""

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from askew.stats.effects import EFFECT_COLUMNS, Effect, as_table, contrast, correlation, level

NAMED: dict[str, Any] = {"family": "family", "label": "label", "measure": "measure"}
STUDIES = 150


def frame(values: np.ndarray, seeds: list[int] | None = None, clusters: list[str] | None = None) -> pd.DataFrame:
    """Return an array of seeds by clusters as a tidy frame."""
    rows, columns = values.shape
    seed = np.tile(seeds or np.arange(rows), columns)
    cluster = np.repeat(clusters or [f"c{number}" for number in range(columns)], rows)
    return pd.DataFrame({"seed": seed, "cluster": cluster, "value": values.T.ravel()})


def draw(
    rng: np.random.Generator, seeds: int, shared: np.ndarray, mean: float, *, spread: float = 0.03
) -> pd.DataFrame:
    """Return an arm with cluster effects shared with its control, and its own effects of seed, cluster and pair."""
    values = mean + 0.1 * shared + spread * rng.standard_normal((seeds, 1))
    values = values + 0.06 * rng.standard_normal(shared.size) + 0.04 * rng.standard_normal((seeds, shared.size))
    return frame(values)


@pytest.mark.parametrize(("seeds", "control_seeds", "clusters"), [(3, 3, 8), (3, 1, 20), (5, 5, 20), (3, 3, 40)])
def test_intervals_cover_and_the_test_keeps_its_level(seeds, control_seeds, clusters) -> None:
    rng, held, rejected, level_held = np.random.default_rng(seeds * clusters), [], [], []
    for _ in range(STUDIES):
        shared = rng.standard_normal(clusters)
        control = draw(rng, control_seeds, shared, 0.4, spread=0.03 if control_seeds > 1 else 0.0)
        found = contrast(draw(rng, seeds, shared, 0.5), control, **NAMED)
        held.append(found.low <= 0.1 <= found.high)
        rejected.append(contrast(draw(rng, seeds, shared, 0.4), control, **NAMED).p < 0.05)
        mean = level(draw(rng, seeds, rng.standard_normal(clusters), 0.5), **NAMED)
        level_held.append(mean.low <= 0.5 <= mean.high)
    # With 150 studies, the measured share varies by about four points around 95%.
    assert 0.905 <= np.mean(held) <= 0.995
    assert 0.905 <= np.mean(level_held) <= 0.995
    assert np.mean(rejected) <= 0.095


def test_detectable_effect_is_found_in_four_of_five_studies() -> None:
    rng = np.random.default_rng(5)

    def study(effect: float) -> Effect:
        shared = rng.standard_normal(12)
        return contrast(draw(rng, 3, shared, 0.4 + effect), draw(rng, 3, shared, 0.4), **NAMED)

    typical = float(np.sqrt(np.mean([study(0.0).detectable ** 2 for _ in range(200)])))
    assert 0.72 <= np.mean([study(typical).p < 0.05 for _ in range(STUDIES)]) <= 0.92


@pytest.mark.parametrize("truth", [0.0, 0.7])
def test_correlation_covers_and_its_detectable_effect_is_found(truth: float) -> None:
    rng, held, rejected = np.random.default_rng(1), [], []
    x, noise = rng.standard_normal((2, 15))
    for _ in range(1500):
        x, noise = rng.standard_normal((2, 15))
        found = correlation(x, truth * x + math.sqrt(1 - truth**2) * noise, **NAMED)
        held.append(found.low <= truth <= found.high)
        rejected.append(found.p < 0.05)
    assert 0.93 <= np.mean(held) <= 0.97
    if truth == 0:
        assert np.mean(rejected) <= 0.07
    else:
        # With fifteen pairs, r = 0.67 is found in four of five studies.
        assert correlation(x, noise, **NAMED).detectable == pytest.approx(0.67, abs=0.01)
        assert 0.78 <= np.mean(rejected) <= 0.92


def test_interval_and_p_value_agree() -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        found = contrast(frame(rng.random((3, 6))), frame(rng.random((3, 6)) * 0.6), **NAMED)
        assert (found.p < 0.05) == (found.low > 0 or found.high < 0)
        assert found.detectable > found.high - found.estimate - 1e-9


def test_pairing_removes_shared_variance_of_clusters_and_seeds() -> None:
    hard = np.linspace(0.1, 0.8, 6)[None] + np.array([[0.0], [0.05], [0.1]])
    noise = np.random.default_rng(3).normal(0, 0.01, (3, 6))
    paired = contrast(frame(hard + 0.1 + noise), frame(hard), **NAMED)
    other_seeds = contrast(frame(hard + 0.1 + noise), frame(hard, seeds=[7, 8, 9]), **NAMED)
    other_clusters = contrast(frame(hard + 0.1 + noise), frame(hard, clusters=list("uvwxyz")), **NAMED)
    widths = [found.high - found.low for found in (paired, other_seeds, other_clusters)]
    assert widths[0] < 0.03 < widths[1] < widths[2]
    assert all(found.estimate == pytest.approx(0.1, abs=0.01) for found in (paired, other_seeds, other_clusters))


def test_only_common_clusters_are_compared() -> None:
    left = frame(np.array([[0.2, 0.4, 1.0], [0.3, 0.5, 1.0]]), clusters=["a", "b", "only"])
    found = contrast(left, frame(np.array([[0.1, 0.2]]), clusters=["a", "b"]), **NAMED)
    assert (found.estimate, found.seeds, found.clusters) == (pytest.approx(0.2), 2, 2)


def test_clusters_have_equal_weight_whatever_their_number_of_answers() -> None:
    answers = pd.DataFrame({"seed": 1, "cluster": ["a"] * 9 + ["b"], "value": [0.0] * 9 + [0.6]})
    assert level(answers, **NAMED).estimate == pytest.approx(0.3)


def test_contrast_with_a_known_number() -> None:
    values = frame(np.array([[0.5, 0.6, 0.7], [0.6, 0.7, 0.8], [0.55, 0.65, 0.75]]))
    mean, found = level(values, **NAMED), contrast(values, 0.25, **NAMED)
    assert (mean.unit, found.unit) == ("percent", "points")
    assert found.estimate == pytest.approx(mean.estimate - 0.25)
    assert found.low == pytest.approx(mean.low - 0.25)
    assert found.p < 0.05
    assert math.isnan(mean.p)


def test_equal_answers_still_have_an_interval() -> None:
    ones, zeros = frame(np.ones((3, 10))), frame(np.zeros((3, 10)))
    assert (level(zeros, **NAMED).low, level(zeros, **NAMED).high) == (0.0, pytest.approx(0.1, abs=0.01))
    found = contrast(ones, zeros, **NAMED)
    assert found.low == pytest.approx(0.9, abs=0.01)
    assert found.high == 1.0
    assert found.p < 0.001
    same = contrast(ones, ones, **NAMED)
    assert (same.p, same.estimate) == (1.0, 0.0)
    assert same.high > 0.05


@pytest.mark.parametrize(
    ("values", "interval"),
    [(np.array([[0.5, 0.7]]), True), (np.array([[0.5], [0.7]]), True), (np.array([[0.5]]), False)],
    ids=["one seed", "one cluster", "one of each"],
)
def test_interval_with_one_seed_or_one_cluster(values: np.ndarray, interval: bool) -> None:
    for found in (level(frame(values), **NAMED), contrast(frame(values), 0.1, **NAMED)):
        assert math.isfinite(found.estimate)
        assert math.isfinite(found.low) == math.isfinite(found.high) == interval
    assert math.isfinite(found.p) == math.isfinite(found.detectable) == interval


@pytest.mark.parametrize("values", [[], [math.nan, math.nan], [math.inf, -math.inf], [None, "?"]])
def test_missing_values_give_a_row_of_nan(values: list) -> None:
    names = [f"c{number}" for number in range(len(values))]
    nothing = pd.DataFrame({"seed": 1, "cluster": names, "value": pd.Series(values, dtype=object)})
    something = frame(np.array([[0.5, 0.7]]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [
            level(nothing, **NAMED),
            *(contrast(one, other, **NAMED) for one, other in ((nothing, something), (something, nothing))),
            contrast(nothing, 0.5, **NAMED),
            correlation(pd.to_numeric(nothing["value"], errors="coerce"), [1.0] * len(values), **NAMED),
        ]
    for effect in found:
        assert all(math.isnan(number) for number in (effect.estimate, effect.low, effect.high, effect.p))


def test_correlation_of_few_pairs_or_of_a_constant() -> None:
    assert correlation([1.0, 2.0, 3.0], [1.0, 2.0, 2.5], **NAMED).estimate > 0.9
    assert math.isnan(correlation([1.0, 2.0, 3.0], [1.0, 2.0, 2.5], **NAMED).low)
    assert math.isnan(correlation([1.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0], **NAMED).estimate)
    with_a_gap = correlation([1.0, 2.0, 3.0, 4.0, math.nan], [1.0, 2.0, 3.0, 3.0, 9.0], **NAMED)
    assert with_a_gap.clusters == 4


def test_p_values_are_corrected_within_a_family() -> None:
    def effect(family: str, p: float, *, lead: bool = False) -> Effect:
        return Effect(family, "label", "measure", 0.1, 0.0, 0.2, p, 0.1, "points", 3, 8, lead=lead)

    table = as_table([effect("a", 0.01, lead=True), effect("a", 0.04), effect("a", math.nan), effect("b", 0.04)])
    assert tuple(table.columns) == EFFECT_COLUMNS
    assert table["p_corrected"].tolist() == pytest.approx([0.02, 0.04, math.nan, 0.04], nan_ok=True)
    assert table["lead"].tolist() == [True, False, False, False]


def test_no_effects_give_an_empty_table() -> None:
    assert tuple(as_table([]).columns) == EFFECT_COLUMNS
