"""`askew compare`: finished runs side by side, combined, and pooled where their designs allow it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askew.cli.options import JsonOption
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, plain_table, text

if TYPE_CHECKING:
    from askew.runs.compare.comparison import Comparison
    from askew.runs.compare.wording import Block

COMPARE_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew compare runs/laptop runs/server
  askew compare runs/rows-100 runs/rows-400 runs/rows-1600 --out rows
  askew compare runs/a runs/b --json

[bold]Three ways to put runs together[/bold]

\b
  side by side   always; numbers of another judge, metric or version of a probe
                 are shown, and a line says that they mean something else
  combined       runs of one study that were asked and judged in the same way;
                 these runs: their mean; runs like these: a random-effects model
  pooled         runs of one design with different seeds: one larger run

[bold]What is written[/bold], to comparisons/RUN-and-RUN or --out

\b
  compare.html, results.csv, combined.csv, pooled.csv, compare.json, figures
"""


def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN RUN...", help="The folders of finished runs.", show_default=False)
    ],
    out: Annotated[
        Path | None, typer.Option(help="The folder to write to.", show_default="comparisons/RUN-and-RUN")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare finished runs: their results side by side, which differences hold in all, and where the runs differ."""
    from askew.runs.compare.comparison import compare as compare_runs
    from askew.runs.compare.write import as_data, check_folder, usual_folder, write_comparison

    if out is not None:
        check_folder(out)
    found = compare_runs(runs)
    page = write_comparison(found, out or usual_folder(found))
    if as_json:
        print(to_json({"page": str(page), **as_data(found)}))
        return
    print_comparison(found)
    console().print(f"Comparison: {page}", markup=False, soft_wrap=True)


def print_comparison(found: "Comparison") -> None:
    """Print a comparison: the settings that differ, the results, and what is not combined or pooled."""
    from askew.runs.compare import wording

    out = console()
    settings = wording.setting_rows(found)
    if settings:
        table = plain_table("Settings in which the runs differ")
        table.add_column("setting", overflow="fold")
        for name in found.runs:
            table.add_column(text(name), overflow="fold")
        for name, values in settings:
            table.add_row(text(name), *map(text, values))
        out.print(table)
    blocks = wording.blocks(found, brief=True)
    if blocks:
        out.print(_results_table(blocks))
    if len(blocks) == wording.MOST_SHOWN:
        out.print(text(f"The first {wording.MOST_SHOWN} results; all are on the page.", "dim"))
    out.print(text(wording.sentence(found), "bold"))
    for line in wording.refusals(found):
        out.print(text(line))
    for note in found.notes:
        out.print(text(note, "dim"))


def _results_table(blocks: "list[Block]") -> object:
    table = plain_table("Results in each run: these questions, other seeds and answers")
    table.add_column("result", overflow="fold")
    for heading in ("estimate", "95% interval"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("rests on, or says", overflow="fold")
    for block in blocks:
        table.add_row(text(block.name, "bold"))
        for line in block.lines:
            cells = (f"  {line.name}", line.value, line.interval, line.note)
            table.add_row(*map(text, cells), style="bold" if line.is_strong else "")
    return table
