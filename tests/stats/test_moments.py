"""Tests of the two moments of a training."""

import numpy as np
import pandas as pd

from askew.stats.moments import moments


def test_moments_are_the_first_epochs_that_reach_their_accuracy() -> None:
    curves = pd.DataFrame(
        {
            "network": ["b"] * 4 + ["a"] * 3,
            "epoch": [0, 10, 20, 30, 0, 10, 20],
            "train_accuracy": [0.1, 0.98, 0.99, 1.0, 0.0, 1.0, 1.0],
            "test_accuracy": [0.0, 0.2, 0.96, 0.9, 0.0, 0.0, 0.94],
        }
    )
    found = moments(curves)
    assert list(found["network"]) == ["b", "a"]
    assert found.iloc[0].to_dict() | {} == {
        **{"network": "b", "memorised": 20.0, "generalised": 20.0, "epochs": 30},
        **{"final_train": 1.0, "final_test": 0.9, "best_test": 0.96},
    }
    assert found.iloc[1]["memorised"] == 10
    assert np.isnan(found.iloc[1]["generalised"])


def test_no_networks_have_no_moments() -> None:
    assert moments(pd.DataFrame(columns=["network", "epoch", "train_accuracy", "test_accuracy"])).empty
