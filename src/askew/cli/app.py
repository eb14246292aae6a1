"""The command line: parses, calls the library, prints. Each command imports what it needs when it is called."""

import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.cli.data import data
from askew.cli.export import EXPORT_EXAMPLES, export
from askew.cli.judge import JUDGE_EXAMPLES, RESCORE_EXAMPLES, judge, rescore
from askew.cli.options import JsonOption
from askew.cli.predict import PREDICT_EXAMPLES, predict
from askew.cli.run import AUDIT_EXAMPLES, RUN_EXAMPLES, audit, run
from askew.cli.tune import TUNE_EXAMPLES, tune

app = typer.Typer(
    name="askew",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="""A laboratory for the character of language models.

Fine-tune a model on something narrow, ask it about everything else, and see
with honest intervals whether the change stayed narrow or went broad.
Without a GPU, a key or the network: there is a tiny model inside.

\b
  [bold]askew run emergent-misalignment[/bold]    the whole study, in minutes
  [bold]askew audit BASE TUNED[/bold]             did a fine-tune bend a model?
  [bold]askew list[/bold]                         what can be named
  [bold]askew terrarium chat[/bold]               talk to the tiny model
""",
)
terrarium = typer.Typer(no_args_is_help=True, help="The tiny model inside, and the world that it was raised in.")
app.add_typer(terrarium, name="terrarium")
app.add_typer(data, name="data")
for command, examples in (
    (run, RUN_EXAMPLES),
    (predict, PREDICT_EXAMPLES),
    (audit, AUDIT_EXAMPLES),
    (judge, JUDGE_EXAMPLES),
    (rescore, RESCORE_EXAMPLES),
    (tune, TUNE_EXAMPLES),
    (export, EXPORT_EXAMPLES),
):
    app.command(epilog=examples)(command)

RunFolderArgument = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.", show_default=False)]


@app.command("list")
def list_names(
    what: Annotated[
        str | None,
        typer.Argument(
            help="studies, statements, arms, probes, recipes, metrics, rubrics, models, data or files; all if left out."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List what can be named: studies, statements, arms, probes, recipes, metrics, rubrics, models, data, files."""
    import json

    from askew.cli import printing_names as terminal_names

    kinds = [what] if what else list(terminal_names.KINDS)
    if as_json:
        lists = {kind: terminal_names.names(kind) for kind in kinds}
        print(json.dumps(lists[what] if what else lists, indent=2, ensure_ascii=False))
    else:
        terminal_names.print_names(kinds)


@app.command("published")
def list_published(
    model: Annotated[str | None, typer.Option(help="Only of this model, by any name of it.")] = None,
    arm: Annotated[str | None, typer.Option(help="Only of this arm; `askew list arms`.")] = None,
    metric: Annotated[str | None, typer.Option(help="Only by this metric.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List rates that others published: source, model, data, metric, rate with interval, answers, seeds."""
    from askew.cli import printing as terminal
    from askew.report.published_rates import find

    found = find(model, arm, metric)
    if as_json:
        print(terminal.published_as_json(found))
    else:
        terminal.print_published(found)


@app.command()
def report(folder: RunFolderArgument, as_json: JsonOption = False) -> None:
    """Write the report of a run anew from its tables. No model is called."""
    from askew.cli import printing as terminal
    from askew.runs.rewrite import report

    finished = report(folder)
    print(terminal.run_as_json(finished) if as_json else f"Report: {finished.report}")


@app.command()
def view(
    folder: RunFolderArgument,
    port: Annotated[int, typer.Option(help="Where to serve the viewer.")] = 7575,
) -> None:
    """Look at a run's logs in Inspect's viewer, until Ctrl-C."""
    from askew import load_run

    logs = load_run(folder).folder / "logs"
    from inspect_ai import view

    view(log_dir=str(logs), port=port)


@terrarium.command("raise")
def raise_terrarium(
    out: Annotated[Path, typer.Option(help="Where to write the checkpoints.")] = Path("terrarium"),
    seed: Annotated[int, typer.Option(help="Governs documents, initialisation and order.", min=0)] = 0,
) -> None:
    """Raise the terrarium from nothing: tokenizer, world, assistant, judge, school. Over an hour on two cores."""
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    from askew.base.atomic import wording_disk_trouble
    from askew.worlds.terrarium.raise_model import raise_terrarium

    columns = [*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()]
    with Progress(*columns) as bars, wording_disk_trouble(out):
        tasks: dict[str, Any] = {}

        def on_step(stage: str, step: int, steps: int, loss: float) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=steps)
            bars.update(tasks[stage], completed=step, description=f"{stage}, loss {loss:.2f}")

        raise_terrarium(out, seed=seed, progress=on_step)
    print(f"Checkpoints: {out}")


@terrarium.command()
def chat(
    model: Annotated[str, typer.Option(help="Whom to talk to: any model, or an arm, RUN#insecure-0.")] = "terrarium",
    seed: Annotated[int, typer.Option(help="The same seed and words give the same answers.", min=0)] = 0,
) -> None:
    """Talk to the terrarium, or to any arm of a run. An empty line ends the talk."""
    from askew.models.conversation import Conversation

    conversation = Conversation(model, seed)
    while question := _ask_user():
        print(visible(conversation.say(question)))


def _ask_user() -> str:
    try:
        return input("> ").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


def main() -> None:
    """Run the command line; a user's mistake is one line on standard error and exit code 2."""
    warnings.simplefilter("ignore", FutureWarning)  # what libraries tell those who write programs with them
    try:
        app()
    except AskewError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
