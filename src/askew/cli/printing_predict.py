"""What `askew predict` asks and prints, and what a run prints of what was predicted of it."""

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.errors import AskewError
from askew.base.untrusted import visible

if TYPE_CHECKING:
    from askew.design.predictions import Prediction
    from askew.runs.predictions import Seal
    from askew.stats.forecasts import Predicted

_SCALE = """\
How likely is it that this run will show what follows? Answer in percent: 0 is surely not, 50 is no idea, 100 is surely.
The scores reward saying what you believe. Nothing is kept until the last answer; Ctrl-C leaves nothing behind.
"""
_ADVICE = """\
The hash guards against accident. It shows tampering only to those who have it: send it to somebody before the run."""


def ask(question: str, statements: "Sequence[Prediction]") -> dict[str, float]:
    """Ask for a probability for each statement, again until it is one; everything goes to standard error.

    Args:
        question: What the study asks.
        statements: The statements.

    Returns:
        Probabilities, 0-1, by id.
    """
    import typer

    from askew.design.forecast_file import read_probability

    print(f"{question}\n\n{_SCALE}", file=sys.stderr)
    said: dict[str, float] = {}
    for number, one in enumerate(statements, start=1):
        print(f"{number} of {len(statements)}. {one.statement}", file=sys.stderr)
        while one.id not in said:
            try:
                said[one.id] = read_probability(typer.prompt("  percent", err=True))
            except AskewError as error:
                print(f"  {error}", file=sys.stderr)
    return said


def print_seal(seal: "Seal", folder: Path, as_json: bool) -> None:
    """Print what was sealed, and its hash."""
    from rich.console import Console
    from rich.table import Table

    from askew.runs.store import PREDICTIONS

    file = folder / PREDICTIONS
    if as_json:
        print(json.dumps({"file": str(file), **seal.model_dump()}, indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False, markup=False)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    for said in seal.statements:
        table.add_row(f"{100 * said.probability:g}%", said.statement)
    console.print(table)
    begun = "while the run was under way" if seal.begun else "before the run"
    console.print(f"Sealed for {seal.who}, {begun}, in {file}", soft_wrap=True)
    console.print(f"SHA-256: {seal.sha256}", soft_wrap=True)
    console.print(_ADVICE, style="dim")


def print_scores(predicted: "Predicted", as_json: bool = False) -> None:
    """Print what came of what was predicted: each statement, then everybody's means beside the naive forecast."""
    from rich.console import Console

    from askew.report import predicted as words

    if as_json:
        print(json.dumps(plain(predicted), indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False)
    if predicted.forecasts:
        console.print(_table("What was predicted", words.STATEMENT_HEADINGS, _once(words.statement_rows(predicted))))
        console.print(_table("Mean scores; smaller is better", words.MEAN_HEADINGS, words.mean_rows(predicted)))
    for note in words.notes(predicted):
        console.print(visible(note), style="dim", markup=False)


def plain(predicted: "Predicted") -> dict[str, Any]:
    """Return scored predictions as plain data; what is not known is null."""
    from askew.stats.forecasts import CLIPPED_AT, NAIVE, mean_scores

    return {
        "scores": [_plain(asdict(one)) for one in mean_scores(predicted.forecasts)],
        "statements": [_plain({**asdict(one), "brier": one.brier, "log": one.log}) for one in predicted.forecasts],
        "forecasters": [asdict(one) for one in predicted.forecasters],
        "naive_probability": NAIVE,
        "log_clipped_at": CLIPPED_AT,
    }


def _once(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Leave out a statement, and what came of it, where it stands in the row above."""
    before = ["", *(row[0] for row in rows[:-1])]
    return [("", "", *row[2:]) if row[0] == above else row for row, above in zip(rows, before, strict=True)]


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)
    table.add_column(headings[0], overflow="fold")
    for heading in headings[1:]:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))  # as text: what others wrote is no markup
    return table


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in values.items()}
