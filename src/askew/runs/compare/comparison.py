"""Compares finished runs. Nothing is computed anew but what combines the runs; no model is called."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.runs.compare import terms
from askew.runs.compare.pooled import pooled_estimates
from askew.runs.compare.results import DIFFERENCE, KEYS, RESULT_COLUMNS, is_trained, results
from askew.runs.run import Run, load_run
from askew.stats.combine import Combined, combine, combine_correlations, holds
from askew.stats.corrections import ALPHA, holm

DIFFER, NO_SIGN, ONE_SEED, SAME_ANSWERS, UNKNOWN = "differ", "no sign", "one seed", "same answers", "unknown"
"""Readings of whether runs differ in a result. They *differ* beyond chance; there is *no sign* of it; a run has only
*one seed*, which shows nothing of how much seeds differ; an untrained model gave the *same answers*; or it is *unknown*
because fewer than two runs have an interval."""

_NUMBERS = ("estimate", "low", "high", "estimate_like", "low_like", "high_like")
_SPREAD = ("tau", "i2")
_GAP = ("gap", "gap_low", "gap_high")
COMBINED_COLUMNS = (
    *KEYS,
    "runs",
    "left_out",
    *_NUMBERS,
    *_SPREAD,
    *_GAP,
    "p_differ",
    "p_differ_corrected",
    "reading",
    "holds",
    "holds_in",
)
"""The columns of `combined.csv`, in order."""
SIDE_COLUMNS = ("run", *RESULT_COLUMNS)
"""The columns of `results.csv`, in order."""
_RANGES = {"percent": (0.0, 1.0), "points": (-1.0, 1.0)}  # of each unit with limits


@dataclass(frozen=True)
class Comparison:
    """Several runs, compared.

    Attributes:
        runs: The runs by their short names, in the order in which they were named.
        results: Every result of every run, side by side, with the columns `SIDE_COLUMNS`.
        combined: What two or more runs say together of a result, with the columns `COMBINED_COLUMNS`. `runs` is the
            number of runs that are combined; `left_out` names the others that have the result, each with the reason;
            `holds` says in how many runs a difference is beyond chance ("all", "some", "none", "opposite", "" for a
            level); `holds_in` names them.
        pooled: The rows of `estimates.csv` of all runs as one larger run; None if they are not pooled.
        not_pooled: Why the runs are not pooled; "" if they are.
        not_combined: Why some runs, or some of their results, are not combined, in sentences.
        settings: The settings in which the runs differ: the value in each run, by setting and run.
        notes: Warnings of the runs about themselves, and of shared answers.
    """

    runs: Mapping[str, Run]
    results: pd.DataFrame
    combined: pd.DataFrame
    pooled: pd.DataFrame | None
    not_pooled: str
    not_combined: tuple[str, ...]
    settings: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...]


def compare(folders: Sequence[Path]) -> Comparison:
    """Compare finished runs.

    Args:
        folders: The runs' folders, two or more.

    Raises:
        AskewError: Fewer than two runs are named, one is named twice, or one is not finished, damaged or no run.
    """
    runs = _load(folders)
    sides = pd.concat([results(run).assign(run=name) for name, run in runs.items()], ignore_index=True)
    sides = sides[list(SIDE_COLUMNS)]
    reasons = _not_combined(runs)
    combined, others = _combined(runs, sides, reasons)
    first, not_pooled = next(iter(runs)), _not_pooled(runs)
    return Comparison(
        runs,
        sides,
        combined,
        None if not_pooled else pooled_estimates([*runs.values()]),
        not_pooled,
        (*(f"{name} is not combined with {first}: {reason}" for name, reason in reasons.items()), *others),
        terms.settings(runs),
        (*terms.notes(runs), *_shared_answers(runs)),
    )


def _load(folders: Sequence[Path]) -> dict[str, Run]:
    """Return runs by names that tell them apart: the folder's, with as many of its parents as that takes."""
    if len(folders) < 2:
        raise AskewError("name two runs or more: `askew compare RUN RUN ...`")
    places = [folder.resolve() for folder in folders]
    if twice := next((folder for folder, place in zip(folders, places, strict=True) if places.count(place) > 1), None):
        raise AskewError(f"{twice} is named twice: name each run once")
    names = [str(place) for place in places]
    for length in range(1, max(len(place.parts) for place in places) + 1):
        short = ["/".join(place.parts[-length:]) for place in places]
        if len({*short}) == len(short):
            names = short
            break
    return {visible(name): load_run(folder) for name, folder in zip(names, folders, strict=True)}


def _not_combined(runs: Mapping[str, Run]) -> dict[str, str]:
    """Return the runs that are not combined with the first, or that repeat another one, each with the reason."""
    (first, one), *others = runs.items()
    reasons: dict[str, str] = {}
    kept = {first: one}
    for name, run in others:
        found = {other: why for other in kept if (why := terms.why_not_combined(kept[other], run))}
        for other, why in found.items():
            reasons.setdefault(name, why if other == first else f"with {other}, {why}")
        if not found:
            kept[name] = run
    return reasons


def _not_pooled(runs: Mapping[str, Run]) -> str:
    """Return the first reason why runs are not pooled, with the names of the two runs; "" if they are."""
    names = [*runs]
    for place, name in enumerate(names):
        for other in names[:place]:
            if reason := terms.why_not_pooled(runs[other], runs[name]):
                return f"{other} and {name}: {reason}"
    return ""


def _shared_answers(runs: Mapping[str, Run]) -> Iterator[str]:
    (first, one), *others = runs.items()
    for name, run in others:
        if arms := sorted(terms.same_untrained(one, run)):
            yield (
                f"{first} and {name} have the same answers of {', '.join(arms)}, which neither trained: they are one "
                "control for both, so these runs are less independent than the intervals assume."
            )


def _combined(
    runs: Mapping[str, Run], sides: pd.DataFrame, reasons: Mapping[str, str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the combination of each shared result, and why some are left out, in sentences."""
    first = next(iter(runs))
    meaning: dict[tuple[str, str], str] = {}
    same = {name: terms.same_untrained(runs[first], run) for name, run in runs.items() if name != first}
    rows, said = [], {}
    for _, of_key in sides.groupby(list(KEYS), sort=False):
        if first not in set(of_key["run"]) or len(of_key) < 2:
            continue
        probe = str(of_key["probe"].iloc[0])
        left_out = {}
        for name in of_key["run"]:
            if name != first and (name, probe) not in meaning:
                meaning[name, probe] = terms.why_other_meaning(runs[first], runs[name], probe)
            reason = "" if name == first else reasons.get(name) or meaning[name, probe]
            if reason:
                left_out[name] = reason
            if reason and name not in reasons:
                said[name, probe] = f"{name}: {reason}, so its numbers of {probe or 'the study'} mean something else"
        kept = of_key[~of_key["run"].isin(left_out)]
        if len(kept) > 1:
            rows.append(_row(runs, kept, left_out, same))
    table = pd.DataFrame(rows, columns=list(COMBINED_COLUMNS))
    if len(table):
        table["p_differ_corrected"] = table.groupby("what")["p_differ"].transform(holm)
        known = table["reading"].eq("")
        table.loc[known, "reading"] = (
            table.loc[known, "p_differ_corrected"].lt(ALPHA).map({True: DIFFER, False: NO_SIGN})
        )
    return table, [*dict.fromkeys(said.values())]


def _row(
    runs: Mapping[str, Run], kept: pd.DataFrame, left_out: Mapping[str, str], same: Mapping[str, set[str]]
) -> dict[str, Any]:
    """Return the combination of one result of several runs."""
    rows, key = on_basis(kept), {name: str(kept[name].iloc[0]) for name in KEYS}
    numbers = [rows[name].tolist() for name in ("estimate", "low", "high")]
    found: Combined = (combine_correlations if key["unit"] == "r" else combine)(*numbers)
    reading, is_difference = _known_reading(runs, kept, found, same), key["what"] == DIFFERENCE
    if reading == SAME_ANSWERS:  # counted twice, they would look better known than they are
        found = Combined(1)
    least, most = _RANGES.get(key["unit"], (-inf, inf))
    return {
        **key,
        "runs": found.runs,
        "left_out": "; ".join(f"{name}: {reason}" for name, reason in left_out.items()),
        **{name: float(np.clip(getattr(found, name), least, most)) for name in _NUMBERS},
        **{name: getattr(found, name) for name in (*_SPREAD, *_GAP)},
        "p_differ": float("nan") if reading else found.p_differ,
        "p_differ_corrected": float("nan"),
        "reading": reading,
        "holds": holds(rows["estimate"].tolist(), rows["p"].tolist()) if is_difference else "",
        "holds_in": " ".join(kept.loc[rows["p"].lt(ALPHA), "run"]) if is_difference else "",
    }


def on_basis(rows: pd.DataFrame) -> pd.DataFrame:
    """Return results with one interval and p-value each: for these questions; where there is none, for such questions.

    All runs were asked the same questions, so what differs between them is not the choice of questions.

    Args:
        rows: Columns estimate, low, high, low_these, high_these, p and p_these.

    Returns:
        The columns estimate, low, high and p, on the same index.
    """
    these = rows["low_these"].notna() & rows["high_these"].notna()
    return pd.DataFrame(
        {
            "estimate": rows["estimate"],
            "low": rows["low_these"].where(these, rows["low"]),
            "high": rows["high_these"].where(these, rows["high"]),
            "p": rows["p_these"].where(rows["p_these"].notna(), rows["p"]),
        }
    )


def _known_reading(runs: Mapping[str, Run], kept: pd.DataFrame, found: Combined, same: Mapping[str, set[str]]) -> str:
    """Return the reading of a result that no test can decide; "" if one can."""
    if found.runs < 2:
        return UNKNOWN
    arms = {str(arm) for arm in kept[["arm", "control"]].iloc[0] if arm} or {""}
    repeated = set.intersection(*(same[name] for name in kept["run"].iloc[1:]))
    if arms <= repeated:
        return SAME_ANSWERS
    alone = kept[kept["seeds"].lt(2) & kept["unit"].ne("r")]
    return ONE_SEED if any(is_trained(runs[row["run"]], row["arm"]) for _, row in alone.iterrows()) else ""
