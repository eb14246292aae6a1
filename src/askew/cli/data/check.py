"""`askew data check` and `askew data convert`: inspect training rows, or write them in another format."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.cli.complete import completion
from askew.cli.options import JsonOption
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, text

if TYPE_CHECKING:
    from rich.table import Table

    from askew.data.check import Check

SOURCE_HELP = "A file of rows in JSON Lines, JSON or Parquet; or hf/ORG/NAME[:SPLIT] on the hub."

_ROWS_A_STEP = 1_000

CHECK_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew data check train.jsonl
  askew data check train.parquet --model hf/ORG/NAME --max-length 2048 --strict
  askew data check hf/ORG/NAME:train --card README.md --licence MIT

Exit codes: 0, the rows can be trained on; 1, with --strict, something is suspicious; 2, a row is broken.
"""


def check(
    source: Annotated[str, typer.Argument(help=SOURCE_HELP, show_default=False)],
    model: Annotated[
        str,
        typer.Option(
            help="The model with the chat template and tokenizer for counting tokens; `askew list models`.",
            autocompletion=completion("models"),
        ),
    ] = "terrarium",
    max_length: Annotated[
        int | None,
        typer.Option(help="The longest row allowed, in tokens.", min=1, show_default="the model's context"),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if something is suspicious.")] = False,
    card: Annotated[
        Path | None, typer.Option(help="Write a data card to this file, in Markdown.", show_default=False)
    ] = None,
    licence: Annotated[str | None, typer.Option(help="The licence for the data card.", show_default="unknown")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check training rows: format, roles, lengths, duplicates, leaked probe questions, languages."""
    from askew.base.atomic import wording_disk_trouble
    from askew.data import check as checking
    from askew.data.card import write_card
    from askew.probes.question_file import all_wordings

    if card is not None and card.exists():
        raise AskewError(f"{card} exists already: name another file with --card")
    if licence is not None and card is None:
        raise AskewError("--licence is written to the data card: name the card's file with --card")
    with _counting_rows() as count:
        found = checking.check(source, model, max_length, all_wordings(), count)
    if card is not None:
        with wording_disk_trouble(card.parent):
            write_card(card, found, licence)
    if as_json:
        print(to_json({**asdict(found), "suspicious": bool(found.findings)}))
    else:
        _show(found)
    if strict and found.findings:
        raise typer.Exit(1)


CONVERT_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew data convert sharegpt.json --to chat --out train.jsonl
  askew data convert train.jsonl --to parquet --out train.parquet

Formats: chat, prompt-completion and sharegpt, as JSON Lines; parquet. The content hash stays the same.
"""


def convert(
    source: Annotated[str, typer.Argument(help=SOURCE_HELP, show_default=False)],
    to: Annotated[str, typer.Option(help="chat, prompt-completion, sharegpt or parquet.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The new file.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write training rows to a file of another format."""
    from askew.base.atomic import wording_disk_trouble
    from askew.data import convert as converting
    from askew.data.card import counted

    with _counting_rows() as count, wording_disk_trouble(out.parent):
        written = converting.convert(source, to, out, replace=force, on_row=count)
    print(f"{out}  {written.rows:,} rows")
    if written.left_out:
        print(visible(f"  not written, because nothing is learnt from them: the keys {counted(written.left_out)}"))


def _show(found: "Check") -> None:
    """Print what was found, and what to do about anything suspicious."""
    out = console()
    out.print(_facts(found))
    for finding in found.findings:
        out.print(f"{finding.name}: {visible(finding.what)}", style="bold", markup=False, soft_wrap=True)
        out.print(f"  {finding.advice}", markup=False, soft_wrap=True)
    if not found.findings:
        out.print("Nothing suspicious was found.")


def _facts(found: "Check") -> "Table":
    from rich.table import Table

    from askew.data.card import by_turns, counted, learnt, spread
    from askew.data.phrasing import worded

    lengths = found.lengths
    limit = "" if lengths.limit is None else f"; {lengths.longer:,} rows have more than {lengths.limit:,}"
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in (
        ("source", found.source),
        ("kind", f"{found.kind}: {counted(found.formats)}"),
        ("rows", f"{found.rows:,}, {found.with_system:,} with a system turn"),
        ("turns", counted(found.turns)),
        ("rows by turns", by_turns(found.turns_per_row)),
        ("learnt", learnt(found)),
        *([("other keys", f"{counted(found.described_by)}; not learnt")] if found.described_by else []),
        ("tokens", spread(lengths)),
        ("", f"with the chat template of {lengths.model}{limit}"),
        ("languages", f"{counted(found.languages)}, in {found.compared:,} sampled rows"),
        ("answers", worded(found.phrasing)),
        *([("topics", f"{len(found.topics):,}; {counted(found.topics)}")] if found.topics else []),
        ("compared", f"{found.compared:,} of {found.rows:,} rows, for near-duplicates, languages and answers"),
        ("content hash", found.content_hash),
    ):
        table.add_row(text(name), text(value))
    return table


@contextmanager
def _counting_rows() -> Iterator[Callable[[], None]]:
    """Show on standard error how many rows have been read; yield a callback for each row."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = [SpinnerColumn(), TextColumn("{task.completed:,.0f} rows"), TimeElapsedColumn()]
    with Progress(*columns, console=console(stderr=True), transient=True) as bars:
        bar = bars.add_task("")
        rows = 0

        def count() -> None:
            nonlocal rows
            rows += 1
            if rows % _ROWS_A_STEP == 0:  # Updating the display takes longer than reading a row.
                bars.update(bar, completed=rows)

        yield count
