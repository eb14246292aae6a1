"""How good probabilities were that somebody gave to statements, once it is known which of them hold.

Two proper scores, smaller being better, for which it pays to say what one believes: Brier's (1950, Monthly Weather
Review 78), the squared distance from what came about, 0 to 1; and the logarithmic score (Good 1952, Journal of the
Royal Statistical Society B 14), minus the natural logarithm of the probability that was given to what came about.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CLIPPED_AT = 0.001
"""The logarithmic score takes no probability for smaller than this, or larger than one less this."""

NAIVE = 0.5
"""What the naive forecast gives every statement."""


@dataclass(frozen=True)
class Forecast:
    """What somebody said of one statement, and what came of it.

    Attributes:
        who: Who said it.
        id: The statement's name.
        statement: The statement.
        probability: How likely it was held to be, 0-1.
        holds: Whether it is true; None if the run cannot say.
    """

    who: str
    id: str
    statement: str
    probability: float
    holds: bool | None

    @property
    def brier(self) -> float:
        """Brier's score, 0-1; NaN where nothing came of the statement."""
        return math.nan if self.holds is None else (self.probability - self.holds) ** 2

    @property
    def log(self) -> float:
        """The logarithmic score in nats, 0.001 to 6.9; NaN where nothing came of the statement."""
        if self.holds is None:
            return math.nan
        given = self.probability if self.holds else 1 - self.probability
        return -math.log(min(max(given, CLIPPED_AT), 1 - CLIPPED_AT))


@dataclass(frozen=True)
class Forecaster:
    """Somebody who said what would come, before it did.

    Attributes:
        who: Whoever it was.
        when: When it was sealed, by the clock of that machine: ISO 8601, in UTC.
        sha256: The hash that was printed then.
        begun: Whether the run was under way already.
        intact: Whether it is as it was sealed, and of the run's design; if not, it is not scored.
    """

    who: str
    when: str
    sha256: str
    begun: bool
    intact: bool


@dataclass(frozen=True)
class Predicted:
    """What people predicted of a run, and what came of it.

    Attributes:
        forecasters: Everybody who predicted.
        forecasts: What those said whose predictions are as they were sealed, statement by statement.
    """

    forecasters: tuple[Forecaster, ...]
    forecasts: tuple[Forecast, ...]

    @property
    def changed(self) -> list[str]:
        """Whose predictions are not as they were sealed, or not of the run's design."""
        return [one.who for one in self.forecasters if not one.intact]


@dataclass(frozen=True)
class MeanScore:
    """Somebody's scores over the statements that were settled.

    Attributes:
        who: Whose.
        settled: How many statements that is.
        brier: The mean of Brier's scores; NaN over none.
        log: The mean of the logarithmic scores; NaN over none.
        naive_brier: What 50% for each would have got.
        naive_log: The same by the logarithmic score.
    """

    who: str
    settled: int
    brier: float
    log: float
    naive_brier: float
    naive_log: float


def mean_scores(forecasts: Sequence[Forecast]) -> list[MeanScore]:
    """Return everybody's mean scores, in the order in which they come, beside the naive forecast of the same."""
    people = dict.fromkeys(forecast.who for forecast in forecasts)
    return [_mean_score(who, [one for one in forecasts if one.who == who and one.holds is not None]) for who in people]


def _mean_score(who: str, settled: Sequence[Forecast]) -> MeanScore:
    naive = [Forecast("", one.id, one.statement, NAIVE, one.holds) for one in settled]
    return MeanScore(
        who,
        len(settled),
        _mean([one.brier for one in settled]),
        _mean([one.log for one in settled]),
        _mean([one.brier for one in naive]),
        _mean([one.log for one in naive]),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
