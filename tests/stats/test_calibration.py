import numpy as np
import pandas as pd
import pytest

from askew.stats.calibration import brier, calibration_error, reliability, selective


def test_brier_scores() -> None:
    shares = pd.DataFrame({"a": [1.0, 0.25, 0.0, np.nan], "b": [0.0, 0.25, 1.0, np.nan], "c": [0, 0.25, 0, np.nan]})
    shares["d"] = shares["c"]
    found = brier(shares, pd.Series(["a", "a", "a", "a"]))
    assert found.tolist()[:3] == pytest.approx([0.0, 0.75, 2.0])
    assert np.isnan(found.iloc[3])


def test_a_calibrated_forecaster_has_a_small_error_and_a_boaster_a_large_one() -> None:
    rng = np.random.default_rng(0)
    confidence = pd.Series(rng.uniform(0.25, 1, 5000))
    right = pd.Series(rng.random(5000) < confidence)
    table = reliability(confidence, right)
    assert calibration_error(table) < 0.03
    assert table["n"].sum() == 5000
    assert ((table["low"] <= table["right"]) & (table["right"] <= table["high"])).all()
    boast = reliability(pd.Series([0.99] * 100), pd.Series([True] * 50 + [False] * 50))
    assert calibration_error(boast) == pytest.approx(0.49)
    assert np.isnan(calibration_error(reliability(pd.Series([np.nan]), pd.Series([True]))))


def test_selective_accuracy_rises_where_confidence_means_something() -> None:
    confidence = pd.Series([0.9, 0.3, 0.8, np.nan])
    right = pd.Series([True, False, True, False])
    found = selective(confidence, right, (0.5, 1.0))
    assert found["right"].tolist() == [1.0, 0.5]
    assert found["n"].tolist() == [2, 4]
    assert selective(confidence[:0], right[:0], (0.5,)).empty
