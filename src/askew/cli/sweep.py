"""`askew sweep`: one run per design of a grid, with what designs share done once."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askew.cli.complete import completion
from askew.cli.design import Given, takes_design
from askew.cli.options import AgainOption, JsonOption, YesOption
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import confirm, console, plain_table, resumable, text

if TYPE_CHECKING:
    from askew.runs.sweep.sweep import SweepOutlook

SWEEP_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew sweep emergent-misalignment --set 'rows=[100, 400, 1600]'
  askew sweep emergent-misalignment --set 'rows=[100, 400]' \\
      --set 'learning_rate=[1e-5, 1e-4]' --arm untuned --arm insecure --arm secure
  askew sweep grid.yaml --dry-run
  askew sweep grid.yaml --out sweeps/mine

[bold]A file[/bold] has settings, some with lists of values; each combination is a
design. Under `designs:`, it may list designs one by one.

\b
  study: emergent-misalignment
  arms: [untuned, insecure, secure]
  recipe: {rows: [100, 400], learning_rate: [1e-5, 1e-4]}

A sweep that was stopped goes on with the same command.
"""


@takes_design("run")
def sweep(
    given: Given,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE|STUDY",
            help="A YAML file of settings with lists of values, or a study; `askew list studies`.",
            show_default=False,
            autocompletion=completion("studies"),
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, how long it takes and what it costs, and stop.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="The sweep's folder.", show_default="sweeps/STUDY-…")] = None,
    yes: YesOption = False,
    again: AgainOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run a study once for each combination of the values of some settings, and draw its results over them."""
    from askew.design.grid import read_grid
    from askew.runs.sweep.sweep import REFUSES_FROM, check_size, outlook, run_sweep
    from askew.runs.sweep.write import PAGE, TABLE
    from askew.runs.work import Consent

    grid = read_grid(source, given.config, given.settings)
    check_size(grid.count, yes, (lambda question: grid.count < REFUSES_FROM) if dry_run else confirm)
    designs = grid.designs()
    ahead = outlook(grid, designs, out)
    if dry_run:
        print_outlook(ahead, as_json)
        return
    say = console(stderr=True)
    with resumable():
        runs, said = run_sweep(
            grid, designs, out, Consent(yes, again, confirm), lambda line: say.print(line, markup=False)
        )
    if as_json:
        found = {"folder": str(ahead.folder), "page": str(ahead.folder / PAGE), "table": str(ahead.folder / TABLE)}
        designs_run = {one.name: {"values": dict(one.values), "run": str(runs[one.name].folder)} for one in designs}
        print(to_json({**found, "designs": designs_run, "found": said}))
        return
    for line in said:
        console().print(text(line))
    console().print(f"Sweep: {ahead.folder / PAGE}", markup=False, soft_wrap=True)


def print_outlook(ahead: "SweepOutlook", as_json: bool) -> None:
    """Print what is left to do of a sweep, about how long it takes, and what it costs."""
    from askew.runs.progress import duration
    from askew.runs.sweep.sweep import price_words

    if as_json:
        print(to_json({**asdict(ahead), "folder": str(ahead.folder)}))
        return
    out = console()
    table = plain_table()
    table.add_column("design", overflow="fold")
    table.add_column("to do", overflow="fold")
    for name, work in ahead.work.items():
        table.add_row(text(name), text(work or "nothing but tables and a report"))
    out.print(table)
    out.print(f"{ahead.designs} designs in {ahead.folder}", markup=False, soft_wrap=True)
    shared = f", and {ahead.shared} more that other designs make" if ahead.shared else ""
    out.print(f"{ahead.units} pieces of work{shared}", markup=False)
    known = "how long that takes is known once a run has measured its model"
    about = known if ahead.seconds is None else f"about {duration(ahead.seconds)} on a machine like a laptop"
    out.print(f"{about}; {price_words(ahead.dollars)}", markup=False)
