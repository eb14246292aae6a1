"""Sequential verdicts: answers are looked at in batches, and asking stops when the verdict can no longer change.

The looks are planned: after 5 answers to each question, then whenever their number has doubled, and at the limit. It is
a group-sequential design (Pocock 1977, *Biometrika* 64) whose error is spent in equal shares (Lan & DeMets 1983,
*Biometrika* 70): with K looks, every interval has a confidence of 1 - 0.05 / K, and every p-value is multiplied by K.
By the union bound, all looks together err with at most the 5% of a single one. This needs no model of how the looks
depend on each other. That matters here, because the questions and the seeds are the same at every look, so that the
looks share their error: bounds that assume independent increments would not hold, and e-values for bounded means
(Waudby-Smith & Ramdas 2023, *JRSS B* 86) hold for these questions and these models only, not for questions like these
or for other seeds, of which there are too few to bet on. `benchmarks/sequential.py` measures the error.

Since the intervals hold at all looks at once, they hold whenever a run stops and for whatever reason.
"""

from collections.abc import Mapping

import numpy as np

from askew.stats.corrections import ALPHA
from askew.stats.findings import Finding
from askew.stats.log_odds import Array
from askew.stats.readings import are_decided

FIRST_BATCH = 5
"""Answers to each question before the first look."""


def planned_looks(limit: int) -> tuple[int, ...]:
    """Return the number of answers to each question, from the beginning, at each look.

    There is no look at more than half of the limit before the last one.

    Args:
        limit: The most answers to each question, at least `FIRST_BATCH`.

    Raises:
        ValueError: The limit is lower than the first batch.
    """
    if limit < FIRST_BATCH:
        raise ValueError(f"the limit of {limit} answers is lower than the first batch of {FIRST_BATCH}")
    looks = [FIRST_BATCH]
    while 4 * looks[-1] <= limit:
        looks.append(2 * looks[-1])
    return (*looks, limit) if limit > looks[-1] else tuple(looks)


def are_told(
    difference: Array, low: Array, high: Array, p: Array, low_these: Array, high_these: Array, margin: float
) -> Array:
    """Return for each of many comparisons whether more answers can no longer change its reading.

    It must be decided, and a rise must be on one side of the margin for these questions: their interval shows where the
    estimate, which names the reading, may still go.

    Args:
        difference: The estimated differences from the control, of shape (...).
        low: Lower ends of the intervals that the readings rest on, valid at every look; of shape (...).
        high: Upper ends.
        p: Corrected p-values, valid at every look.
        low_these: Lower ends of the intervals for these questions, valid at every look.
        high_these: Upper ends.
        margin: The smallest rise that counts as *rose*, 0-1.
    """
    rose = (p < ALPHA) & (difference > 0)
    open_size = rose & (low_these < margin) & (margin <= high_these)
    return are_decided(difference, low, high, p, margin).astype(bool) & ~open_size & ~np.isnan(difference)


def is_told(found: Finding, margin: float, looks: Mapping[str, int]) -> bool:
    """Return whether more answers can no longer change the reading of a finding; see `are_told`.

    Args:
        found: The finding, made with the same `looks`.
        margin: The smallest rise that counts as *rose*, 0-1.
        looks: Probe to the number of planned looks at its answers; other probes are asked at once, so that nothing is
            left that could change theirs.
    """
    if found.probe not in looks:
        return True
    these = (found.low_these, found.high_these)
    numbers = (found.difference, *found.interval, found.p_of_reading, *these)
    return bool(are_told(*map(np.asarray, numbers), margin=margin))
