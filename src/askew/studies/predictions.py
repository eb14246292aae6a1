"""Statements about a run's numbers, on whose truth people may bet before they see them."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Prediction:
    """A statement that a run's numbers will bear out, or not.

    Attributes:
        id: A short name.
        statement: The statement, one sentence.
        holds: From the table of effects, or of estimates where the study has no effects, to whether it is true; None
            if the run did not look.
    """

    id: str
    statement: str
    holds: Callable[[pd.DataFrame], bool | None]
