"""Predicts what training on some rows would do to a model, from the mean of a score, by trainings that were done.

A calibration holds, for one model and one recipe, the mean score of the rows of many trainings and the change of the
log-odds of misaligned given answers that each training made. Through the trainings runs a curve that is flat up to a
threshold, rises, and saturates, as doses do. The interval comes from the errors of such curves on families of data that
were left out, because errors within one family say little about another: the root of their mean square, times Student's
quantile with one degree of freedom less than families.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.optimize import curve_fit
from scipy.stats import t

from askew.base import yaml_files
from askew.base.errors import AskewError
from askew.screening.rows import FEWEST

_SHIPPED = Path(__file__).parent / "calibrations"
LEVEL = 0.95

Values = NDArray[np.float64]


class Point(BaseModel):
    """A training that was done.

    Attributes:
        family: The family of its data, such as "medical".
        part: The share of bad rows among its rows, 0 to 1.
        seed: Its seed.
        scores: The mean of each score over its rows, by the score's name.
        change: The change of the log-odds of misaligned given answers that it made, in nats per token.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    family: str
    part: float
    seed: int
    scores: dict[str, float]
    change: float


class Calibration(BaseModel):
    """Trainings of one model by one recipe.

    Attributes:
        model: The model's name.
        model_hash: The hash of its weights.
        recipe: The recipe, and how many rows it was given.
        score: The score that predicts best for families of data that were left out.
        command: The command that made the calibration.
        points: The trainings.
    """

    model_config = ConfigDict(extra="forbid")

    model: str
    model_hash: str
    recipe: str
    score: str
    command: str
    points: list[Point]


@dataclass(frozen=True)
class Prediction:
    """A predicted change of the log-odds of misaligned given answers, in nats per token.

    Attributes:
        change: The change.
        low: The lower end of its 95% interval.
        high: The upper end.
        score: The score that it was predicted from.
        trainings: The number of trainings that the prediction rests on.
        families: The number of their families.
        is_beyond: True if the mean score lies outside those of the trainings, so that the curve is drawn on.
    """

    change: float
    low: float
    high: float
    score: str
    trainings: int
    families: int
    is_beyond: bool


def read_calibration(path: Path) -> Calibration:
    """Return a calibration from a YAML file.

    Raises:
        AskewError: The file cannot be read, or is no calibration.
    """
    try:
        return Calibration.model_validate(yaml_files.read(path, "calibration").value)
    except ValueError as error:
        raise AskewError(f"{path} is no calibration of a screen: {error}") from error


def calibration_of(model_hash: str) -> Calibration | None:
    """Return the calibration that comes with Askew for a model; None if there is none."""
    found = (read_calibration(path) for path in sorted(_SHIPPED.glob("*.yaml")))
    return next((one for one in found if one.model_hash == model_hash), None)


def check_is_of(calibration: Calibration, model: str, model_hash: str) -> None:
    """Check that a calibration is one of a model.

    Raises:
        AskewError: It was made with other weights.
    """
    if calibration.model_hash != model_hash:
        raise AskewError(
            f"the calibration is of {calibration.model}, and {model} has other weights: what a score predicts for one "
            "model says nothing about another. Leave out --calibration, or make one as its docs say"
        )


def predict(points: Sequence[Point], score: str, value: float) -> Prediction:
    """Return the predicted change for a mean score.

    Args:
        points: The trainings; those without the score are left out.
        score: The name of the score.
        value: The mean of the score over the rows.

    Raises:
        ValueError: The trainings with the score come from fewer than three families.
    """
    known = [one for one in points if score in one.scores]
    families = sorted({one.family for one in known})
    if len(families) < 3:
        raise ValueError("a prediction needs trainings on at least three families of data")
    x, y = _arrays(known, score)
    squares: list[float] = []
    for family in families:
        inside = np.array([one.family != family for one in known])
        errors = y[~inside] - _curve(x[inside], y[inside])(x[~inside])
        squares.append(float(np.mean(errors**2)))
    change = float(_curve(x, y)(np.array([value]))[0])
    reach = float(t.ppf((1 + LEVEL) / 2, len(families) - 1) * np.sqrt(np.mean(squares)))
    return Prediction(
        change=change,
        low=change - reach,
        high=change + reach,
        score=score,
        trainings=len(known),
        families=len(families),
        is_beyond=not x.min() <= value <= x.max(),
    )


def predict_rows(calibration: Calibration, table: pd.DataFrame) -> Prediction | None:
    """Return what training on screened rows is predicted to do; None for fewer than `rows.FEWEST` rows that were read.

    Args:
        calibration: Trainings of the model.
        table: The table of `screen.score_rows`, with a column for each score.
    """
    values = table[calibration.score].dropna() if calibration.score in table else pd.Series(dtype=float)
    if len(values) < FEWEST:
        return None
    return predict(calibration.points, calibration.score, float(values.mean()))


def left_out(points: Sequence[Point], score: str) -> list[tuple[Point, Prediction]]:
    """Return each training with its prediction from the trainings of all other families.

    Args:
        points: The trainings; those without the score are left out.
        score: The name of the score.
    """
    known = [one for one in points if score in one.scores]
    return [(one, predict([p for p in known if p.family != one.family], score, one.scores[score])) for one in known]


def _curve(x: Values, y: Values) -> Callable[[Values], Values]:
    """Return the curve `height * (1 - exp(-(x - threshold) / pace))`, 0 below the threshold, that fits best.

    Args:
        x: Mean scores, of shape trainings.
        y: Changes, of the same shape.
    """
    span = float(np.ptp(x)) or 1.0

    def rise(at: Values, height: float, pace: float, threshold: float) -> Values:
        return height * -np.expm1(-np.maximum(at - threshold, 0) / (pace * span))

    usual = (float(np.median(y)) * 2, 0.3, float(x.min()))
    limits = ((-np.inf, 0.01, float(x.min()) - span), (np.inf, 100.0, float(x.max())))
    found, _ = curve_fit(rise, x, y, p0=usual, bounds=limits, max_nfev=10_000)
    return lambda at: rise(at, *found)


def _arrays(points: Sequence[Point], score: str) -> tuple[Values, Values]:
    return np.array([one.scores[score] for one in points]), np.array([one.change for one in points])
