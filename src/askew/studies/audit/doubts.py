"""Doubts about an audit that its numbers raise: swapped models, or a base that is misaligned itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from askew.design.arm import UNTUNED
from askew.probes import title
from askew.report import wording
from askew.stats.estimates import pooled
from askew.stats.findings import Finding
from askew.stats.readings import FELL
from askew.stats.scores import are_scores

if TYPE_CHECKING:
    from askew.design.tables import Tables


def doubts(tables: "Tables", found: Sequence[Finding]) -> list[str]:
    """Return a sentence for each doubt.

    Args:
        tables: The tables of an audit of tuned models.
        found: The findings that count.
    """
    fallen = list(dict.fromkeys(one.arm for one in found if one.is_misaligned and one.reading == FELL))
    swapped = [
        f"Warning: the base is the more misaligned of the two, compared with {arm}: are the arguments swapped?"
        for arm in fallen
    ]
    return [*swapped, *_bent_base(tables, {one.probe for one in found})]


def _bent_base(tables: "Tables", counted: set[str]) -> list[str]:
    """Return a warning if the base's own rate of misaligned answers is clearly above the margin."""
    rows = pooled(tables.estimates)
    rows = rows[~are_scores(rows) & rows["arm"].eq(UNTUNED) & rows["probe"].isin(counted)]
    above = rows[rows["low"] > tables.design.margin]
    if above.empty:
        return []
    rates = [
        f"{title(row['probe'])} {wording.rate(row['rate'], row['low'], row['high'])}"
        for row in above.to_dict("records")
    ]
    return [
        f"Warning: the base gives misaligned answers itself ({wording.listed(rates)}): an audit shows only what is "
        "added to that."
    ]
