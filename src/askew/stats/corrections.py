"""The significance level of every test in Askew, and the correction of p-values for families of comparisons."""

import numpy as np
import pandas as pd

ALPHA = 0.05
"""The significance level: a difference or effect whose corrected p-value is below it is beyond chance."""


def holm(p: pd.Series) -> pd.Series:
    """Return the p-values of one family of tests, corrected by Holm's step-down method.

    The probability of rejecting any true null hypothesis of the family stays below the level, however the tests depend
    on each other (Holm 1979, *Scandinavian Journal of Statistics* 6).

    Args:
        p: P-values, 0-1. A missing one (NaN) stays missing and does not count as a test.

    Returns:
        Corrected p-values, 0-1, on the same index.
    """
    # Not statsmodels' `multipletests`: it collects garbage in each call, which takes 0.3 s in a process of this size.
    ascending = p.dropna().sort_values()
    remaining = np.arange(len(ascending), 0, -1)
    stepped = np.maximum.accumulate(ascending.to_numpy(dtype=float) * remaining)
    return pd.Series(np.minimum(stepped, 1.0), index=ascending.index, dtype=float).reindex(p.index)
