"""Results become plain JSON values."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from askew.base.json_values import plain


@dataclass
class Rate:
    arm: str
    rate: float
    inner: "tuple[Rate, ...]" = ()


def test_values_that_json_lacks_become_plain() -> None:
    found = {
        1: Rate("a", float("nan"), (Rate("b", 0.5),)),
        "counts": [np.int64(3), np.float64(0.25), np.float64("inf"), np.bool_(True)],
        "path": Path("runs") / "one",
        "rows": pd.DataFrame({"rate": [0.5, float("nan")]}),
        "named": pd.DataFrame({"rate": [0.5]}, index=["a"]),
    }
    assert json.loads(json.dumps(plain(found), allow_nan=False)) == {
        "1": {"arm": "a", "rate": None, "inner": [{"arm": "b", "rate": 0.5, "inner": []}]},
        "counts": [3, 0.25, None, True],
        "path": "runs/one",
        "rows": [{"rate": 0.5}, {"rate": None}],
        "named": {"a": {"rate": 0.5}},
    }
