"""Report section: the check of the instruments, then what the networks did and when, and whether it was foretold."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from askew.report import wording
from askew.report.content import ReportContent
from askew.report.rise_rows import HEADS, rise_rows
from askew.report.sections import Figure, Section, section
from askew.stats.change_points import FEWEST
from askew.stats.corrections import ALPHA
from askew.studies.grokking import charts
from askew.studies.grokking.arms import COSINE, DECAY, MAP, NO_DECAY, RANDOM, SHUFFLED_LABELS, TRAINED

_NAMES = {
    COSINE: "The network of waves",
    RANDOM: "The network without training",
    SHUFFLED_LABELS: "Shuffled answers",
    NO_DECAY: "No weight decay",
}
_KEY = (
    "Accuracy by epoch, one line per seed. Dotted rules: the pairs are known by heart. Coloured rules: the network has "
    "generalised."
)
_STUDY = "grokking"
_TABLES = ("checks", "moments", "times", "map", "forecasts", "rises")


def _figures(content: ReportContent) -> dict[str, Figure]:
    own, found = content.own_of(_STUDY), {}
    order = [arm for arm in TRAINED if arm in content.arms]
    points, moments = own["curves"], own["moments"]
    if len(points):
        found["grokking_curves"] = Figure(
            lambda narrow: charts.curves(points, moments, order, narrow), _spoken(own), _KEY
        )
        spoken = f"The length of all weights by epoch. {_ends(points, 'norm')}"
        found["grokking_norm"] = Figure(lambda narrow: charts.norms(points, order, narrow), spoken)
    waves = own["spectra"]
    if len(waves):
        first = waves[waves["seed"].eq(waves["seed"].min())]
        spoken = f"The share of each frequency by epoch. Share of the five largest: {_ends(points, 'top_share')}"
        found["grokking_spectrum"] = Figure(lambda narrow: charts.spectrum(first, order, narrow), spoken)
        lost = points.dropna(subset=["restricted_loss"])
        spoken = f"Restricted and excluded loss by epoch. Restricted: {_ends(lost, 'restricted_loss')}"
        found["grokking_losses"] = Figure(lambda narrow: charts.wave_losses(lost, order, narrow), spoken)
    if len(own["map"]):
        found["grokking_map"] = Figure(lambda narrow: charts.phase_map(own["map"], narrow), _map_in_words(own["map"]))
    return found


def _spoken(own: Mapping[str, pd.DataFrame]) -> str:
    said = [
        f"{row['arm']}, seed {row['seed']}: by heart at {_epoch(row['memorised'], row['epochs'])}, generalised at "
        f"{_epoch(row['generalised'], row['epochs'])}"
        for row in own["moments"].to_dict("records")
    ]
    return f"Accuracy on both kinds of pairs by epoch. {'; '.join(said)}."


def _ends(points: pd.DataFrame, column: str) -> str:
    known = points.dropna(subset=[column]).sort_values("epoch")
    both = known.groupby("arm", sort=False)[column].agg(["first", "last"])
    return "; ".join(f"{arm} from {row['first']:.2f} to {row['last']:.2f}" for arm, row in both.iterrows()) + "."


def _map_in_words(cells: pd.DataFrame) -> str:
    said = [
        f"weight decay {row['weight_decay']:g}, share {wording.percent(row['share'])}: "
        + (f"epoch {row['epoch']:,.0f}" if row["generalised"] else f"not by {row['until']:,}")
        for row in cells.to_dict("records")
    ]
    return f"When networks generalised. {'; '.join(said)}."


def _epoch(value: float, until: float) -> str:
    return f"> {until:,.0f}" if pd.isna(value) else f"{value:,.0f}"


def _check_lines(checks: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the checks in words, one line per measure."""
    return [
        {
            "name": _NAMES[row["arm"]],
            "measure": row["measure"],
            "found": f"{row['found']:.3f}",
            "wanted": f"{(row['least'] + row['most']) / 2:.3f}"
            if row["most"] - row["least"] < 0.005
            else f"{row['least']:.3f} to {row['most']:.3f}",
            "networks": wording.counted(int(row["networks"]), "network"),
            "passes": bool(row["passes"]),
        }
        for row in checks.to_dict("records")
    ]


def _time_rows(own: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Return the rows of the table of times."""
    moments = own["moments"]
    rows = []
    for row in own["times"].to_dict("records"):
        knew = moments.loc[moments["arm"].eq(row["group"]), "memorised"]
        until = int(moments.loc[moments["arm"].eq(row["group"]), "epochs"].max())
        # With too few events there is no median; that the networks were followed so long is all that is known.
        median = (
            f"> {until:,}"
            if not row["happened"]
            else "not known from one"
            if pd.isna(row["median"])
            else f"{row['median']:,.0f}"
        )
        ends = "" if pd.isna(row["low"]) else f"[{row['low']:,.0f}, {_limit(row['high'])}]"
        rows.append(
            {
                "name": row["group"],
                "note": f"followed to epoch {until:,}",
                "cells": [
                    wording.NOTHING if knew.isna().all() else f"{knew.median():,.0f}",
                    f"{median} {ends}".strip(),
                    f"{int(row['happened'])} of {int(row['followed'])}",
                    f"{wording.percent(row['share'])} {wording.interval(row['share_low'], row['share_high'])}",
                ],
            }
        )
    return rows


def _limit(epoch: float) -> str:
    return "no limit" if epoch == float("inf") else f"{epoch:,.0f}"


def _forecast(own: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return the score of the forecasts in words; `rows` are the forecasts themselves."""
    score = own["forecast_score"].iloc[0]
    made = own["forecasts"]
    if made.empty:
        return {"rows": [], "left_out": int(score["left_out"])}
    better = score["p"] < ALPHA and score["early"] < score["naive"]
    return {
        "rows": [
            {
                "name": row["network"],
                "note": "",
                "cells": [f"{row[column]:,.0f}" for column in ("time", "early", "naive")],
            }
            for row in made.to_dict("records")
        ],
        "left_out": int(score["left_out"]),
        "early": f"{score['early']:.3f}",
        "naive": f"{score['naive']:.3f}",
        "p": wording.p_related(score["p"]),
        "reading": "better than the naive forecast" if better else "not shown to be better than the naive forecast",
        "least_p": f"{score['least_p']:.2g}" if score["least_p"] >= ALPHA else "",
        "seeds": wording.counted(int(score["seeds"]), "seed"),
    }


def _values(content: ReportContent) -> dict[str, Any]:
    own = content.own_of(_STUDY)
    lines = _check_lines(own["checks"])
    settings = content.design["grokking"]
    return {
        "checks": lines,
        "failed": [line for line in lines if not line["passes"]],
        "times": _time_rows(own),
        "rises": rise_rows(own["rises"], list(own["rises"]["arm"])),
        "rise_heads": HEADS,
        "fewest": FEWEST,
        "forecast": _forecast(own),
        "map_about": f"{settings['operation']} modulo {settings['map_p']}" if MAP in content.arms else "",
        "has_waves": bool(len(own["spectra"])),
        "has_curves": bool(len(own["curves"])),
        "lead_arm": DECAY,
    }


section(
    Section(
        name="grokking",
        title="Networks",
        place=15,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: "checks" in content.own_of(_STUDY),
        values=_values,
        figures=_figures,
        tables=lambda content: {
            f"grokking_{name}": content.own_of(_STUDY)[name] for name in _TABLES if name in content.own_of(_STUDY)
        },
    )
)
