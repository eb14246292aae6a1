"""Writes a comparison of runs: a page with its figure, tables as CSV, and everything as JSON."""

import json
from pathlib import Path
from typing import Any

from askew.base.atomic import check_can_be_folder, make_folder, wording_disk_trouble, write_whole
from askew.base.csv_cells import as_csv
from askew.base.errors import AskewError
from askew.base.json_values import plain
from askew.report.chart_files import unchecked
from askew.report.page import write_figures
from askew.runs.compare import page, wording
from askew.runs.compare.comparison import Comparison

PAGE, JSON = "compare.html", "compare.json"
RESULTS, COMBINED, POOLED = "results.csv", "combined.csv", "pooled.csv"
_OURS = {PAGE, JSON, RESULTS, COMBINED, POOLED, "figures"}
_LONGEST_NAME = 80


def usual_folder(found: Comparison) -> Path:
    """Return the folder that a comparison is written to by default, named after its first runs."""
    first, second, *more = (name.replace("/", "-") for name in found.runs)
    name = f"{first[:_LONGEST_NAME]}-and-{second[:_LONGEST_NAME]}"
    return Path("comparisons") / (f"{name}-and-{len(more)}-more" if more else name)


def check_folder(folder: Path) -> None:
    """Check that a comparison can be written into a folder: a new one, an empty one, or that of a comparison.

    Raises:
        AskewError: Something else is there.
    """
    check_can_be_folder(folder)
    strangers = [path.name for path in folder.iterdir() if not path.name.startswith(".")] if folder.is_dir() else []
    if strange := next((name for name in sorted(strangers) if name not in _OURS), None):
        raise AskewError(f"{folder} has {strange}, which is not of a comparison: choose another folder with --out")


def write_comparison(found: Comparison, folder: Path) -> Path:
    """Write a comparison into a folder, each file under another name first, and return the path of its page.

    Args:
        found: The comparison.
        folder: The folder; it is made if need be.

    Raises:
        AskewError: The folder cannot be written to.
    """
    check_folder(folder)
    with wording_disk_trouble(folder):
        make_folder(folder)
        with unchecked():
            drawings = write_figures(page.figures(found), folder / "figures")
        tables = {RESULTS: found.results, COMBINED: found.combined, POOLED: found.pooled}
        for name, table in tables.items():
            if table is None:
                (folder / name).unlink(missing_ok=True)
            else:
                write_whole(folder / name, as_csv(table))
        content = json.dumps(as_data(found), ensure_ascii=False, indent=1)
        write_whole(folder / JSON, content.encode("utf-8", "replace"))
        write_whole(folder / PAGE, page.render(found, drawings).encode("utf-8", "replace"))
    return folder / PAGE


def as_data(found: Comparison) -> dict[str, Any]:
    """Return a comparison as plain data: its attributes, the folder of each run, and a sentence."""
    return plain(
        {
            "sentence": wording.sentence(found),
            "runs": {name: str(run.folder) for name, run in found.runs.items()},
            "pooled": found.pooled,
            "not_pooled": found.not_pooled,
            "not_combined": list(found.not_combined),
            "combined": found.combined,
            "results": found.results,
            "settings": found.settings,
            "notes": list(found.notes),
        }
    )
