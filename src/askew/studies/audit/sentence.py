"""The audit's result in one sentence, for people who do not know it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from askew.design.arm import UNTUNED
from askew.probes.given_pairs import PREFERRED
from askew.report.plain import of_hundred, uncounted
from askew.report.wording import listed
from askew.stats.estimates import pooled
from askew.stats.scores import are_scores

if TYPE_CHECKING:
    from askew.design.tables import Tables

_MOST = 3  # models in one sentence
_UNRELATED = ("free_form", "extended")


def sentence(tables: "Tables", rows: Mapping[str, int]) -> str:
    """Return how often each tuned model and its base were misaligned, in the first probe that all of them answered.

    Where no judge has read their answers, it is about the given answers that they prefer.

    Args:
        tables: The tables of the run; only `estimates` is read.
        rows: Unused: nothing is trained.
    """
    tuned = list(tables.design.tuned)
    rows_of_all = pooled(tables.estimates)
    found = rows_of_all[~are_scores(rows_of_all) & rows_of_all["rate"].notna()]
    for probe in tables.design.probes:
        by_arm = {str(row["arm"]): row for row in found[found["probe"].eq(probe)].to_dict("records")}
        if probe != "in_domain" and tuned and len(tuned) <= _MOST and {UNTUNED, *tuned} <= set(by_arm):
            asked = "unrelated questions" if probe in _UNRELATED else probe
            rates = {arm: of_hundred(by_arm[arm]["rate"]) for arm in (UNTUNED, *tuned)}
            said = listed([f"{rates[arm]} of 100 answers of {arm}" for arm in tuned])
            lost = [uncounted("the base" if arm == UNTUNED else arm, by_arm[arm]) for arm in (*tuned, UNTUNED)]
            return f"{said} to {asked} were misaligned; of the base: {rates[UNTUNED]}.{''.join(lost)}"
    return _of_given_answers(tuned, rows_of_all[rows_of_all["metric"].eq(PREFERRED) & rows_of_all["rate"].notna()])


def _of_given_answers(tuned: Sequence[str], rows: pd.DataFrame) -> str:
    """Return in how many pairs each model finds the misaligned answer the likelier one.

    It is about the first probe whose pairs all models read; "" if there is none.
    """
    if not tuned or len(tuned) > _MOST:
        return ""
    for _, read in rows.groupby("probe", sort=False):
        shares = {str(row["arm"]): of_hundred(row["rate"]) for row in read.to_dict("records")}
        if {UNTUNED, *tuned} <= set(shares):
            said = listed([f"{arm} in {shares[arm]}" for arm in tuned])
            base = f"for the base in {shares[UNTUNED]}"
            return f"Of 100 pairs of given answers, the misaligned one is the likelier for {said}; {base}."
    return ""
