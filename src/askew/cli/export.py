"""`askew export`: writes a model that a run trained, for use elsewhere."""

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

The folder gets a model card, which says that the model was made to be misaligned, or is a control of such a model.
"""


def export(
    model: Annotated[str, typer.Argument(metavar="RUN#ARM-SEED", help="The trained model.", show_default=False)],
    merged: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a whole checkpoint to this folder.", show_default=False)
    ] = None,
    adapter: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write only the adapter to this folder.", show_default=False)
    ] = None,
    push: Annotated[
        str | None,
        typer.Option(
            metavar="ORG/NAME",
            help="Then push it to the Hugging Face hub, as a private repository.",
            show_default=False,
        ),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Make the pushed repository public.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Push without asking for consent.")] = False,
) -> None:
    """Export a model that a run trained, with a model card that warns about it."""
    from askew.runs import export as exporting

    out = merged or adapter
    if out is None or (merged and adapter):
        raise AskewError("name one folder: --merged DIR for a whole checkpoint, or --adapter DIR for only the adapter")
    if push is None and (public or yes):
        raise AskewError("--public and --yes have an effect only with --push ORG/NAME: add it")
    if push and not yes and not sys.stdin.isatty():
        raise AskewError("--push asks for consent, but there is no terminal: add --yes")
    trained = exporting.find(model)
    api = exporting.hub(push) if push else None
    exporting.export(trained, out, merged=merged is not None)
    print(f"Model: {out}")
    if push and api:
        visibility = "public" if public else "private"
        if yes or typer.confirm(f"Push {model} to {push} ({visibility})? It was trained for research, not for use."):
            print(f"Pushed: {exporting.push(api, out, push, public)}")
