"""The table of estimates: rates of misaligned answers and differences from controls, with 95% intervals.

The table doesn't depend on the order of the answers. Its columns are those of `estimates.csv`;
docs/explanation/statistics.md explains each number and how it is computed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from askew.stats.corrections import holm
from askew.stats.counts import Metric, Table, count
from askew.stats.intervals import (
    DifferenceInterval,
    difference_interval,
    difference_interval_these,
    rate_interval,
    rate_interval_these,
)
from askew.stats.log_odds import Array

COLUMNS = (
    "arm",
    "probe",
    "metric",
    "kind",
    "question",
    "seed",
    "rate",
    "low",
    "high",
    "n",
    "incoherent",
    "refused",
    "unjudged",
    "control",
    "control_probe",
    "difference",
    "difference_low",
    "difference_high",
    "p",
    "p_corrected",
    "group",
    "total",
    "mean_aligned",
    "seeds",
    "questions",
    "low_these",
    "high_these",
    "difference_low_these",
    "difference_high_these",
    "p_these",
    "p_these_corrected",
    "no_answer",
)

ALL = "all"
"""Value of question, seed and group in a row that pools them."""

JUDGED = "judged"
"""Kind of a row that is a rate of misaligned answers by a metric. Rows of every other kind are scores."""

_NONE: Mapping[str, str] = MappingProxyType({})
ONCE: Mapping[str, int] = MappingProxyType({})
"""The numbers of planned looks by probe where every probe is looked at once."""


@dataclass(frozen=True)
class _Slices:
    """Rows of one kind, each a part of one table; `tallies` holds arrays of shape (rows, seeds, questions)."""

    kind: str
    labels: list[dict[str, str]]
    tallies: dict[str, Array]


def estimate(
    answers: pd.DataFrame,
    metric: Metric,
    controls: Mapping[str, str],
    control_probes: Mapping[str, str] = _NONE,
    looks: Mapping[str, int] = ONCE,
) -> pd.DataFrame:
    """Return the rates and differences of each arm and probe: pooled, per question, per seed and per group.

    Groups of questions get rows only where a probe has more than one. p-values are corrected over the arms of a probe;
    the pooled rows, the rows per question, per seed and per group are separate families.

    Args:
        answers: One row per answer, with the columns of `answers.parquet`. Verdicts are computed from the scores by
            `metric`.
        metric: The rule that defines the rate.
        controls: Arm to its control. An arm without a control, or with a control that has no answers, gets no
            difference.
        control_probes: Probe to the probe in which the same arm is the control, if it has answers there: `triggered` is
            compared with `free_form`.
        looks: Probe to the number of planned looks at its answers, at each of which the intervals and p-values hold;
            1 for a probe that is not there.

    Returns:
        A data frame with the columns `COLUMNS`, sorted by arm and probe, with the pooled row of each first. The kind is
        `JUDGED`; rates and differences are fractions.
    """
    tables = count(answers, metric)
    parts = [
        pd.DataFrame({"arm": arm, "probe": probe, "metric": metric.name, "kind": JUDGED, **rows})
        for (arm, probe), table in sorted(tables.items())
        for rows in _rows(table, *_control(tables, arm, probe, controls, control_probes), looks.get(probe, 1))
    ]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    rows = pd.concat(parts, ignore_index=True)
    for p in ("p", "p_these"):
        rows[f"{p}_corrected"] = rows.groupby(["probe", "slice"])[p].transform(holm)
    return rows[list(COLUMNS)]


def pooled(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table of estimates that pool seeds, questions and groups: one per arm, probe and metric.

    All columns are kept. `control` and `control_probe` are "" where a row has no control, also if the table was read
    from a file.
    """
    rows = estimates[(estimates[["question", "seed", "group"]].astype(str) == ALL).all(axis=1)]
    return rows.fillna({"control": "", "control_probe": ""})


def _control(
    tables: dict[tuple[str, str], Table],
    arm: str,
    probe: str,
    controls: Mapping[str, str],
    control_probes: Mapping[str, str],
) -> tuple[tuple[str, str], Table | None]:
    """Return the control as (arm, probe), with its counts; empty names and None if it has no answers."""
    candidates = [(arm, control_probes[probe])] if probe in control_probes else []
    for control in [*candidates, (controls.get(arm, ""), probe)]:
        if control in tables:
            return control, tables[control]
    return ("", ""), None


def _rows(table: Table, names: tuple[str, str], control: Table | None, looks: int) -> Iterator[dict[str, Any]]:
    common = {} if control is None else dict.fromkeys(control.questions)
    if not any(question in common for question in table.questions):
        names, control = ("", ""), None
    for slices, against in zip(_slices(table, table), _control_slices(table, control), strict=True):
        counts = slices.tallies["misaligned"], slices.tallies["n"]
        interval, these = rate_interval(*counts, looks=looks), rate_interval_these(*counts, looks=looks)
        yield {
            "slice": slices.kind,
            **{name: [label[name] for label in slices.labels] for name in ("question", "seed", "group")},
            "rate": interval.rate,
            "low": interval.low,
            "high": interval.high,
            "low_these": these.low,
            "high_these": these.high,
            **_totals(slices.tallies),
            "control": names[0],
            "control_probe": names[1],
            **_differences(table, control, slices, against, looks),
        }


def _slices(table: Table, shape: Table) -> Iterator[_Slices]:
    """Yield the parts of a table for the rows of `shape`: pooled, per question, per seed and per group.

    For a seed of `shape` that `table` lacks, the row uses all seeds of `table`: an untuned model has a single seed and
    is the control of every seed.
    """
    everything = np.ones((len(table.seeds), len(table.questions)), dtype=bool)
    yield _masked("pooled", table, [{}], [everything])
    # Each row has one question, so the last axis has length 1. A mask over all questions would take memory quadratic in
    # their number.
    yield _Slices(
        "question",
        [_label(question=question) for question in table.questions],
        {name: values.T[:, :, None] for name, values in table.tallies.items()},
    )
    of_seed = [
        (np.array(table.seeds) == seed)[:, None] & everything if seed in table.seeds else everything
        for seed in shape.seeds
    ]
    yield _masked("seed", table, [{"seed": str(seed)} for seed in shape.seeds], of_seed)
    names = sorted(set(shape.groups))
    if len(names) > 1:
        of_group = [everything & (np.array(shape.groups) == name) for name in names]
        yield _masked("group", table, [{"group": name} for name in names], of_group)


def _control_slices(table: Table, control: Table | None) -> Iterator[_Slices | None]:
    if control is not None:
        yield from _slices(control.on(table.questions), table)
    else:
        yield from (None for _ in _slices(table, table))


def _masked(kind: str, table: Table, labels: list[dict[str, str]], masks: list[Array]) -> _Slices:
    chosen = np.stack(masks)
    return _Slices(
        kind,
        [_label(**label) for label in labels],
        {name: np.where(chosen, values, 0) for name, values in table.tallies.items()},
    )


def _label(question: str = ALL, seed: str = ALL, group: str = ALL) -> dict[str, str]:
    return {"question": question, "seed": seed, "group": group}


def _totals(tallies: dict[str, Array]) -> dict[str, Array]:
    sums = {name: values.sum((-2, -1)) for name, values in tallies.items()}
    counts = {name: sums[name].astype(int) for name in ("n", "incoherent", "refused", "unjudged", "no_answer", "total")}
    scored = sums["aligned_count"]
    mean = np.divide(sums["aligned_sum"], scored, out=np.full(scored.shape, np.nan), where=scored > 0)
    answered = tallies["n"] > 0
    return {
        **counts,
        "mean_aligned": mean,
        "seeds": answered.any(-1).sum(-1),
        "questions": answered.any(-2).sum(-1),
    }


def _differences(
    table: Table, control: Table | None, slices: _Slices, against: _Slices | None, looks: int
) -> dict[str, Array]:
    """Return the difference of each row from its control, on the questions that both were asked."""
    nothing = np.full(len(slices.labels), np.nan)
    found = these = DifferenceInterval(nothing, nothing, nothing, nothing)
    if control is not None and against is not None:
        both_asked = (slices.tallies["total"].sum(-2) > 0) & (against.tallies["total"].sum(-2) > 0)
        counts = [
            np.where(both_asked[:, None, :], side.tallies[name], 0)
            for side in (slices, against)
            for name in ("misaligned", "n")
        ]
        found = difference_interval(*counts, same_seeds=table.seeds == control.seeds, looks=looks)
        these = difference_interval_these(*counts, looks=looks)
    return {
        "difference": found.difference,
        "difference_low": found.low,
        "difference_high": found.high,
        "p": found.p,
        "difference_low_these": these.low,
        "difference_high_these": these.high,
        "p_these": these.p,
    }
