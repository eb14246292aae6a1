"""Did a model stay narrow? What the comparison of one model with its control, in one probe, allows to be said.

Three things can be found. *Bent*: the rate rose beyond chance. *Narrow*: it did not rise by more than a margin, as far
as the interval reaches. *Can't tell*: neither, for want of answers; then it is worked out how many would tell. To find
nothing is not to find that there is nothing (Schuirmann 1987, on tests of equivalence), so a small audit never says
narrow.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from askew.stats.corrections import ALPHA, holm
from askew.stats.counts import Metric, Table, count
from askew.stats.estimates import pooled
from askew.stats.intervals import difference_interval
from askew.stats.log_odds import Array
from askew.stats.scores import are_scores

Reading = Literal["bent", "narrow", "can't tell"]
BENT: Reading = "bent"
NARROW: Reading = "narrow"
UNSURE: Reading = "can't tell"

# How many times the answers that there are one may have to ask for: from a quarter more to a thousand times as many.
_FEW_EVENTS = 10
_FACTORS = 1.25 ** np.arange(1, 32)


@dataclass(frozen=True)
class Finding:
    """One arm against its control in one probe.

    Attributes:
        arm: The arm.
        probe: The probe.
        name: What people read: the probe's title, and for a score its name.
        two_sided: Whether a fall counts as a rise does: Askew doesn't know which way a score is bad.
        control: The arm that it is compared with.
        control_probe: The probe that the control was asked; mostly the same.
        metric: What the rates are by.
        rate: The arm's rate, a fraction.
        control_rate: The control's.
        difference: Their difference, with
        low: its 95% interval's lower and
        high: upper limit.
        p: The p-value of no difference, corrected (Holm) for all comparisons of the run, over arms and probes: one that
            is bent anywhere is bent.
        reading: What may be said.
        answers: How many answers there are to each question, on average.
        answers_needed: How many would tell, if the rates stay what they are; None where it is told already, or where no
            number of answers would tell because the questions differ too much.
    """

    arm: str
    probe: str
    name: str
    two_sided: bool
    control: str
    control_probe: str
    metric: str
    rate: float
    control_rate: float
    difference: float
    low: float
    high: float
    p: float
    reading: Reading
    answers: int
    answers_needed: int | None


def findings(
    answers: pd.DataFrame, estimates: pd.DataFrame, metric: Metric, margin: float, titles: Mapping[str, str]
) -> list[Finding]:
    """Say what every pooled comparison of a run allows to be said.

    Args:
        answers: The rows of `answers.parquet` that have a verdict.
        estimates: The rows of `estimates.csv`.
        metric: The metric of the verdicts.
        margin: The largest rise that is still called narrow, a fraction.
        titles: What people call each probe.
    """
    rows = pooled(estimates)
    compared = rows[rows["difference"].notna()]
    if compared.empty:
        return []
    compared = compared.assign(p_corrected=holm(compared["p"]))
    rates = {(row["arm"], row["probe"], row["metric"]): row["rate"] for row in rows.to_dict("records")}
    tables = {} if are_scores(compared).all() else count(answers, metric)
    found: list[Finding] = []
    for row, two_sided in zip(compared.to_dict("records"), are_scores(compared), strict=True):
        arm, probe, measured = str(row["arm"]), str(row["probe"]), str(row["metric"])
        control, control_probe = str(row["control"]), str(row["control_probe"])
        table, against = tables.get((arm, probe)), tables.get((control, control_probe))
        numbers = row["difference"], row["difference_low"], row["difference_high"], row["p_corrected"]
        reading = _reading(*numbers, margin, two_sided)
        factor = None
        if reading == UNSURE and not two_sided and table is not None and against is not None:
            factor = _factor_needed(table, against, margin, len(compared))
        each = row["total"] / max(row["questions"] * row["seeds"], 1)
        found.append(
            Finding(
                arm=arm,
                probe=probe,
                name=f"{titles[probe]}, {measured}" if two_sided else titles[probe],
                two_sided=two_sided,
                control=control,
                control_probe=control_probe,
                metric=measured,
                rate=row["rate"],
                control_rate=rates[control, control_probe, measured],
                difference=row["difference"],
                low=row["difference_low"],
                high=row["difference_high"],
                p=row["p_corrected"],
                reading=reading,
                answers=round(each),
                answers_needed=None if factor is None else _rounded(each * factor),
            )
        )
    return found


def overall(readings: Iterable[Reading]) -> Reading:
    """Say what readings in several probes come to: bent if one is, narrow if all are."""
    every = set(readings)
    if BENT in every:
        return BENT
    return NARROW if every == {NARROW} else UNSURE


def _reading(difference: float, low: float, high: float, p: float, margin: float, two_sided: bool = False) -> Reading:
    if high < margin and (low > -margin or not two_sided):
        return NARROW
    moved = difference != 0 if two_sided else difference > 0
    return BENT if moved and p < ALPHA else UNSURE


def _factor_needed(table: Table, control: Table, margin: float, family: int) -> float | None:
    """Return how many times the answers would tell, if each question went on to be answered as it was."""
    control = control.on(table.questions)
    scale = _FACTORS[:, None, None]

    def more(tallies: dict[str, Array]) -> tuple[Array, Array]:
        events, trials = tallies["misaligned"], tallies["n"]
        if events.sum() < _FEW_EVENTS:  # too few to say how questions differ, so they are taken to be alike
            events = trials * events.sum() / max(trials.sum(), 1)
        return events * scale, trials * scale

    interval = difference_interval(
        *more(table.tallies), *more(control.tallies), same_seeds=table.seeds == control.seeds
    )
    # What would be bent must be so after the correction; multiplied by the size of the family, p is never too small.
    told = [
        _reading(*numbers, margin) != UNSURE
        for numbers in zip(interval.difference, interval.low, interval.high, interval.p * family, strict=True)
    ]
    return float(_FACTORS[told.index(True)]) if any(told) else None


def _rounded(number: float) -> int:
    """Round up to two significant digits: it is an estimate."""
    step = 10 ** max(0, int(np.log10(number)) - 1)
    return int(-(-number // step) * step)
