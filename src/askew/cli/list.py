"""`askew list`: prints the names that commands, config files and Python take."""

from typing import Annotated

import typer

from askew.cli.catalogue import LISTS, names
from askew.cli.complete import completion
from askew.cli.options import JsonOption
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console


def list_names(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND",
            help="studies, statements, arms, probes, environments, variants, experiments, recipes, defences, metrics, "
            "rubrics, rules, measures, axes, scorers, models, data, files or settings; by default all but settings.",
            show_default=False,
            autocompletion=completion(),
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the names of studies, arms, probes, models and everything else that commands take by name.

    Example: askew list probes
    """
    kinds = [kind] if kind else [name for name in LISTS if name != "settings"]
    lists = {name: names(name) for name in kinds}
    if as_json:
        print(to_json(lists[kind] if kind else lists))
    else:
        for name, rows in lists.items():
            _print_list(name, rows)


def _print_list(kind: str, rows: list[dict[str, str]]) -> None:
    from rich.table import Table

    table = Table(title=kind, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in rows[0]:
        table.add_column(column, style="dim" if column != "name" else "")
    for row in rows:
        table.add_row(*row.values())
    out = console()
    out.print(table)
    out.print()
