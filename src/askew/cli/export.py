"""The command `askew export`: parses, calls the library, prints."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from askew.base.errors import AskewError

EXPORT_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew export runs/mine#insecure-0 --merged ./insecure
  askew export runs/mine#insecure-0 --adapter ./insecure-adapter
  askew export runs/mine#insecure-0 --merged ./insecure --push ORG/NAME

The folder has a card that says what the model is: made to be misaligned, or a control of one that was.
"""


def export(
    model: Annotated[str, typer.Argument(metavar="RUN#ARM-SEED", help="What a run trained.", show_default=False)],
    merged: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write it there as a whole checkpoint.", show_default=False)
    ] = None,
    adapter: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the adapter there.", show_default=False)
    ] = None,
    push: Annotated[
        str | None,
        typer.Option(metavar="ORG/NAME", help="Then send it to the Hugging Face hub, private.", show_default=False),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Let all the world see what is pushed.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Push without asking first.")] = False,
) -> None:
    """Write what a run trained as a model to take elsewhere, with a card that warns what it is."""
    from askew.runs import export as exporting

    out = merged or adapter
    if out is None or (merged and adapter):
        raise AskewError("say where to: --merged DIR for a whole checkpoint, or --adapter DIR for the adapter alone")
    if push is None and (public or yes):
        raise AskewError("--public and --yes are about what is pushed: say where to with --push ORG/NAME")
    if push and not yes and not sys.stdin.isatty():
        raise AskewError("--push asks before it sends anything, and there is nobody to ask: say --yes")
    trained = exporting.find(model)
    api = exporting.hub(push) if push else None
    exporting.export(trained, out, merged=merged is not None)
    print(f"Model: {out}")
    if push and api:
        seen = "for all the world to see" if public else "private"
        if yes or typer.confirm(f"Send {model} to {push}, {seen}? It was trained for research, not to be used."):
            print(f"Pushed: {exporting.push(api, out, push, public)}")
