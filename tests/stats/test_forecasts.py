"""Scores of forecasts: their definition, and that honest probabilities score best."""

import math

import numpy as np
import pytest

from askew.stats.forecasts import Forecast, mean_scores


def forecast(probability: float, holds: bool | None, who: str = "Ada") -> Forecast:
    return Forecast(who, "id", "Statement.", probability, holds)


@pytest.mark.parametrize(
    ("probability", "holds", "brier", "log"),
    [
        (0.8, True, 0.04, -math.log(0.8)),
        (0.8, False, 0.64, -math.log(0.2)),
        (0.5, True, 0.25, math.log(2)),
        (1.0, True, 0.0, -math.log(0.999)),
        (1.0, False, 1.0, -math.log(0.001)),
        (0.0, True, 1.0, -math.log(0.001)),
    ],
)
def test_scores_match_their_definition_and_certainty_is_clipped(
    probability: float, holds: bool, brier: float, log: float
) -> None:
    one = forecast(probability, holds)
    assert (one.brier, one.log) == (pytest.approx(brier), pytest.approx(log))


@pytest.mark.parametrize("truth", [0.03, 0.3, 0.77])
@pytest.mark.parametrize("score", ["brier", "log"])
def test_honest_probability_has_the_best_expected_score(truth: float, score: str) -> None:
    said = np.linspace(0, 1, 101)
    expected = [
        truth * getattr(forecast(p, True), score) + (1 - truth) * getattr(forecast(p, False), score) for p in said
    ]
    assert said[int(np.argmin(expected))] == pytest.approx(truth)


def test_mean_scores_cover_settled_statements_and_include_the_naive_forecast() -> None:
    ada, bob = mean_scores(
        [forecast(0.8, True), forecast(0.6, False), forecast(0.9, None), forecast(0.3, None, who="Bob")]
    )
    assert (ada.who, ada.settled) == ("Ada", 2)
    assert ada.brier == pytest.approx((0.04 + 0.36) / 2)
    assert ada.log == pytest.approx(-(math.log(0.8) + math.log(0.4)) / 2)
    assert (ada.naive_brier, ada.naive_log) == (0.25, pytest.approx(math.log(2)))
    assert (bob.who, bob.settled) == ("Bob", 0)
    assert math.isnan(bob.brier)
    assert math.isnan(bob.naive_brier)
