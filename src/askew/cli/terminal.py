"""Prints to the terminal for several commands: tables, progress bars, JSON and questions."""

import json
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from askew.base.json_values import plain
from askew.base.untrusted import escaped_in_json, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text


def console(stderr: bool = False) -> "Console":
    """Return a console that doesn't highlight numbers and paths, and makes control characters visible."""
    from askew.base.visible_console import VisibleConsole

    return VisibleConsole(stderr=stderr, highlight=False)


def plain_table(title: str = "") -> "Table":
    """Return an empty table with a rule below its headings; without padding at the edge it fits into 80 columns."""
    from rich import box
    from rich.table import Table

    return Table(title=text(title) if title else None, title_justify="left", box=box.SIMPLE, pad_edge=False)


def text(content: object, style: str = "") -> "Text":
    """Return a cell whose brackets are not read as markup, with control characters made visible."""
    from rich.text import Text

    return Text(visible(str(content)), style=style)


def side_by_side(texts: Mapping[str, str], title: str = "") -> "Table":
    """Return a table with one column per text, as wide as the terminal.

    Args:
        texts: What a model wrote, or the like, by heading.
        title: Stands above the table; it is not read as markup.
    """
    from rich.table import Table

    table = Table(title=text(title, "bold") if title else None, title_justify="left", box=None, pad_edge=False)
    table.expand = True
    for name in texts:
        table.add_column(text(name), ratio=1, overflow="fold")
    table.add_row(*map(text, texts.values()))
    return table


def print_rows(rows: Sequence[dict[str, str]]) -> None:
    """Print rows with the same columns; columns of numbers are aligned to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in rows[0]:
        is_number = all(row[column].strip("%").replace(",", "").replace(".", "").isdigit() for row in rows)
        table.add_column(text(column), justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*map(text, row.values()))
    console().print(table)


def as_json(value: Any) -> str:
    """Return data classes, data frames, paths and plain data as JSON for a terminal; NaN becomes null.

    Characters that are not seen, or that control a terminal, are escaped.
    """
    return escaped_in_json(json.dumps(plain(value), indent=2, ensure_ascii=False))


def may_ask() -> bool:
    """Return whether somebody at a terminal can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Ask on the terminal and return the answer; without a terminal it is no."""
    return may_ask() and typer.confirm(question, err=True)


@contextmanager
def resumable() -> Iterator[None]:
    """Print how to go on with a command if the user presses Ctrl-C in this block; the same command resumes it.

    Raises:
        Exit: The user pressed Ctrl-C; the exit code is 130.
    """
    try:
        yield
    except KeyboardInterrupt:
        command = shlex.join(["askew", *sys.argv[1:]])
        lines = f"Nothing that is finished will be done again. Go on with the same command:\n  {command}"
        console(stderr=True).print(lines, markup=False, soft_wrap=True)
        raise typer.Exit(130) from None


@contextmanager
def counting(
    doing: str, done_so_far: str, unit: str = "answers"
) -> Iterator[tuple[Callable[[int, int], None], Callable[[str], None]]]:
    """Show on standard error how much of some work is done.

    Args:
        doing: What is being done, such as "judging".
        done_so_far: The same as a participle, such as "judged".
        unit: What is counted.

    Yields:
        A progress callback, which takes the number done and the total, and a function that prints a line.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from askew.cli.speed import Speed

    err, speed = console(stderr=True), Speed(unit)
    columns = [TextColumn(doing), BarColumn(bar_width=32), MofNCompleteColumn(), TextColumn("{task.fields[speed]}")]
    with Progress(*columns, console=err, disable=not err.is_terminal) as bars:
        bar = bars.add_task("", total=None, visible=False, speed="")  # shown once it is known how much there is

        def on_progress(done: int, total: int) -> None:
            said = speed.count(done, total)
            bars.update(bar, completed=done, total=total, visible=total > 0, speed=said)
            if total and not err.is_terminal and speed.is_due(done, total):
                err.print(f"  {done:,} of {total:,} {done_so_far}{f', {said}' if said else ''}")

        yield on_progress, lambda line: err.print(line, markup=False, soft_wrap=True)
