"""The page of a map: one HTML file that needs no other. The text of segments is data in it, and only set as text."""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from markupsafe import Markup

from askew.perspective import wording
from askew.perspective.axis import HIGH_BAND, HIGHEST, LOW_BAND, LOWEST
from askew.perspective.charts import bars, marker_names
from askew.perspective.counterbalance import Counterbalance
from askew.perspective.mapping import Checks, PerspectiveMap
from askew.perspective.scorers import Evidence
from askew.perspective.summary import footer, number
from askew.report.inline import dressing, environment

_HERE = Path(__file__).parent
_MOST_BARS = 1_000
_HEIGHT = 200.0  # of the arc, in units of the score
_LEAST_BAR, _HOLLOW = 3.0, 12.0  # heights of a bar with the score 0, and without evidence
_MOST_TEXTS = 50  # of a folder, in the table of the counterbalance


def render(mapped: PerspectiveMap, checks: Checks, beside: Counterbalance | None) -> str:
    """Return the page of a map.

    Args:
        mapped: The map.
        checks: What is known about its scorer.
        beside: Its counterbalance; None without one.
    """
    axis = mapped.axis
    return (
        environment(_HERE)
        .get_template("map.html.jinja")
        .render(
            mapped=mapped,
            axis=axis,
            footer=footer(axis, mapped.figures),
            as_zero=footer(axis, mapped.as_zero) if mapped.figures.scored < mapped.figures.n else "",
            bars=_drawn_bars(mapped),
            bar_count=len(bars(mapped, _MOST_BARS)),
            strip=_strip(mapped),
            markers=_markers(mapped),
            parts=_parts(mapped),
            stability=wording.stability_words(mapped.stability) if mapped.stability else "",
            beside=beside,
            neighbours=_neighbours(beside),
            validation=checks.validation,
            table_rows=_table_rows(checks),
            validation_heads=wording.VALIDATION_HEADS,
            validation_notes=wording.validation_notes(checks.validation) if checks.validation else [],
            comparison=wording.comparison_words(checks.comparison) if checks.comparison else "",
            number=number,
            data=Markup(_data(mapped)),
            **dressing([_HERE / "map.css"], [_HERE / "map.js"]),
            low_band=number(LOW_BAND),
            high_band=number(HIGH_BAND),
        )
    )


def _drawn_bars(mapped: PerspectiveMap) -> list[dict[str, Any]]:
    """Return the rectangles of the arc in a drawing that is as many units wide as there are bars."""
    drawn = []
    for place, row in enumerate(bars(mapped, _MOST_BARS).to_dict("records")):
        score = row["score"]
        if score != score:
            drawn.append({"x": place + 0.15, "width": 0.7, "y": -_HOLLOW / 2, "height": _HOLLOW, "class": "none"})
            continue
        height = max(abs(score), _LEAST_BAR)
        shape = {"x": place + 0.08, "width": 0.84, "y": -height if score >= 0 else 0.0, "height": height}
        drawn.append({**shape, "class": _class(mapped, row["band"])})
    return [
        {name: f"{value:.5g}" if isinstance(value, float) else value for name, value in one.items()} for one in drawn
    ]


def _class(mapped: PerspectiveMap, band: str) -> str:
    axis = mapped.axis
    return {axis.low.label: "low", axis.middle: "middle", axis.high.label: "high"}.get(band, "none")


def _strip(mapped: PerspectiveMap) -> dict[str, Any]:
    """Return the rectangles of the strip's bands, and where its markers are, both from 0 to 200."""
    edges = [edge - LOWEST for edge in (LOWEST, LOW_BAND, HIGH_BAND, HIGHEST)]
    bands = [
        {"x": x, "width": x2 - x, "class": name}
        for (x, x2), name in zip(pairwise(edges), ("low", "middle", "high"), strict=True)
    ]
    scores = mapped.table.set_index("segment")["score"]
    kinds = dict(zip(("lowest", "median", "highest"), marker_names(mapped).values(), strict=False))
    return {
        "bands": bands,
        "marks": [{"x": f"{scores[at] - LOWEST:.5g}", "class": kind} for kind, at in kinds.items()],
    }


def _markers(mapped: PerspectiveMap) -> list[dict[str, Any]]:
    """Return the marked segments, for buttons that open them."""
    scores = mapped.table.set_index("segment")["score"]
    kinds = ("lowest", "median", "highest")
    return [
        {"name": name, "segment": at, "score": number(float(scores[at])), "class": kind}
        for kind, (name, at) in zip(kinds, marker_names(mapped).items(), strict=False)
    ]


def _parts(mapped: PerspectiveMap) -> list[dict[str, Any]]:
    """Return the rows of the table of parts; none if there is only one part."""
    if len(mapped.parts) < 2:
        return []
    return [
        {
            "name": row["part"],
            "note": "",
            "cells": [
                f"{row['n']:,}",
                f"{row['n'] - row['scored']:,}",
                *(number(row[name]) for name in ("median", "mean", "lowest", "highest")),
                *("–" if row[name] != row[name] else f"{row[name]:.0%}" for name in ("low", "middle", "high")),
            ],
        }
        for row in mapped.parts.to_dict("records")
    ]


def _table_rows(checks: Checks) -> list[dict[str, Any]]:
    """Return the rows of the validation's table."""
    rows = wording.validation_rows(checks.validation) if checks.validation else []
    return [{"name": form, "note": wording.about_form(form), "cells": cells} for form, *cells in rows]


def _neighbours(beside: Counterbalance | None) -> list[dict[str, Any]]:
    """Return the rows of the table of a counterbalance."""
    if beside is None:
        return []
    return [
        {"name": one.name, "note": one.lens or "no lens", "cells": [number(one.score), one.band or "no evidence"]}
        for one in beside.texts[:_MOST_TEXTS]
    ]


def _data(mapped: PerspectiveMap) -> str:
    """Return the segments as JSON that cannot end the element in which it stands."""
    rows = mapped.table.to_dict("records")
    segments = [
        {
            "part": row["part"],
            "when": _when(row["start"], row["end"]),
            "words": row["words"],
            "score": number(row["score"]),
            "band": row["band"],
            "kind": _class(mapped, row["band"]),
            "pieces": _pieces(row["text"], evidence),
        }
        for row, evidence in zip(rows, mapped.evidence, strict=True)
    ]
    drawn = bars(mapped, _MOST_BARS)
    content = {"segments": segments, "firsts": drawn["first"].tolist()}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _when(start: float, end: float) -> str:
    begins, ends = wording.clock(start), wording.clock(end)
    return f"{begins}–{ends}" if begins else ""


def _pieces(text: str, evidence: Sequence[Evidence]) -> list[Any]:
    """Return a text in pieces: plain ones as texts, and evidence as a list of text, weight and reason."""
    pieces: list[Any] = []
    at = 0
    for one in sorted(evidence, key=lambda one: one.start):
        pieces += [text[at : one.start]] if one.start > at else []
        pieces.append([text[one.start : one.end], round(one.weight, 3), one.why])
        at = one.end
    return [*pieces, text[at:]] if at < len(text) else pieces
