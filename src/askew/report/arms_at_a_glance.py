"""The table of arms for people: rounded percentages under plain names, also as Markdown."""

import pandas as pd

from askew.base.untrusted import visible
from askew.report import wording
from askew.stats.scores import are_scores


class ReadableTable(pd.DataFrame):
    """A data frame that becomes Markdown without the package `tabulate`, which pandas would ask for."""

    def __repr__(self) -> str:
        """Return every column; pandas would leave out the middle ones in a narrow terminal."""
        return self.to_string(index=False, na_rep=wording.NOTHING)

    @property
    def _constructor(self) -> type["ReadableTable"]:
        return ReadableTable

    def to_markdown(self, *, index: bool = False) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the table in Markdown, with numbers to the right.

        Args:
            index: Show the index, too.
        """
        shown = self.reset_index() if index else self
        right = [pd.api.types.is_numeric_dtype(kind) for kind in shown.dtypes]
        rule = ["---:" if is_number else ":---" for is_number in right]
        rows = [[_cell(value) for value in row] for row in shown.itertuples(index=False)]
        lines = [[_cell(name) for name in shown.columns], rule, *rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def arms_at_a_glance(rows: pd.DataFrame) -> ReadableTable:
    """Return a row per arm for people.

    Args:
        rows: The table of `askew.report.tables.arms_table`.

    Returns:
        Columns: `arm`; `misaligned %`, or `score %` where all rows are scores; its 95% intervals as text, for
        `questions like these` and for `these questions`; `vs control`, the difference in percentage points, NaN without
        a control; `control`; `incoherent %`; and `in domain %`, the rate in the arm's own domain. Percentages are
        rounded to one decimal.
    """
    is_score = len(rows) > 0 and bool(are_scores(rows).all())
    table = ReadableTable(
        {
            "arm": rows["label"],
            "score %" if is_score else "misaligned %": _percent(rows["rate"]),
            "questions like these": _intervals(rows, ""),
            "these questions": _intervals(rows, "_these"),
            "vs control": _percent(rows["difference"]),
            "control": rows["control"].fillna(""),
            "incoherent %": _percent(rows["incoherent"] / rows["total"]),
            "in domain %": _percent(rows["in_domain"]),
        }
    )
    shown = [name for name in table if table[name].notna().any() and table[name].ne("").any()]
    return ReadableTable(table[shown]).reset_index(drop=True)


def _percent(fractions: pd.Series) -> pd.Series:
    return (100 * pd.to_numeric(fractions)).round(1)


def _intervals(rows: pd.DataFrame, which: str) -> list[str]:
    """Return the intervals as text; which are "" or "_these"."""
    limits = [f"low{which}", f"high{which}"]
    if not set(limits) <= set(rows):
        return [""] * len(rows)
    return [wording.interval(low, high) for low, high in rows[limits].itertuples(index=False)]


def _cell(value: object) -> str:
    """Return a value as the text of a cell; a missing number is a dash."""
    if isinstance(value, float):
        return wording.NOTHING if pd.isna(value) else f"{value:.1f}"
    return visible(" ".join(str(value).split())).replace("|", "\\|")
