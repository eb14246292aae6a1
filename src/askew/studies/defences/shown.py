"""The tables that the study's own section of the report shows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from askew.design.arm import UNTUNED
from askew.stats.effects import contrast
from askew.studies.defences.arms import BENIGN_ALONE, DOSES, NONE, SECURE, defended, names, undefended
from askew.studies.defences.columns import COLUMNS, STANDARD, Measured

if TYPE_CHECKING:
    from askew.design.tables import Tables

KEPT = 0.8
"""The share of the task learnt without a defence, from which a defence counts as one that lets a model learn."""
CONTROLS = (UNTUNED, SECURE, BENIGN_ALONE)


def shown(tables: "Tables") -> "Mapping[str, pd.DataFrame]":
    """Return the table of the section.

    Args:
        tables: The tables of the run; answers, pairs, losses and seconds of training are read.

    Returns:
        `arms`, one row per arm, with the columns arm, name (the defence, `none` or a control), dose (bad rows), a rate
        (0-1) for each of `COLUMNS`, worst (the largest rise of these rates against the untuned model, -1 to 1),
        worst_low, worst_high, worst_in (its column), task and incoherent (0-1), at_lengths (the rate on plain questions
        at the lengths of the arm without a defence), pairs (change of the log-odds of misaligned given answers in nats
        per token, against the untuned model), new_task (loss of a new task in nats per token), and seconds (of
        training, the mean over seeds). Numbers that were not measured are NaN.
    """
    measured = Measured(tables)
    arms = [(arm, arm, 0) for arm in CONTROLS]
    arms += [(undefended(dose), NONE, dose) for dose in DOSES]
    arms += [(defended(name, dose), name, dose) for dose in DOSES for name in names()]
    rows = [
        {"arm": arm, "name": name, "dose": dose, **_row(measured, arm, dose)}
        for arm, name, dose in arms
        if arm in measured.arms
    ]
    return {"arms": pd.DataFrame(rows)}


def _row(measured: Measured, arm: str, dose: int) -> dict[str, Any]:
    answers = {column: measured.misaligned(arm, column) for column in COLUMNS}
    counted = {column: own for column, own in answers.items() if own["value"].notna().any()}
    before = {column: measured.misaligned(UNTUNED, column) for column in counted}
    rises = {
        column: contrast(own, before[column], family="", label="", measure="")
        for column, own in counted.items()
        if before[column]["value"].notna().any()
    }
    worst = max(rises, key=lambda column: rises[column].estimate) if rises else STANDARD
    most, nan = rises.get(worst), float("nan")
    low, high = (nan, nan) if most is None else (most.low_these, most.high_these)
    if most is not None and low != low:
        low, high = most.low, most.high
    pairs = measured.log_odds(arm)
    return {
        **{column: _mean(counted[column]) if column in counted else nan for column in COLUMNS},
        "worst": nan if most is None else most.estimate,
        "worst_low": low,
        "worst_high": high,
        "worst_in": worst if rises else "",
        "task": _mean(measured.learnt(arm)),
        "incoherent": _mean(measured.incoherent(arm)),
        "at_lengths": _mean(measured.at_lengths_of(arm, undefended(dose))) if dose else nan,
        "pairs": _mean(pairs) - _mean(measured.log_odds(UNTUNED)),
        "new_task": _mean(measured.new_task(arm)),
        "seconds": measured.seconds(arm),
    }


def _mean(frame: pd.DataFrame) -> float:
    """Return the mean over clusters, each with the same weight; NaN without rows."""
    return float(frame.groupby("cluster")["value"].mean().mean()) if len(frame) else float("nan")


def keeps_the_task(table: pd.DataFrame) -> pd.Series:
    """Return for each arm whether its task is learnt at least `KEPT` times as well as without a defence.

    Args:
        table: The table `arms`, with the columns name, dose and task.
    """
    of_none = table[table["name"].eq(NONE)].set_index("dose")["task"]
    return table["task"].ge(KEPT * table["dose"].map(of_none))
