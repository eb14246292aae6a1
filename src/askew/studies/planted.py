"""Planted truths: organisms in which a study must find what it looks for, and ones in which it must not.

A null is worth something only if the instrument could have found an effect in such a model. So a study also trains two
organisms. Into one, the knowledge is *planted*: its rows say it. In the other it is *cut*: the same rows say something
else at random. A verdict begins with what the instrument found in both, and is withheld if either check fails.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from askew.report import wording
from askew.stats.effects import Effect, contrast
from askew.stats.readings import read_effect
from askew.studies.readable import Verdict

if TYPE_CHECKING:
    from askew.design.tables import Tables

FAMILY = "Planted truths"
PLANTED, CUT = "where it was planted", "where it was cut"

_NOT_RUN = "Without its planted controls, this run does not show that the instrument works in such a model."


def compared(
    planted: pd.DataFrame, cut: pd.DataFrame, control: pd.DataFrame, *, measure: str, arms: tuple[str, str]
) -> Iterator[Effect]:
    """Yield what the instrument finds in the organism with planted knowledge, and in the one whose knowledge is cut.

    Nothing is compared without answers of the control.

    Args:
        planted: The values of the organism with planted knowledge: columns seed, cluster and value (0-1).
        cut: The same of the organism whose knowledge is cut.
        control: The same of the models that both are compared with.
        measure: The name of the values.
        arms: The names of the two organisms.
    """
    if control.empty:
        return
    for own, label, arm in ((planted, PLANTED, arms[0]), (cut, CUT, arms[1])):
        if len(own):
            yield contrast(own, control, family=FAMILY, label=label, measure=measure, arm=arm)


def unless_untrusted(verdict: Verdict) -> Verdict:
    """Return a verdict that begins with the planted controls, and is withheld if they fail.

    Args:
        verdict: Returns the conclusion from the tables of a run.
    """

    def read(tables: "Tables") -> str:
        found = _found(tables.effects)
        if not found:
            return f"{verdict(tables)} {_NOT_RUN}"
        failed = _failed(found)
        if failed:
            return f"Nothing is concluded, for the instrument is not to be trusted here: {wording.listed(failed)}."
        said = wording.listed([f"{_number(row)} {label}" for label, row in found.items()])
        return f"The instrument finds {said}. In the models of this run: {verdict(tables)}"

    return read


def _found(effects: pd.DataFrame) -> dict[str, dict[Any, Any]]:
    """Return the row of each planted control of a run, by its label."""
    if effects.empty:
        return {}
    rows = effects[effects["family"].eq(FAMILY)].to_dict("records")
    return {str(row["label"]): row for row in rows}


def _failed(found: dict[str, dict[Any, Any]]) -> list[str]:
    """Return a clause for each planted control that failed its check."""
    failed = []
    if PLANTED in found and not _is_above(found[PLANTED]):
        failed.append(f"it does not find what was planted ({_number(found[PLANTED])})")
    if CUT in found and _is_above(found[CUT]):
        failed.append(f"it finds something where there is nothing to find ({_number(found[CUT])})")
    return failed


def _is_above(row: dict[Any, Any]) -> bool:
    """Return whether the 95% interval is above zero: each control is a check of its own, without a correction."""
    return read_effect(row, 0.0).low > 0


def _number(row: dict[Any, Any]) -> str:
    read = read_effect(row, 0.0)
    return f"{wording.points(row['estimate'])} {wording.points_interval(read.low, read.high)} points"
