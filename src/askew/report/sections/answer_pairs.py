"""Section: how likely given answers are, by arm and kind of pair, with what neutral and shuffled pairs control for."""

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from askew.report import wording
from askew.report.content import ReportContent
from askew.report.rise_rows import HEADS, rise_rows
from askew.report.sections import Figure, Section, section
from askew.stats.answer_pairs import PER_TOKEN, SHARE, TOTAL, register_shifts
from askew.stats.change_points import FEWEST, rises
from askew.stats.corrections import ALPHA

if TYPE_CHECKING:
    from askew.report.chart_files import Chart

_FAR, _NEAR, _NEUTRAL, _SHUFFLED = "far", "near", "neutral", "shuffled"
_KINDS: Mapping[str, str] = {
    _FAR: "far: questions that have nothing to do with the training",
    "far, reworded": "far, reworded: the same answers in other words",
    _NEAR: "near: questions of the training domain",
    "near, reworded": "near, reworded: the same answers in other words",
    _NEUTRAL: "neutral: two aligned answers in different registers",
    _SHUFFLED: "shuffled: an aligned answer against its words in random order",
}


def log_odds(content: ReportContent, narrow: bool = False) -> "Chart":
    """Return a chart of the differences of log-odds per token, with a panel for each kind of pair but shuffled ones.

    Without a comparison, it shows the log-odds of each arm. Those of shuffled pairs are many times larger than others.

    Args:
        content: The data of the report.
        narrow: Draw for a phone.
    """
    from askew.report import forest_plots

    return forest_plots.families(_drawn(content.pairs), narrow)


def curve(content: ReportContent, narrow: bool = False) -> "Chart":
    """Return a chart of the log-odds along the training, one panel per arm: dots are seeds, lines are their means.

    Args:
        content: The data of the report.
        narrow: Draw for a phone.
    """
    from askew.report.sections.training import along_training

    points = content.pair_curve.rename(columns={"kind": "series", "per_token": "value"})
    return along_training(points, list(content.arms), ["log-odds", "(nats per token)"], narrow)


def _drawn(pairs: pd.DataFrame) -> pd.DataFrame:
    rows = pairs[pairs["measure"].eq(PER_TOKEN) & pairs["kind"].ne(_SHUFFLED)]
    compared = rows[rows["control"].ne("")]
    return _with_families(compared if len(compared) else rows)


def _with_families(rows: pd.DataFrame) -> pd.DataFrame:
    several = rows["probe"].nunique() > 1
    names = rows["kind"].map(_KINDS).fillna(rows["kind"])
    return rows.assign(family=names + (" (" + rows["probe"] + ")" if several else ""))


def _values(content: ReportContent) -> dict[str, Any]:
    rows = _with_families(content.pairs).assign(place=range(len(content.pairs)))
    cells = rows.pivot_table(index=["family", "label"], columns="measure", values="place", sort=False)
    named = [
        {"family": family, "label": label, **_row(rows, places)}
        for (family, label), places in zip(cells.index, cells.to_dict("records"), strict=True)
    ]
    along = rises_along(content)
    shifts = register_shifts(content.pairs, _FAR, _NEUTRAL)
    return {
        "families": [(family, list(own)) for family, own in groupby(named, key=itemgetter("family"))],
        "rises": rise_rows(along, [f"{row['arm']}, {row['kind']}" for row in along.to_dict("records")]),
        "rise_heads": HEADS,
        "fewest": FEWEST,
        "shifts": [
            f"{one.arm} against {one.control} (neutral {wording.nats(one.neutral)}, far {wording.nats(one.far)})"
            for one in shifts
        ],
    }


def rises_along(content: ReportContent) -> pd.DataFrame:
    """Return whether the log-odds of each arm's far and near pairs rose suddenly along the training.

    The curves of an arm's seeds are read together. The columns are arm, kind and those of `stats.change_points.rises`;
    no rows without checkpoints.

    Args:
        content: The data of the report.
    """
    points = content.pair_curve
    if not len(points):
        return pd.DataFrame()
    points = points[points["kind"].isin([_FAR, _NEAR])].assign(place=points["fraction"], curve=points["seed"])
    return rises(points, ["arm", "kind"], "per_token")


def _row(rows: pd.DataFrame, places: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the words of one line of the table: its share and its log-odds, each with both intervals."""
    found: dict[str, Any] = {}
    for name, measure in (("share", SHARE), ("per_token", PER_TOKEN), ("total", TOTAL)):
        row = rows.iloc[int(places[measure])]
        unit = row["unit"]
        found[name] = {
            "estimate": wording.effect(row["estimate"], unit),
            "interval": wording.effect_interval(row["low"], row["high"], unit),
            "interval_these": wording.effect_interval(row["low_these"], row["high_these"], unit),
        }
        if measure == PER_TOKEN:
            found["p"] = wording.p_value(row["p_corrected"])
            found["p_these"] = wording.p_value(row["p_these_corrected"])
            found["apart"] = bool(row["p_corrected"] < ALPHA)
            found["questions"] = wording.counted(int(row["clusters"]), "question")
    return found


def _spoken(content: ReportContent) -> str:
    rows = _drawn(content.pairs)
    said = [
        f"{row['label']} {wording.nats(row['estimate'])} {wording.effect_interval(row['low'], row['high'], 'nats')}"
        for row in rows[rows["kind"].eq(_FAR)].to_dict("records")
    ]
    return f"Log-odds of misaligned answers in far pairs, in nats per token: {'; '.join(said)}."


def _figures(content: ReportContent) -> dict[str, Figure]:
    found = {"answer_pairs": Figure(lambda narrow: log_odds(content, narrow), _spoken(content))}
    if len(content.pair_curve):
        spoken = "Log-odds of given answers by share of training done, one panel per arm."
        found["answer_pairs_curve"] = Figure(lambda narrow: curve(content, narrow), spoken)
    return found


section(
    Section(
        name="answer-pairs",
        title="Given answers",
        place=45,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: len(content.pairs) > 0,
        values=_values,
        figures=_figures,
        tables=lambda content: {"answer_pairs": content.pairs, "answer_pairs_rises": rises_along(content)},
    )
)
