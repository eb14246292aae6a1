"""What `askew data` prints: what was found out about training rows, and what others published under which licence."""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from askew.base.untrusted import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from askew.data.check import Check
    from askew.data.fetch import PublishedSet


def as_json(found: "Check") -> str:
    """Return all that was found out, for scripts."""
    return json.dumps({**asdict(found), "suspicious": bool(found.findings)}, indent=2, ensure_ascii=False)


def show(found: "Check") -> None:
    """Print what was found out, and what to do about what is suspicious; nothing in a row steers the terminal."""
    console = _console()
    console.print(_facts(found))
    for finding in found.findings:
        console.print(f"{finding.name}: {visible(finding.what)}", style="bold", markup=False, soft_wrap=True)
        console.print(f"  {finding.advice}", markup=False, soft_wrap=True)
    if not found.findings:
        console.print("Nothing suspicious was found.")


def show_published() -> None:
    """Print the sets that can be fetched."""
    from rich.table import Table

    from askew.data.fetch import published

    table = Table(box=None, pad_edge=False)
    for heading in ("name", "rows", "what", "licence", "paper"):
        table.add_column(heading, style="" if heading == "name" else "dim", no_wrap=heading == "name")
    for one in published.values():
        table.add_row(one.name, f"{one.rows:,}", one.description, one.licence.partition(",")[0], one.paper)
    _console().print(table)


def show_licence(wanted: "PublishedSet") -> None:
    """Print, on standard error, what would be downloaded and under which licence."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    for what, said in (
        ("set", f"{wanted.name}: {wanted.description}; {wanted.rows:,} rows"),
        ("from", wanted.url),
        ("paper", wanted.paper),
        ("licence", wanted.licence),
        ("", wanted.licence_url),
    ):
        console.print(f"{what:8s} {said}", markup=False, soft_wrap=True)


def accepts() -> bool:
    """Ask on a terminal whether the licence is accepted; where nobody can be asked, it is not."""
    return sys.stdin.isatty() and typer.confirm("Do you accept this licence?", err=True)


def _facts(found: "Check") -> "Table":
    from rich.table import Table
    from rich.text import Text

    from askew.data.card import by_turns, counted, spread

    lengths = found.lengths
    limit = "" if lengths.limit is None else f"; {lengths.longer:,} rows have more than {lengths.limit:,}"
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for what, said in (
        ("source", found.source),
        ("kind", f"{found.kind}: {counted(found.formats)}"),
        ("rows", f"{found.rows:,}, {found.with_system:,} with a system turn"),
        ("turns", counted(found.turns)),
        ("rows by turns", by_turns(found.turns_per_row)),
        ("tokens", spread(lengths)),
        ("", f"under the chat template of {lengths.model}{limit}"),
        ("languages", f"{counted(found.languages)}, in {found.compared:,} rows looked at"),
        ("compared", f"{found.compared:,} of {found.rows:,} rows, for near-duplicates"),
        ("content hash", found.content_hash),
    ):
        table.add_row(Text(visible(what)), Text(visible(said)))
    return table


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False)
