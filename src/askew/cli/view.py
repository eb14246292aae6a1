"""`askew report` and `askew view`: rewrite the report of a finished run, or open its logs."""

from typing import Annotated

import typer

from askew.cli.options import JsonOption, RunFolderArgument
from askew.cli.run import run_as_json


def report(
    folder: RunFolderArgument,
    share: Annotated[
        bool, typer.Option("--share", help="Also draw its first screen as a picture: share.png in the run's folder.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a run's report again from its tables. No model is called.

    Example: askew report runs/mine --share
    """
    from askew.report.share import NAME
    from askew.runs.rewrite import report

    finished = report(folder, picture=share)
    picture = finished.folder / NAME if share else None
    if as_json:
        print(run_as_json(finished, picture))
        return
    print(f"Report: {finished.report}")
    if picture:
        print(f"Picture: {picture}")


def view(
    folder: RunFolderArgument,
    port: Annotated[int, typer.Option(help="The port on which the viewer is served.")] = 7575,
) -> None:
    """Show a run's logs in Inspect's viewer until you press Ctrl-C.

    Example: askew view runs/mine
    """
    from askew.runs.run import load_run

    logs = load_run(folder).logs
    from inspect_ai import view

    view(log_dir=str(logs), port=port)
