"""A comparison of runs in words and rows, for the terminal and for its page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from askew.report import wording
from askew.report.tables import headline
from askew.runs.compare.comparison import DIFFER, NO_SIGN, ONE_SEED, SAME_ANSWERS, UNKNOWN, Comparison, on_basis
from askew.runs.compare.results import DIFFERENCE, KEYS, LEVEL, named
from askew.stats.corrections import ALPHA

THESE_RUNS, LIKE_RUNS, POOLED = "these runs", "runs like these", "pooled"
READINGS: Mapping[str, str] = {
    DIFFER: "the runs differ",
    NO_SIGN: "no sign that the runs differ",
    ONE_SEED: "a run has one seed: it may differ by its seed alone",
    SAME_ANSWERS: "the same answers in all",
    UNKNOWN: "too few intervals",
}
HOLDS: Mapping[str, str] = {
    "all": "holds in all",
    "some": "holds in some",
    "none": "holds in none",
    "opposite": "opposite directions",
    "": "",
}
MOST_SHOWN = 60


@dataclass(frozen=True)
class Line:
    """One line of a block: a run's result, or that of several runs together.

    Attributes:
        name: The run, or `THESE_RUNS`, `LIKE_RUNS` or `POOLED`.
        value: The estimate.
        interval: Its 95% interval; "" if there is none.
        note: What it rests on, or what the runs say together.
        is_strong: Whether it is a difference beyond chance.
    """

    name: str
    value: str
    interval: str
    note: str
    is_strong: bool = False


@dataclass(frozen=True)
class Block:
    """One result in all runs that have it, with what they say together.

    Attributes:
        name: The result's name.
        what: `LEVEL` or `DIFFERENCE`.
        lines: A line per run, then those of several runs.
    """

    name: str
    what: str
    lines: tuple[Line, ...]


def sentence(found: Comparison) -> str:
    """Return what the comparison says in one or two sentences."""
    if not len(found.combined):
        return f"These {len(found.runs)} runs have no result that can be combined."
    differences = found.combined[found.combined["what"].eq(DIFFERENCE)]
    parts = []
    if len(differences):
        counts = differences["holds"].value_counts()
        said = [f"{counts[name]} {words}" for name, words in _HOLD_IN.items() if counts.get(name, 0)]
        shared, known = wording.counted(len(differences), "difference"), wording.listed(said or ["none has a test"])
        parts.append(f"These {len(found.runs)} runs share {shared}: {known}.")
    tested = found.combined[found.combined["reading"].isin([DIFFER, NO_SIGN])]
    apart = tested[tested["reading"].eq(DIFFER)]
    if len(tested) and len(apart):
        names = [named(row) for row in apart.head(3).to_dict("records")]
        more = f" and {len(apart) - 3} more" if len(apart) > 3 else ""
        parts.append(f"The runs differ in {len(apart)} of {len(tested)} results: {'; '.join(names)}{more}.")
    elif len(tested):
        parts.append(f"There is no sign that the runs differ, in any of {wording.counted(len(tested), 'result')}.")
    else:
        parts.append("Nothing tells whether the runs differ.")
    return " ".join(parts)


_HOLD_IN = {
    "all": "beyond chance in all runs",
    "some": "beyond chance in some",
    "none": "in none",
    "opposite": "in opposite directions",
}


def blocks(found: Comparison, brief: bool = False) -> list[Block]:
    """Return the results that two or more runs have, differences first.

    Args:
        found: The comparison.
        brief: Only differences and the levels of the leading probe, and no more than `MOST_SHOWN`.
    """
    combined = {_key(row): row for row in found.combined.to_dict("records")}
    pooled_rows = _pooled(found)
    first = next(iter(found.runs.values()))
    lead = headline(first.estimates) if len(first.estimates) else ""
    every: list[Block] = []
    for _, rows in found.results.groupby(list(KEYS), sort=False):
        row = rows.iloc[0].to_dict()
        if len(rows) < 2 or (brief and row["what"] == LEVEL and row["probe"] != lead):
            continue
        lines = [*_of_runs(rows), *_together(combined.get(_key(row)), row["unit"]), *pooled_rows.get(_key(row), [])]
        every.append(Block(named(row), row["what"], tuple(lines)))
    every.sort(key=lambda block: block.what != DIFFERENCE)
    return every[:MOST_SHOWN] if brief else every


def refusals(found: Comparison) -> list[str]:
    """Return why the runs are not pooled, and what is not combined, in sentences."""
    pooled = ["All runs are of one design with different seeds: their answers are pooled as those of one larger run."]
    if found.not_pooled:
        pooled = [f"Not pooled: {found.not_pooled}."]
    return [*pooled, *(f"{line[:1].upper()}{line[1:]}." for line in found.not_combined)]


def setting_rows(found: Comparison) -> list[tuple[str, list[str]]]:
    """Return the settings in which the runs differ, with their value in each run, in the order of the runs."""
    return [(name, [wording.number(values.get(run)) for run in found.runs]) for name, values in found.settings.items()]


def _of_runs(rows: pd.DataFrame) -> Iterator[Line]:
    shown = on_basis(rows)
    for (_, row), (_, basis) in zip(rows.iterrows(), shown.iterrows(), strict=True):
        rests = [wording.counted(int(row["n"]), "answer")] if row["n"] else []
        rests += [wording.counted(int(row["seeds"]), "seed")] if row["seeds"] else []
        strong = row["what"] == DIFFERENCE and bool(basis["p"] < ALPHA)
        yield Line(str(row["run"]), *_numbers(basis.to_dict(), row["unit"]), ", ".join(rests), strong)


def _together(row: Mapping[Any, Any] | None, unit: str) -> Iterator[Line]:
    if row is None:
        return
    said = [HOLDS[row["holds"]], READINGS[row["reading"]]]
    if row["runs"] < 2:
        yield Line(THESE_RUNS, wording.NOTHING, "", READINGS[row["reading"]])
        return
    like = {name: row[f"{name}_like"] for name in ("estimate", "low", "high")}
    yield Line(THESE_RUNS, *_numbers(row, unit), "; ".join(filter(None, said)), row["reading"] == DIFFER)
    yield Line(LIKE_RUNS, *_numbers(like, unit), "")


def _numbers(row: Mapping[Any, Any], unit: str) -> tuple[str, str]:
    return wording.effect(row["estimate"], unit), wording.effect_interval(row["low"], row["high"], unit)


def _pooled(found: Comparison) -> dict[tuple[str, ...], list[Line]]:
    """Return the lines of the pooled rates and differences by the key of their result."""
    from askew.runs.compare.results import of_estimates

    if found.pooled is None:
        return {}
    rows = pd.concat([found.results.iloc[:0], *of_estimates(found.pooled)])[list(found.results.columns)]
    rows[list(KEYS)] = rows[list(KEYS)].fillna("")
    return {_key(row): list(_of_runs(pd.DataFrame([{**row, "run": POOLED}]))) for row in rows.to_dict("records")}


def _key(row: Mapping[Any, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in KEYS)
