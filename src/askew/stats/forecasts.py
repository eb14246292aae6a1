"""Scores of forecasts: probabilities of statements, compared with a run's results.

Two proper scores, for which smaller is better and an honest probability is the best strategy: Brier's (1950, *Monthly
Weather Review* 78), the squared distance of the probability from the outcome, 0 to 1; and the logarithmic score (Good
1952, *Journal of the Royal Statistical Society B* 14), minus the natural logarithm of the outcome's probability.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CLIPPED_AT = 0.001
"""The logarithmic score clips probabilities to this number and 1 minus this number."""

NAIVE = 0.5
"""Probability that the naive forecast gives to each statement."""


@dataclass(frozen=True)
class Forecast:
    """One person's probability of one statement, and the outcome.

    Attributes:
        who: Name of the forecaster.
        id: Name of the statement.
        statement: The statement.
        probability: The forecast probability that the statement is true, 0-1.
        holds: Whether the statement is true; None if the run doesn't settle it.
    """

    who: str
    id: str
    statement: str
    probability: float
    holds: bool | None

    @property
    def brier(self) -> float:
        """Brier's score, 0-1; NaN if the statement is not settled."""
        return math.nan if self.holds is None else (self.probability - self.holds) ** 2

    @property
    def log(self) -> float:
        """The logarithmic score in nats, 0.001 to 6.9; NaN if the statement is not settled."""
        if self.holds is None:
            return math.nan
        given = self.probability if self.holds else 1 - self.probability
        return -math.log(min(max(given, CLIPPED_AT), 1 - CLIPPED_AT))


@dataclass(frozen=True)
class Forecaster:
    """A person who sealed predictions of a run.

    Attributes:
        who: Name of the forecaster.
        when: Time of sealing by the clock of that machine, ISO 8601 in UTC.
        sha256: Hash of the sealed predictions, printed at that time.
        begun: Whether the run had already begun.
        intact: Whether the predictions are unchanged and belong to the run's design; otherwise they are not scored.
    """

    who: str
    when: str
    sha256: str
    begun: bool
    intact: bool


@dataclass(frozen=True)
class ScoredForecasts:
    """All predictions of a run, and their outcomes.

    Attributes:
        forecasters: Everyone who sealed predictions.
        forecasts: One forecast per statement and forecaster, of the forecasters with intact predictions.
    """

    forecasters: tuple[Forecaster, ...]
    forecasts: tuple[Forecast, ...]

    @property
    def changed(self) -> list[str]:
        """Names of the forecasters with changed predictions, or with predictions of another design."""
        return [one.who for one in self.forecasters if not one.intact]


@dataclass(frozen=True)
class MeanScore:
    """One forecaster's mean scores over the settled statements.

    Attributes:
        who: Name of the forecaster.
        settled: Number of settled statements.
        brier: Mean Brier score; NaN without settled statements.
        log: Mean logarithmic score in nats; NaN without settled statements.
        naive_brier: Mean Brier score of the naive forecast, 50% for each statement.
        naive_log: Mean logarithmic score of the naive forecast.
    """

    who: str
    settled: int
    brier: float
    log: float
    naive_brier: float
    naive_log: float


def mean_scores(forecasts: Sequence[Forecast]) -> list[MeanScore]:
    """Return the mean scores of each forecaster, in order of first appearance, with those of the naive forecast."""
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
