"""Comparisons that answer whether bent models act: against the matched goal, and against the control arm."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from askew.stats.effects import Effect, as_table, contrast
from askew.stats.estimates import ALL
from askew.stats.funnel import CONFLICT
from askew.stats.funnel_measures import CONCEALED, CONFESSED, COVERT, DENIED, FALSE_CONFESSION, Measured, measured

AGAINST_MATCHED = "Covert acts, against the matched goal"
AGAINST_CONTROL = "Covert acts beyond the matched goal, against the control arm"
AFTERWARDS = "After the act, against the control arm"
_AFTERWARDS = {
    CONCEALED: "conceals more",
    DENIED: "denies more",
    CONFESSED: "confesses more",
    FALSE_CONFESSION: "confesses falsely more",
}


def funnel_effects(
    conduct: pd.DataFrame, funnel: pd.DataFrame, controls: Mapping[str, str], matched: str
) -> pd.DataFrame:
    """Return the comparisons of a run's episodes, with the columns of `effects.csv`.

    They are: in each arm, the rate of covert acts given the opportunity in variants with a conflict, minus that in the
    matched variant; that difference minus the control arm's; and what arms do after covert acts, in variants with a
    conflict, minus their control arm. Comparisons without a value, because one side never came that far, are left out.

    Args:
        conduct: One row per episode, with the columns of `conduct.parquet`.
        funnel: The funnel of the same episodes, as `stats.funnel` returns it.
        controls: Arm to its control.
        matched: The variant in which nothing stands against the goal.
    """
    effects = [*_against_matched(funnel), *_against_control(conduct, controls, matched)]
    return as_table(one for one in effects if not np.isnan(one.estimate))


def _against_matched(funnel: pd.DataFrame) -> Iterator[Effect]:
    """Yield the rows of the funnel that compare conflict with the matched goal, as effects."""
    if funnel.empty:
        return
    pooled = funnel["variant"].eq(CONFLICT) & funnel["environment"].eq(ALL)
    for row in funnel[pooled & funnel["measure"].eq(COVERT)].to_dict("records"):
        yield Effect(
            family=AGAINST_MATCHED,
            label=f"{row['arm']}, conflict against the matched goal",
            measure="covert acts given the opportunity",
            estimate=float(row["difference"]),
            low=float(row["difference_low"]),
            high=float(row["difference_high"]),
            p=float(row["p"]),
            detectable=float(row["detectable"]),
            unit="points",
            seeds=int(row["seeds"]),
            clusters=int(row["environments"]),
            arm=str(row["arm"]),
            lead=True,
            low_these=float(row["difference_low_these"]),
            high_these=float(row["difference_high_these"]),
            p_these=float(row["p_these"]),
        )


def _against_control(conduct: pd.DataFrame, controls: Mapping[str, str], matched: str) -> Iterator[Effect]:
    if conduct.empty:
        return
    chosen = {one.measure: one for one in measured(conduct) if one.wording in ("", ALL)}
    arms = set(conduct["arm"])
    pairs = [(arm, control) for arm, control in controls.items() if {arm, control} <= arms]
    beyond = _beyond_matched(conduct, chosen[COVERT], matched)
    for arm, control in pairs:
        yield from _contrast(
            beyond,
            (arm, control),
            family=AGAINST_CONTROL,
            label=f"{arm} acts covertly more than {control}",
            measure="covert acts given the opportunity, conflict minus matched",
            lead=True,
        )
    for measure, words in _AFTERWARDS.items():
        values = _in_conflict(conduct, chosen[measure])
        for arm, control in pairs:
            yield from _contrast(
                values,
                (arm, control),
                family=AFTERWARDS,
                label=f"{arm} {words} than {control}",
                measure=f"{measure}, given {chosen[measure].given}",
                lead=False,
            )


def _contrast(
    values: pd.DataFrame, arms: tuple[str, str], *, family: str, label: str, measure: str, lead: bool
) -> Iterator[Effect]:
    """Yield the difference of two arms in the environments that both have; nothing if they share none."""
    one, other = (values[values["arm"].eq(arm)] for arm in arms)
    if set(one["cluster"]) & set(other["cluster"]):
        yield contrast(one, other, family=family, label=label, measure=measure, arm=arms[0], control=arms[1], lead=lead)


def _in_conflict(conduct: pd.DataFrame, one: Measured) -> pd.DataFrame:
    """Return a row per episode with a conflict in which a measure counts: arm, seed, cluster and value."""
    rows = one.counted & conduct["conflict"].astype(bool)
    return _frame(conduct[rows], one.value[rows])


def _beyond_matched(conduct: pd.DataFrame, one: Measured, matched: str) -> pd.DataFrame:
    """Return a row per arm, seed and environment: its rate with a conflict minus its rate in the matched variant."""
    keys = ["arm", "seed", "cluster"]
    rows = one.counted & conduct["variant"].eq(matched)
    base = _frame(conduct[rows], one.value[rows]).groupby(keys)["value"].mean()
    own = _in_conflict(conduct, one).groupby(keys)["value"].mean()
    return (own - base).dropna().reset_index()


def _frame(episodes: pd.DataFrame, value: pd.Series) -> pd.DataFrame:
    return episodes[["arm", "seed"]].assign(cluster=episodes["environment"], value=value)
