"""The results of a finished run in one form: levels (rates, scores, means) and differences, with their intervals."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from askew.base.untrusted import visible
from askew.design.arm import Arm
from askew.probes import title
from askew.runs.finished_run import FinishedRun
from askew.stats.estimates import JUDGED, pooled

LEVEL, DIFFERENCE = "level", "difference"

KEYS = ("what", "probe", "metric", "kind", "family", "label", "measure", "arm", "control", "control_probe", "unit")
"""The columns by which a result of one run is known in another."""
NUMBERS = ("estimate", "low", "high", "low_these", "high_these", "p", "p_these", "n", "seeds", "questions")
RESULT_COLUMNS = (*KEYS, *NUMBERS)
"""The columns of `results`."""

_LEVELS = {"rate": "estimate", "low": "low", "high": "high", "low_these": "low_these", "high_these": "high_these"}
_DIFFERENCES = {
    "difference": "estimate",
    "difference_low": "low",
    "difference_high": "high",
    "difference_low_these": "low_these",
    "difference_high_these": "high_these",
    "p_corrected": "p",
    "p_these_corrected": "p_these",
}


def results(run: FinishedRun) -> pd.DataFrame:
    """Return every result of a run that pools its seeds and questions.

    Args:
        run: The run.

    Returns:
        The columns `RESULT_COLUMNS`. `what` is `LEVEL` or `DIFFERENCE`. Rates and differences are fractions, log-odds
        in nats; p-values are corrected within the run. `n` is the number of answers, 0 where the table has none.
    """
    parts = [*of_estimates(run.estimates), _of_effects(run.effects, ""), _of_effects(run.pair_effects, "pairs")]
    table = pd.concat([part for part in parts if len(part)] or [pd.DataFrame(columns=list(RESULT_COLUMNS))])
    table = table.reindex(columns=list(RESULT_COLUMNS)).reset_index(drop=True)
    texts = table[list(KEYS)].fillna("").astype(str).map(visible)
    numbers = table[list(NUMBERS)].apply(pd.to_numeric).astype(float)
    numbers[["n", "seeds", "questions"]] = numbers[["n", "seeds", "questions"]].fillna(0).astype(int)
    return pd.concat([texts, numbers], axis=1)[list(RESULT_COLUMNS)]


def is_trained(run: FinishedRun, arm: str) -> bool:
    """Return whether a run trained an arm; True for a result about no single arm if it trained any."""
    found: Arm | None = run.plan.arms.get(arm)
    return bool(run.plan.trained) if found is None else run.plan.is_trained(found)


def named(row: Mapping[Any, Any]) -> str:
    """Return the name of a result for people.

    Args:
        row: A row with the columns `KEYS`.
    """
    measured = row["label"] if row["family"] else row["arm"]
    if row["what"] == DIFFERENCE and not row["family"]:
        other = f" in {title(str(row['control_probe']))}" if row["control_probe"] != row["probe"] else ""
        measured = f"{row['arm']} minus {row['control']}{other}"
    return f"{measured}, {where(row)}"


def where(row: Mapping[Any, Any]) -> str:
    """Return the probe and the measured quantity of a result for people.

    Args:
        row: A row with the columns `KEYS`.
    """
    probe = title(str(row["probe"])) if row["probe"] else ""
    quantity = row["measure"] if row["family"] else "" if row["kind"] == JUDGED else row["metric"]
    parts = [probe, str(row["family"]), str(quantity)]
    return ", ".join(dict.fromkeys(part for part in parts if part))


def of_estimates(estimates: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the levels and the differences in rows of `estimates.csv`, with the columns of `results` that they have.

    Args:
        estimates: The rows; those that pool seeds, questions and groups are taken.
    """
    if not len(estimates):
        return []
    rows = pooled(estimates)
    common = rows[["probe", "metric", "kind", "arm", "n", "seeds", "questions"]].assign(family="", label="", measure="")
    levels = common.assign(what=LEVEL, control="", control_probe="", unit="percent")
    levels = levels.assign(**{new: rows[old] for old, new in _LEVELS.items() if old in rows})
    compared = rows["control"].ne("")
    differences = common.assign(
        what=DIFFERENCE, control=rows["control"], control_probe=rows["control_probe"], unit="points"
    )
    differences = differences.assign(**{new: rows[old] for old, new in _DIFFERENCES.items() if old in rows})
    return [levels, differences[compared]]


def _of_effects(effects: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the rows of `effects.csv` or `pairs.csv` as results."""
    if not len(effects):
        return pd.DataFrame()
    is_level = effects["p"].isna() & effects["control"].eq("") & effects["unit"].isin(["percent", "nats"])
    return effects.assign(
        what=is_level.map({True: LEVEL, False: DIFFERENCE}),
        kind=effects.get("kind", kind),
        probe=effects.get("probe", ""),
        control_probe=effects.get("probe", ""),
        metric="",
        p=effects["p_corrected"],
        p_these=effects["p_these_corrected"],
        questions=effects["clusters"],
        n=0,
    )
