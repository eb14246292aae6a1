"""Empirical p-values: a figure beside the same figure of directions, labels or models that mean nothing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def empirical_p(observed: float, nulls: ArrayLike, around: float = 0.0) -> float:
    """Return the share of nulls at least as far from the middle as an observed figure, which counts among them.

    So p is never 0: with 41 nulls, it is at least 1/42 (Phipson & Smyth 2010, Statistical Applications in Genetics and
    Molecular Biology 9).

    Args:
        observed: The figure.
        nulls: The same figure of each null, of shape nulls; NaN are left out.
        around: The figure where there is no effect, such as 0 for a difference and 0.5 for an AUC.

    Returns:
        A number above 0, up to 1; NaN if the observed figure is NaN or there is no null.
    """
    values = np.asarray(nulls, dtype=float)
    values = values[~np.isnan(values)]
    if np.isnan(observed) or not len(values):
        return float("nan")
    # Figures that are equal but for rounding are ties.
    far = np.abs(values - around) >= abs(observed - around) * (1 - 1e-9)
    return float((1 + far.sum()) / (1 + len(values)))


def largest_p(observed: float, nulls: ArrayLike, kinds: Sequence[str], around: float = 0.0) -> float:
    """Return the largest of the empirical p-values against each kind of null by itself.

    Kinds of nulls spread differently, and one kind must not hide behind another: a figure that was fitted to labels
    spreads more than that of a random direction, which was fitted to nothing.

    Args:
        observed: The figure.
        nulls: The same figure of each null, of shape nulls.
        kinds: The kind of each null.
        around: The figure where there is no effect.

    Returns:
        A number above 0, up to 1; NaN if the observed figure is NaN or there is no null.
    """
    values = np.asarray(nulls, dtype=float)
    found = [empirical_p(observed, values[[one == kind for one in kinds]], around) for kind in dict.fromkeys(kinds)]
    return max(found, default=float("nan"))


def corrected_p(observed: ArrayLike, nulls: ArrayLike, kinds: Sequence[str]) -> NDArray[np.float64]:
    """Return the empirical p-values of a family of figures, corrected by the largest figure of each null.

    Figures are compared in units of the spread of their nulls and themselves. A null counts against every figure with
    the one in which it is farthest from 0, so one in twenty families without an effect has a p below 0.05 (Westfall &
    Young 1993, *Resampling-Based Multiple Testing*). Unlike Holm's correction, it can be passed with 20 nulls.

    Args:
        observed: The figures, of shape figures; 0 is no effect.
        nulls: The same figures of each null, of shape nulls, figures. One null is one draw for the whole family.
        kinds: The kind of each null; the largest p of all kinds stands.

    Returns:
        Numbers above 0, up to 1, of shape figures; NaN where the figure is NaN or there is no null.
    """
    own, of_nulls = np.asarray(observed, dtype=float), np.asarray(nulls, dtype=float)
    found = np.full(len(own), np.nan)
    known = np.flatnonzero(np.isfinite(own))
    if not len(known) or not len(of_nulls):
        return found
    ps = []
    for kind in dict.fromkeys(kinds):
        same = np.nan_to_num(of_nulls[np.array([one == kind for one in kinds])][:, known])
        # The figure itself is in the spread, as it is one of the draws if there is no effect.
        scale = np.maximum(np.sqrt((np.vstack([own[known], same]) ** 2).mean(0)), 1e-12)
        farthest = (np.abs(same) / scale).max(1)
        far = farthest[:, None] >= (np.abs(own[known]) / scale)[None] * (1 - 1e-9)
        ps.append((1 + far.sum(0)) / (1 + len(same)))
    found[known] = np.max(ps, 0)
    return found
