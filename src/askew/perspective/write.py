"""Writes a map: a page, tables as CSV and JSON, figures as SVG and PNG."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from askew.base.atomic import make_folder, wording_disk_trouble, write_whole
from askew.base.csv_cells import as_csv
from askew.base.json_values import plain
from askew.perspective.charts import figures_of
from askew.perspective.counterbalance import Counterbalance
from askew.perspective.mapping import Checks, PerspectiveMap
from askew.perspective.page import render
from askew.perspective.validation import Validation
from askew.report import chart_files

PAGE, JSON, SEGMENTS, VALIDATION = "map.html", "map.json", "segments.csv", "validation.csv"


def write_map(mapped: PerspectiveMap, folder: Path, checks: Checks, beside: Counterbalance | None) -> Path:
    """Write the files of a map into a folder, each under another name first, and return the path of its page.

    Args:
        mapped: The map.
        folder: The folder; it is made if need be.
        checks: What is known about its scorer.
        beside: Its counterbalance; None without one.

    Raises:
        AskewError: The folder cannot be written to.
    """
    with wording_disk_trouble(folder):
        make_folder(folder)
        with chart_files.unchecked():
            for name, chart in figures_of(mapped).items():
                svg = chart_files.to_svg(chart)
                write_whole(folder / f"{name}.svg", svg.encode())
                write_whole(folder / f"{name}.png", chart_files.to_png(svg))
        write_whole(folder / SEGMENTS, as_csv(mapped.table))
        if checks.validation is not None:
            write_validation(checks.validation, folder)
        content = {**as_data(mapped, checks, beside), "segments": _segments(mapped)}
        write_whole(folder / JSON, json.dumps(plain(content), ensure_ascii=False, indent=1).encode("utf-8", "replace"))
        write_whole(folder / PAGE, render(mapped, checks, beside).encode("utf-8", "replace"))
    return folder / PAGE


def write_validation(validation: Validation, folder: Path) -> Path:
    """Write the table of a validation as CSV into a folder, and return its path.

    Raises:
        OSError: The folder cannot be written to.
    """
    path = folder / VALIDATION
    write_whole(path, validation.table.to_csv(index=False).encode())
    return path


def as_data(mapped: PerspectiveMap, checks: Checks, beside: Counterbalance | None) -> dict[str, Any]:
    """Return a map without its segments as plain data, by the names of the attributes of `PerspectiveMap`."""
    return plain(
        {
            "title": mapped.title,
            "axis": mapped.axis.name,
            "scorer": mapped.scorer,
            "words": mapped.words,
            "leaning": mapped.leaning,
            "lens": mapped.lens,
            "figures": mapped.figures,
            "figures_with_no_evidence_as_0": mapped.as_zero,
            "markers": mapped.markers,
            "parts": mapped.parts,
            "stability": mapped.stability,
            "counterbalance": beside,
            **checks_as_data(checks),
            "notes": list(mapped.notes),
        }
    )


def checks_as_data(checks: Checks) -> dict[str, Any]:
    """Return what is known about a scorer as plain data: `validation` without single scores, and `comparison`."""
    found = checks.validation
    shown: Mapping[str, Any] | None = None
    if found is not None:
        parts = ("scorer", "texts", "table", "shuffled", "neutral", "stability", "warning")
        shown = {name: getattr(found, name) for name in parts}
    return plain({"validation": shown, "comparison": checks.comparison})


def _segments(mapped: PerspectiveMap) -> list[dict[str, Any]]:
    """Return the segments with their evidence as data; places are in characters of the segment's text."""
    rows = mapped.table.drop(columns="found").to_dict("records")
    return [
        {**{str(name): value for name, value in row.items()}, "evidence": [asdict(one) for one in evidence]}
        for row, evidence in zip(rows, mapped.evidence, strict=True)
    ]
