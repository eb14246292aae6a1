"""The comparisons of the grokking study: what generalises, against its control and against chance."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from askew.stats.effects import Effect, contrast
from askew.studies.grokking.arms import DECAY, NO_DECAY, SHUFFLED_LABELS

if TYPE_CHECKING:
    from askew.design.tables import Tables

AGAINST_NO_DECAY = "with weight decay, against none"
AGAINST_SHUFFLED = "true answers, against shuffled ones"
BELOW_CHANCE = "without weight decay, against chance"

_GENERALISED, _ACCURACY = "Generalisation", "test accuracy at the end"


def effects(tables: "Tables") -> Iterator[Effect]:
    """Yield the comparisons that the arms of a run allow.

    Args:
        tables: The tables of the run; its networks are read.
    """
    accuracy = {str(arm): _frame(own) for arm, own in tables.networks.groupby("arm", sort=False)}
    for label, arm, control in ((AGAINST_NO_DECAY, DECAY, NO_DECAY), (AGAINST_SHUFFLED, DECAY, SHUFFLED_LABELS)):
        if arm in accuracy and control in accuracy:
            yield contrast(
                accuracy[arm],
                accuracy[control],
                family=_GENERALISED,
                label=label,
                measure=_ACCURACY,
                arm=arm,
                control=control,
                lead=True,
            )
    if NO_DECAY in accuracy:
        own = tables.networks[tables.networks["arm"].eq(NO_DECAY)]
        chance = 1 / int(own["elements"].iloc[0])
        yield contrast(
            accuracy[NO_DECAY], chance, family=_GENERALISED, label=BELOW_CHANCE, measure=_ACCURACY, arm=NO_DECAY
        )


def _frame(networks: pd.DataFrame) -> pd.DataFrame:
    """Return whether each network was right on each pair that it was tested with at the end."""
    total = networks["elements"] ** 2
    tested = total - (networks["share"] * total).round().astype(int)
    right = (networks["final_test"] * tested).round().astype(int)
    values = [np.arange(count) < hits for count, hits in zip(tested, right, strict=True)]
    seeds = np.repeat(networks["seed"].to_numpy(), tested.to_numpy())
    return pd.DataFrame({"seed": seeds, "cluster": "networks", "value": np.concatenate(values).astype(float)})
