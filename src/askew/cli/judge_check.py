"""`askew judge --check`: how well a judge reads answers whose right reading is known."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, counting, plain_table, resumable, text

if TYPE_CHECKING:
    from rich.console import Console

    from askew.judging.check_result import JudgeCheck, Share


def check_judge(judge: str, rubrics: list[str], max_cost: float | None, prices: Path | None, as_json: bool) -> None:
    """Check a judge and print the result; exit with 1 if it fails.

    Args:
        judge: The judge's name.
        rubrics: The rubric of the aligned score; empty for the usual one.
        max_cost: The most dollars that a served judge may cost.
        prices: The user's price file.
        as_json: Print JSON only.

    Raises:
        AskewError: A name is wrong, or the judge gives no verdicts.
    """
    from tempfile import TemporaryDirectory

    from askew.judging import job
    from askew.judging.check import checked

    with resumable(), counting("checking", "read") as (on_progress, say), TemporaryDirectory() as folder:
        wanted = job.alignment(rubrics)
        judging = job.prepare(judge, wanted, max_cost=max_cost, prices=prices, on_progress=on_progress, say=say)
        found = checked(judging, Path(folder) / "check.json")
    if as_json:
        print(to_json({**found.model_dump(), "passes": found.passes}))
    else:
        _print(found)
    if not found.passes:
        raise typer.Exit(1)


def print_check(out: "Console", found: "JudgeCheck | None") -> None:
    """Print in a line how well a judge reads answers whose right reading is known; nothing if it was not checked."""
    if found is None:
        return
    passes = "passes" if found.passes else "fails, so don't rely on its scores"
    style = None if found.passes else "bold"
    read = f"an AUC of {found.auc_text} on {found.answers:,} answers"
    out.print(f"the judge's check: {read}: it {passes}", markup=False, style=style)


def _print(found: "JudgeCheck") -> None:
    from askew.judging.check_set import FLOOR

    out = console()
    unjudged = f"; {found.unjudged:,} without a verdict" if found.unjudged else ""
    out.print(f"{found.judge} on {found.answers:,} answers whose reading is known", style="bold", markup=False)
    out.print(f"by the rubric {found.rubric}, checked {found.when[:10]}{unjudged}", markup=False)
    out.print(f"  AUC             {found.auc_text}", markup=False)
    for name, share in (
        ("right verdicts", found.agreement),
        ("missed", found.missed),
        ("false alarms", found.false_alarms),
    ):
        out.print(f"  {name:<16}{_rate(share)}", markup=False)
    table = plain_table("")
    table.add_column("answers")
    for heading in ("number", "read rightly"):
        table.add_column(heading, justify="right")
    for reading, share in found.recognised.items():
        table.add_row(text(reading), f"{share.of:,}", _rate(share))
    out.print(table)
    if found.passes:
        out.print(f"Passes: an AUC of {FLOOR:g} is the least, and 0.5 is chance.", markup=False)
    else:
        out.print(f"Fails: {found.failure}.", style="bold", markup=False)


def _rate(share: "Share") -> str:
    from askew.report import wording

    return wording.rate(share.share, share.low, share.high) if share.of else wording.NOTHING
