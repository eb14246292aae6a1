"""What others published beside a run's own rates, in words: the rows that its report shows."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from askew.probes import title
from askew.report import wording


def page_rows(table: pd.DataFrame) -> list[dict[str, str]]:
    """Return the rows of the page's section, from `tables.published_table`."""
    return [_row(row) for row in table.to_dict("records")]


def _row(row: Mapping[Hashable, Any]) -> dict[str, str]:
    counted = {"answers": row["published_n"], "seeds": row["published_seeds"]}
    known = [f"{number:,.0f} {name}" for name, number in counted.items() if not pd.isna(number)]
    return {
        **{name: row[name] for name in ("arm", "source", "where", "compatible")},
        "probe": title(row["probe"]),
        "ours": wording.percent(row["rate"]),
        "ours_interval": wording.interval(row["low"], row["high"]),
        "theirs": wording.percent(row["published_rate"]),
        "theirs_interval": wording.interval(row["published_low"], row["published_high"]),
        "details": "; ".join(filter(None, [f"data: {row['data']}", *known, row["note"]])),
    }
