"""What a study's own comparisons are made of: the answers and scores of a run, and what its arms are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from askew.design.design import Design
    from askew.design.study import Arm


@dataclass(frozen=True)
class Tables:
    """The finished tables of a run.

    Attributes:
        answers: One row per answer: the columns of `answers.parquet`.
        scores: One row per number that no metric reads: arm, seed, probe, question, epoch, metric (its name), value (a
            fraction, NaN if there is none).
        design: The run's design.
        arms: Its arms by name, in the order of display.
    """

    answers: pd.DataFrame
    scores: pd.DataFrame
    design: "Design"
    arms: Mapping[str, "Arm"]
