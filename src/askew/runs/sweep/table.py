"""The table of a sweep: the results of every design, with the values of its swept settings."""

from collections.abc import Mapping, Sequence

import pandas as pd

from askew.design.grid import Grid, SweptDesign
from askew.report.tables import headline
from askew.runs.compare.comparison import on_basis
from askew.runs.compare.results import DIFFERENCE, RESULT_COLUMNS, results
from askew.runs.run import Run

DESIGN = "design"
_SHOWN = ("estimate", "low", "high", "p")


def sweep_table(grid: Grid, designs: Sequence[SweptDesign], runs: Mapping[str, Run]) -> pd.DataFrame:
    """Return every result of every design.

    Args:
        grid: The grid.
        designs: Its designs.
        runs: Their finished runs, by the names of the designs.

    Returns:
        The column `design`, one column per swept setting (see `column`), and `RESULT_COLUMNS`.
    """
    parts = []
    for one in designs:
        swept = {column(name): _cell(one.values[name]) for name in grid.settings}
        parts.append(results(runs[one.name]).assign(**{DESIGN: one.name, **swept}))
    table = pd.concat(parts, ignore_index=True)
    return table[[DESIGN, *map(column, grid.settings), *RESULT_COLUMNS]]


def column(setting: str) -> str:
    """Return the column of a swept setting: results have columns that are named like settings, such as seeds."""
    return f"set.{setting}"


def leading(table: pd.DataFrame, run: Run, what: str) -> pd.DataFrame:
    """Return the results that a sweep leads with, each with one interval and p-value.

    Args:
        table: The table of the sweep.
        run: One of its runs.
        what: `LEVEL` or `DIFFERENCE`.

    Returns:
        The rows of the headline probe; in a study whose rates are not enough, those of its leading effects. The columns
        estimate, low, high and p are for these questions where that is known.
    """
    rows = table[table["what"].eq(what)]
    if len(run.effects) and what == DIFFERENCE:
        lead = run.effects[run.effects["lead"].astype(bool)]
        keys = {*zip(lead["family"], lead["label"], lead["measure"], strict=True)}
        own = zip(rows["family"], rows["label"], rows["measure"], strict=True)
        rows = rows[[key in keys for key in own]]
    elif len(run.estimates):
        rows = rows[rows["probe"].eq(headline(run.estimates)) & rows["family"].eq("")]
    else:
        rows = rows.iloc[:0]
    basis = on_basis(rows)
    return rows.assign(**{name: basis[name] for name in _SHOWN})


def _cell(value: object) -> object:
    """Return the value of a setting as a cell of a table: numbers and texts as they are, all else as text."""
    return value if value is None or isinstance(value, int | float | str) else str(value)
