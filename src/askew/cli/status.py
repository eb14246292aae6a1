"""`askew status`: how a run stands, from another terminal or another machine."""

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from askew.base.errors import AskewError
from askew.cli.options import JsonOption, RunFolderArgument
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, plain_table, text

if TYPE_CHECKING:
    from rich.console import Group

    from askew.runs.status import RunStatus

STATUS_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew status runs/mine
  askew status runs/mine --watch
  askew status /mnt/shared/runs/mine --json

Exits with 2, and one line that says why, for a run that failed or was cut short.
"""

_EVERY = 3.0  # seconds between two looks with --watch
_MOST_PIECES = 12


def status(
    folder: RunFolderArgument,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again every 3 seconds until the run ends, or you press Ctrl-C.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print how a run stands: what is done, running, failed and left, how fast it goes and how long it still takes."""
    from askew.runs.status import run_status

    try:
        found = _watched(lambda: run_status(folder), as_json) if watch else run_status(folder)
    except KeyboardInterrupt:  # the user has seen enough
        raise typer.Exit(0) from None
    if not watch:
        _print(found, as_json)
    if found.trouble:
        raise AskewError(found.trouble)


def _watched(look: "Callable[[], RunStatus]", as_json: bool) -> "RunStatus":
    """Show how a run stands until it ends, and return how it then stands."""
    out = console()
    if as_json or not out.is_terminal:
        while True:
            found = look()
            if as_json:
                from askew.runs.status import as_data

                print(json.dumps(json.loads(to_json(as_data(found)))), flush=True)
            else:
                _print(found, as_json=False)
            if found.state != "running":
                return found
            time.sleep(_EVERY)
    from rich.live import Live

    with Live(console=out, auto_refresh=False) as live:
        while True:
            live.update(_shown(found := look()), refresh=True)
            if found.state != "running":
                return found
            time.sleep(_EVERY)


def _print(found: "RunStatus", as_json: bool) -> None:
    if as_json:
        from askew.runs.status import as_data

        print(to_json(as_data(found)))
        return
    console().print(_shown(found))


def _shown(found: "RunStatus") -> "Group":
    """Return the status for a terminal."""
    from rich.console import Group

    from askew.runs.progress import duration, speed

    parts: list[object] = [text(f"{found.folder}: {found.state}{_owner(found)}", "bold")]
    if found.stages:
        table = plain_table()
        table.add_column("work")
        for heading in ("done", "running", "left", "time left"):
            table.add_column(heading, justify="right", no_wrap=True)
        for stage in found.stages:
            left = stage.pieces - stage.done - stage.running
            shown = "" if stage.seconds_left is None or found.state != "running" else duration(stage.seconds_left)
            cells = (stage.name, f"{stage.done} of {stage.pieces}", stage.running or "", left or "", shown)
            table.add_row(*map(text, cells))
        parts.append(table)
    if found.state == "running":
        for one in found.under_way[:_MOST_PIECES]:
            fast = f", {speed(one.rate, one.unit)}" if one.rate else ""
            left = f", about {duration(one.seconds_left)} left" if one.seconds_left else ""
            parts.append(text(f"  {one.piece}: {one.share:.0%}{fast}{left}"))
        if (more := len(found.under_way) - _MOST_PIECES) > 0:
            parts.append(text(f"  and {more} more"))
        if found.doing:
            parts.append(text(f"  {found.doing}"))
        parts.append(text(_pace(found)))
    parts += [text(f"  failed: {piece}") for piece in found.failed[:_MOST_PIECES]]
    return Group(*parts)  # pyright: ignore[reportArgumentType]  (texts and tables)


def _owner(found: "RunStatus") -> str:
    """Return who holds the folder, in words to stand after the state."""
    if found.state == "running":
        return ""
    held = {True: "another askew command works in the folder", False: "no live process works in the folder", None: ""}
    return f"; {said}" if (said := held[found.in_use]) else ""


def _pace(found: "RunStatus") -> str:
    """Return how fast a live run goes, and about how long the rest takes."""
    from askew.runs.progress import duration, speed

    said = []
    if found.answers_per_second:
        said.append(speed(found.answers_per_second, "answers"))
    if found.seconds_left is not None:
        said.append(f"about {duration(found.seconds_left)} left")
    if not said:
        said.append("how long it takes is known as soon as some of it is done")
    if found.heard:
        said.append(f"as of {duration(max(0.0, time.time() - found.heard))} ago")
    return ", ".join(said)
