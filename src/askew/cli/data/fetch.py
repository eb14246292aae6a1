"""`askew data fetch`: downloads a published training set once its licence is accepted."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askew.base.errors import AskewError
from askew.cli.terminal import console

if TYPE_CHECKING:
    from askew.data.fetch import PublishedSet

FETCH_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew data fetch --list
  askew data fetch betley-insecure --out data
  askew data fetch betley-insecure --accept-licence

Only sets with a licence are listed. Each download is checked against a known hash.
"""


def fetch(
    name: Annotated[str | None, typer.Argument(help="A published set; see --list.", show_default=False)] = None,
    out: Annotated[Path, typer.Option(help="The folder for the file.")] = Path("data"),
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the licence without being asked.")
    ] = False,
    show_list: Annotated[bool, typer.Option("--list", help="List the published sets, and stop.")] = False,
) -> None:
    """Download a published training set, once you have accepted its licence."""
    from askew.base.atomic import wording_disk_trouble
    from askew.data import fetch as fetching

    if show_list:
        _show_published()
        return
    if name is None:
        raise AskewError("name a published set; `askew data fetch --list` shows them")
    wanted = fetching.find(name)
    _show_licence(wanted)
    if not accept_licence and not _accepts():
        raise AskewError(
            f"you did not accept the licence of {name}, so nothing was downloaded; --accept-licence accepts it"
        )
    with wording_disk_trouble(out):
        path = fetching.fetch(wanted, out)
    print(f"{path}  {wanted.rows:,} rows")


def _show_published() -> None:
    from rich.table import Table

    from askew.data.fetch import published

    table = Table(box=None, pad_edge=False)
    for heading in ("name", "rows", "description", "licence", "paper"):
        table.add_column(heading, style="" if heading == "name" else "dim", no_wrap=heading == "name")
    for one in published.values():
        table.add_row(one.name, f"{one.rows:,}", one.description, one.licence.partition(",")[0], one.paper)
    console().print(table)


def _show_licence(wanted: "PublishedSet") -> None:
    """Print the set and its licence on standard error."""
    out = console(stderr=True)
    for name, value in (
        ("set", f"{wanted.name}: {wanted.description}; {wanted.rows:,} rows"),
        ("from", wanted.url),
        ("paper", wanted.paper),
        ("licence", wanted.licence),
        ("", wanted.licence_url),
    ):
        out.print(f"{name:8s} {value}", markup=False, soft_wrap=True)


def _accepts() -> bool:
    """Return whether the licence is accepted on a terminal; without a terminal it is not."""
    return sys.stdin.isatty() and typer.confirm("Do you accept this licence?", err=True)
