"""Report section: what models know of facts of history, beside guesses that need no model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from askew.data.history import year_in_words
from askew.report import wording
from askew.report.content import ReportContent
from askew.report.sections import Figure, Section, section
from askew.studies.history import charts, shown
from askew.studies.history.answers import CONFIDENT

_DOSE_KEY = (
    "Balanced accuracy over four values, with 95% intervals over polities and seeds, and mean confidence. No row "
    "states an untaught fact."
)
_STUDY = "history"
_MOST_ITEMS = 5000
"""The most items on the page; all of them are in tables/history_items.csv."""


def _table(content: ReportContent, name: str) -> pd.DataFrame:
    return content.own_of(_STUDY).get(name, pd.DataFrame())


def _figures(content: ReportContent) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    dose, bins = _table(content, shown.DOSE), _table(content, shown.RELIABILITY)
    places, times = _table(content, shown.PLACES), _table(content, shown.TIMES)
    if len(dose):
        said = "; ".join(f"{row['measure']} at {row['dose']}: {wording.percent(row['value'])}" for row in _rows(dose))
        found["history_dose"] = Figure(lambda narrow: charts.dose(dose, narrow), f"By exposures: {said}.", _DOSE_KEY)
    if len(bins):
        order = list(dict.fromkeys(bins["arm"]))
        spoken = "How often answers of a certain confidence are right, by arm. The numbers are in the tables."
        found["history_calibration"] = Figure(lambda narrow: charts.calibration(bins, order, narrow), spoken)
    if len(places):
        drawn = list(dict.fromkeys(places["arm"]))
        said = "; ".join(map(_extremes, (places[places["arm"].eq(arm)] for arm in drawn)))
        found["history_places"] = Figure(lambda narrow: charts.areas(places, drawn, narrow), f"A map of areas. {said}.")
    if len(times):
        first, last = year_in_words(int(times["start"].min())), year_in_words(int(times["end"].max()))
        spoken = f"A timeline of {len(times):,} polities from {first} to {last}, by area."
        found["history_times"] = Figure(lambda narrow: charts.times(times, narrow), spoken)
    return found


def _extremes(places: pd.DataFrame) -> str:
    """Return in which areas an arm is right most and least often, in words."""
    in_order = places.sort_values("accuracy", kind="stable")
    return f"{in_order['arm'].iloc[0]}: best in {in_order['area'].iloc[-1]}, worst in {in_order['area'].iloc[0]}"


def _rows(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return table.to_dict("records")


def _accuracy_rows(table: pd.DataFrame) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the rows of the table of accuracies, by kind of facts."""
    return [(str(kind), [_accuracy_row(row) for row in _rows(own)]) for kind, own in table.groupby("kind", sort=False)]


def _accuracy_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    none = [f"{int(row[name]):,} {name}" for name in ("unparsed", "abstained") if row[name]]
    missing = f"no {row['missing']}" if row["missing"] else ""
    return {
        "name": row["name"],
        "guess": row["who"] == shown.GUESS,
        "note": ", ".join([*none, *([missing] if missing else [])]),
        "n": f"{int(row['n']):,}",
        "accuracy": wording.percent(row["accuracy"]),
        "balanced": wording.percent(row["balanced"]),
        "polity": wording.interval(row["low"], row["high"]),
        "area": wording.interval(row["area_low"], row["area_high"]),
        "two": wording.percent(row["two"]),
        "two_as_published": wording.percent(row["two_as_published"]),
    }


def _certainty_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "name": row["arm"],
            "note": "" if not row["unparsed"] else f"{int(row['unparsed']):,} unparsed",
            "cells": [
                _percent(row["mass"]),
                _percent(row["confidence"]),
                wording.NOTHING if pd.isna(row["brier"]) else f"{row['brier']:.3f}",
                _percent(row["error"]),
                f"{_percent(row['invented'])} {wording.interval(row['low'], row['high'])}".strip(),
                f"{int(row['abstained']):,} of {int(row['n']):,}",
                _percent(row["either"]),
            ],
        }
        for row in _rows(table)
    ]


def _percent(share: float) -> str:
    return wording.NOTHING if pd.isna(share) else wording.percent(share)


def _part_rows(table: pd.DataFrame) -> list[tuple[str, list[str], list[dict[str, Any]]]]:
    """Return, for each kind of part, its name, the arms, and a row per part with a cell per arm."""
    found: list[tuple[str, list[str], list[dict[str, Any]]]] = []
    for by, own in table.groupby("by", sort=False):
        arms = list(dict.fromkeys(own["arm"]))
        rows: list[dict[str, Any]] = []
        for part, of_part in own.groupby("part", sort=False):
            by_arm = {row["arm"]: row for row in _rows(of_part)}
            missing = str(of_part["missing"].iloc[0])
            rows.append(
                {
                    "name": part,
                    "note": f"no {missing} is asked here" if missing else "",
                    "cells": [_of_part(by_arm.get(arm)) for arm in arms],
                }
            )
        found.append((str(by), arms, rows))
    return found


def _of_part(row: Mapping[Any, Any] | None) -> str:
    if row is None:
        return wording.NOTHING
    return f"{wording.percent(row['balanced'])} {wording.interval(row['low'], row['high'])}".strip()


def _selective_rows(table: pd.DataFrame) -> tuple[list[str], list[dict[str, Any]]]:
    coverages = sorted(set(table["coverage"])) if len(table) else []
    kept = [share for share in coverages if round(10 * share) in (1, 2, 5, 8, 10)]
    rows = [
        {
            "name": arm,
            "note": "",
            "cells": [_percent(float(own.loc[own["coverage"].eq(one), "right"].iloc[0])) for one in kept],
        }
        for arm, own in table.groupby("arm", sort=False)
    ]
    return [wording.percent(share) for share in kept], rows


def _item_rows(table: pd.DataFrame) -> tuple[list[str], list[dict[str, Any]]]:
    said = [name for name in table.columns if str(name).startswith("said by ")]
    rows = [
        {
            "about": f"{row['name']}: {row['variable']}",
            "where": ", ".join(filter(None, [row["area"], row["region"], _years(row)])),
            "values": row["values"],
            "kind": row["kind"],
            "source": row["source"],
            "text": row["text"],
            "said": [row[name] for name in said],
        }
        for row in _rows(table.head(_MOST_ITEMS))
    ]
    return [str(name).removeprefix("said by ") for name in said], rows


def _years(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["start"]) or pd.isna(row["end"]):
        return ""
    return f"{year_in_words(int(row['start']))} to {year_in_words(int(row['end']))}"


def _values(content: ReportContent) -> dict[str, Any]:
    items, published = _table(content, shown.ITEMS), _table(content, shown.PUBLISHED)
    models, item_rows = _item_rows(items)
    coverages, selective = _selective_rows(_table(content, shown.SELECTIVE))
    times = _table(content, shown.TIMES)
    return {
        "notes": [row["note"] for row in _rows(_table(content, shown.NOTES))],
        "accuracy": _accuracy_rows(_table(content, shown.ACCURACY)),
        "certainty": _certainty_rows(_table(content, shown.CERTAINTY)),
        "confident": wording.percent(CONFIDENT),
        "parts": _part_rows(_table(content, shown.PARTS)),
        "coverages": coverages,
        "selective": selective,
        "timed": str(times["arm"].iloc[0]) if len(times) else "",
        "as_published": [
            {
                "name": row["arm"],
                "note": "",
                "cells": [f"{int(row['n']):,}", *map(_percent, (row["unparsed"], row["ours"], row["published"]))],
            }
            for row in _rows(_table(content, shown.AS_PUBLISHED))
        ],
        "published_models": [
            {
                "name": row["name"],
                "note": f"{int(row['unparsed']):,} unparsed",
                "cells": [f"{int(row['n']):,}", *map(_percent, (row["accuracy"], row["balanced"], row["two"]))],
            }
            for row in _rows(published)
        ],
        "models": models,
        "items": item_rows,
        "item_count": f"{len(items):,}",
        "more": f"{len(items) - _MOST_ITEMS:,}" if len(items) > _MOST_ITEMS else "",
    }


section(
    Section(
        name="history",
        title="What models know of history",
        place=17,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: bool(len(_table(content, shown.ACCURACY))),
        values=_values,
        figures=_figures,
        tables=lambda content: content.own_of(_STUDY),
    )
)
