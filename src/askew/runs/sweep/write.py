"""Writes the table and the report of a sweep."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from askew.base.atomic import wording_disk_trouble, write_whole
from askew.base.csv_cells import as_csv
from askew.design.grid import Grid, SweptDesign
from askew.probes import title
from askew.report import wording
from askew.report.chart_files import unchecked
from askew.report.inline import TEMPLATE, dressing, environment
from askew.report.page import write_figures
from askew.report.sections import Figure
from askew.report.tables import headline
from askew.runs.compare.results import DIFFERENCE, LEVEL
from askew.runs.run import Run
from askew.runs.store import REPORT
from askew.runs.sweep.charts import response_curves
from askew.runs.sweep.table import DESIGN, column, leading, sweep_table
from askew.stats.corrections import ALPHA

PAGE, TABLE = "sweep.html", "sweep.csv"
_HERE = Path(__file__).parent


def write_sweep(folder: Path, grid: Grid, designs: Sequence[SweptDesign], runs: Mapping[str, Run]) -> list[str]:
    """Write `sweep.csv`, the figures and `sweep.html`, and return what the sweep found, in sentences.

    Args:
        folder: The folder of the sweep.
        grid: The grid.
        designs: Its designs.
        runs: Their finished runs, by the names of the designs.

    Raises:
        AskewError: The folder cannot be written to.
    """
    table, first = sweep_table(grid, designs, runs), next(iter(runs.values()))
    said = sentences(table, first)
    with wording_disk_trouble(folder):
        write_whole(folder / TABLE, as_csv(table))
        with unchecked():
            drawings = write_figures(figures(grid, table, first), folder / "figures")
        page = _render(folder, grid, designs, runs, table, said, drawings)
        write_whole(folder / PAGE, page.encode("utf-8", "replace"))
    return said


def figures(grid: Grid, table: pd.DataFrame, run: Run) -> dict[str, Figure]:
    """Return a figure of response curves for each swept setting with two values or more.

    Args:
        grid: The grid.
        table: The table of the sweep, with the columns of `table.sweep_table`.
        run: One of its runs.
    """
    rows = leading(table, run, LEVEL)
    drawn: dict[str, Figure] = {}
    for place, setting in enumerate(grid.settings, start=1):
        others = [name for name in grid.settings if name != setting]
        if rows.loc[rows["estimate"].notna(), column(setting)].nunique() > 1:
            spoken = f"The level of each arm over {setting}; the numbers are in the table."
            drawn[f"over-{place}"] = Figure(_curve(rows, setting, others), spoken)
    return drawn


def sentences(table: pd.DataFrame, run: Run) -> list[str]:
    """Return what the sweep found: the range of each leading difference over the designs.

    Args:
        table: The table of the sweep, with the columns of `table.sweep_table`.
        run: One of its runs.
    """
    rows = leading(table, run, DIFFERENCE)
    said = []
    for (arm, control, label, unit), own in rows.groupby(["arm", "control", "label", "unit"], sort=False):
        own = own.dropna(subset=["estimate"])
        if own.empty:
            continue
        ordered = own.sort_values("estimate", kind="stable")
        least, most = ordered.iloc[0], ordered.iloc[-1]
        ends = [
            f"{wording.effect(one['estimate'], str(unit))} "
            f"{wording.effect_interval(one['low'], one['high'], str(unit))} ({one[DESIGN]})"
            for one in (least, most)
        ]
        name = label or f"{arm} minus {control}"
        beyond = f"beyond chance in {own['p'].lt(ALPHA).sum()} of {wording.counted(len(own), 'design')}"
        said.append(f"{name}: from {ends[0]} to {ends[1]}; {beyond}.")
    return said or ["No difference from a control is known in these designs."]


def _curve(rows: pd.DataFrame, setting: str, others: list[str]) -> Any:
    return lambda narrow: response_curves(rows, setting, others, narrow)


def _render(
    folder: Path,
    grid: Grid,
    designs: Sequence[SweptDesign],
    runs: Mapping[str, Run],
    table: pd.DataFrame,
    said: Sequence[str],
    drawings: Mapping[str, Any],
) -> str:
    first = next(iter(runs.values()))
    heads, rows = _matrix(grid, designs, table, first)
    has_rates = len(first.estimates) > 0
    measured = f"Level in {title(headline(first.estimates))}" if has_rates else "Leading results"
    notes: dict[str, list[str]] = {}
    for name, run in runs.items():
        if run.note:
            notes.setdefault(run.note, []).append(name)
    return (
        environment(_HERE)
        .get_template("sweep.html.jinja")
        .render(
            study=first.study.title,
            count=len(designs),
            settings=grid.settings,
            sentences=said,
            notes=[note if len(names) == len(runs) else f"{', '.join(names)}: {note}" for note, names in notes.items()],
            curves=[
                (setting, f"over-{place}")
                for place, setting in enumerate(grid.settings, start=1)
                if f"over-{place}" in drawings
            ],
            drawings=drawings,
            measured=measured,
            heads=heads,
            rows=rows,
            reports=[(name, quote(str((run.folder / REPORT).relative_to(folder)))) for name, run in runs.items()],
            **dressing([TEMPLATE / "one_page.css"]),
        )
    )


def _matrix(
    grid: Grid, designs: Sequence[SweptDesign], table: pd.DataFrame, run: Run
) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the headings and rows of the table of designs."""
    levels, differences = leading(table, run, LEVEL), leading(table, run, DIFFERENCE)
    arms = list(dict.fromkeys(levels["arm"]))
    pairs = list(dict.fromkeys(zip(differences["arm"], differences["control"], differences["label"], strict=True)))
    names = [label or f"{arm} minus {control}" for arm, control, label in pairs]
    rows = []
    for one in designs:
        own, compared = (part[part[DESIGN].eq(one.name)] for part in (levels, differences))
        cells = [wording.number(one.values[name]) for name in grid.settings]
        cells += [_cell(own[own["arm"].eq(arm)]) for arm in arms]
        cells += [_cell(compared[compared[["arm", "control", "label"]].eq(list(pair)).all(axis=1)]) for pair in pairs]
        rows.append({"name": one.name, "note": "", "cells": cells})
    return ["design", *grid.settings, *arms, *names], rows


def _cell(rows: pd.DataFrame) -> str:
    if rows.empty:
        return wording.NOTHING
    row = rows.iloc[0]
    star = "*" if row["what"] == DIFFERENCE and row["p"] < ALPHA else ""
    shown = wording.effect(row["estimate"], row["unit"])
    return f"{shown}{star} {wording.effect_interval(row['low'], row['high'], row['unit'])}".strip()
