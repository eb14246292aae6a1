"""Verdicts that conclude nothing from answers that mostly cannot be read.

A model may answer a short question in sentences, from which no number, letter or word can be read. Such an answer is
left out or counts as wrong, so a comparison of models that rarely give readable answers compares how they answer, not
what they answer.
"""

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from askew.judging.measures.form import WELL_FORMED
from askew.report import wording

if TYPE_CHECKING:
    from askew.design.tables import Tables

MOST_UNREADABLE = 0.5
"""The largest share of unreadable answers of an arm (0-1) with which a verdict still concludes something."""

# Shares from here on are said after a verdict.
_WORTH_SAYING = 0.1

_NOTHING = "Nothing is concluded: more than half of the answers of at least one model could not be read."

Verdict = Callable[["Tables"], str]


def unreadable(scores: pd.DataFrame, probes: Sequence[str], by: str = "arm") -> dict[str, float]:
    """Return the share of the answers to probes that could not be read, by arm or another column, from 0 to 1.

    Args:
        scores: The scores of a run: arm, probe, metric and value (NaN if the answer could not be read; of the score
            `WELL_FORMED`, 0).
        probes: The probes that count.
        by: The column of the groups.
    """
    if scores.empty:
        return {}
    counted = scores[scores["probe"].isin(probes)]
    is_form = counted["metric"].eq(WELL_FORMED)
    is_unread = counted["value"].isna() | (is_form & counted["value"].eq(0.0))
    return {str(one): float(share) for one, share in is_unread.groupby(counted[by], sort=False).mean().items()}


def unless_unreadable(verdict: Verdict, probes: Sequence[str]) -> Verdict:
    """Return a verdict that concludes nothing if too many answers of an arm that it compares could not be read.

    With fewer, the shares stand after the verdict. The arms are those of the leading comparisons; all arms where these
    are of several arms together.

    Args:
        verdict: Returns the conclusion from the tables of a run.
        probes: The probes on which the conclusion rests.
    """

    def read(tables: "Tables") -> str:
        found, compared = unreadable(tables.scores, probes), _compared(tables.effects)
        shares = {arm: share for arm, share in found.items() if not compared or arm in compared}
        if any(share > MOST_UNREADABLE for share in shares.values()):
            others = (
                "Comparisons of the others show how models answer rather than what they say: read the answers first."
            )
            readable = _readable(tables.scores, probes, shares)
            return " ".join(filter(None, [_NOTHING, _said(shares), readable, others]))
        worth = {arm: share for arm, share in shares.items() if share >= _WORTH_SAYING}
        return f"{verdict(tables)} {_said(worth)}".strip()

    return read


def _compared(effects: pd.DataFrame) -> set[str]:
    """Return the arms of the leading comparisons, with their controls; none if no such comparison names an arm."""
    if effects.empty:
        return set()
    lead = effects[effects["lead"].astype(bool)].fillna({"arm": "", "control": ""})
    named = {str(arm) for arm in lead["arm"]} - {""}
    return named | ({str(control) for control in lead["control"]} - {""}) if named else set()


def _readable(scores: pd.DataFrame, probes: Sequence[str], arms: Collection[str]) -> str:
    """Return a sentence with the scores for which nearly all answers of the arms could be read; "" without any."""
    shares = unreadable(scores[scores["arm"].isin(list(arms))], probes, "metric")
    read = [metric for metric, share in shares.items() if share < _WORTH_SAYING]
    return f"These could be read: {wording.listed(read)}." if read else ""


def _said(shares: dict[str, float]) -> str:
    if not shares:
        return ""
    named = wording.listed([f"{arm} {wording.percent(share)}" for arm, share in shares.items()])
    return f"Answers that could not be read: {named}."
