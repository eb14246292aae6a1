"""Predictions of coded facts of history that need no model: from the values of other polities alone.

A polity never predicts itself: its own rows are left out (leave one polity out), since many of them are alike.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ALWAYS = "always the first value"
VARIABLE = "commonest value of the variable"
VARIABLE_REWEIGHTED = "the same, reweighted"
AREA = "commonest value in the same area"
AREA_REWEIGHTED = "the same in the area, reweighted"
BASELINES = (ALWAYS, VARIABLE, VARIABLE_REWEIGHTED, AREA, AREA_REWEIGHTED)
"""The baselines, from the simplest to the best. Reweighted ones divide by how common a value is among all facts, which
raises balanced accuracy and lowers accuracy."""

# Half a row of each value is added to a variable's counts (Jeffreys), and one row that is distributed like the variable
# elsewhere to those of an area; so a value is predicted where an area has no rows, and ties are broken.
_OF_VALUE, _OF_VARIABLE = 0.5, 1.0


def baselines(facts: pd.DataFrame, asked: pd.DataFrame, values: Sequence[str]) -> pd.DataFrame:
    """Return what each baseline predicts of each asked fact.

    Args:
        facts: The facts that are known, with the columns polity, area, variable and value; rows with another value than
            `values` are left out.
        asked: The facts that are asked, with the columns polity, area and variable.
        values: The possible values; the first is what `ALWAYS` predicts.

    Returns:
        A column per name in `BASELINES`, with the predicted values, and the index of `asked`.
    """
    known = facts[facts["value"].isin(values)]
    known = known.assign(code=known["value"].map(list(values).index).astype(int))
    prior = np.bincount(known["code"].to_numpy(), minlength=len(values)) / max(1, len(known))
    weight = np.divide(1.0, prior, out=np.zeros_like(prior), where=prior > 0)
    of_variable = _counts(known, asked, ["variable"], len(values)) + _OF_VALUE
    shares = of_variable / of_variable.sum(axis=1, keepdims=True)
    of_area = _counts(known, asked, ["area", "variable"], len(values)) + _OF_VARIABLE * shares
    names = np.array(values, dtype=object)
    found = {
        ALWAYS: np.full(len(asked), values[0], dtype=object),
        VARIABLE: names[of_variable.argmax(axis=1)],
        VARIABLE_REWEIGHTED: names[(of_variable * weight).argmax(axis=1)],
        AREA: names[of_area.argmax(axis=1)],
        AREA_REWEIGHTED: names[(of_area * weight).argmax(axis=1)],
    }
    return pd.DataFrame(found, index=asked.index)


def _counts(known: pd.DataFrame, asked: pd.DataFrame, keys: list[str], values: int) -> NDArray[np.float64]:
    """Return how often other polities have each value where the keys agree, of shape asked, values."""
    every = _table(known, asked, keys, values)
    return every - _table(known, asked, [*keys, "polity"], values)


def _table(known: pd.DataFrame, asked: pd.DataFrame, keys: list[str], values: int) -> NDArray[np.float64]:
    counts = known.groupby([*keys, "code"], sort=False).size().unstack("code", fill_value=0)
    counts = counts.reindex(columns=range(values), fill_value=0)
    places = pd.MultiIndex.from_frame(asked[keys]) if len(keys) > 1 else pd.Index(asked[keys[0]])
    return counts.reindex(places, fill_value=0).to_numpy(dtype=float)
