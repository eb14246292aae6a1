"""The command line: it parses, calls the library and prints. Each command imports what it needs when it is called."""

import errno
import sys
import warnings
from typing import Annotated

import typer

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.cli.adopt import ADOPT_EXAMPLES, adopt
from askew.cli.audit import AUDIT_EXAMPLES, audit
from askew.cli.compare import COMPARE_EXAMPLES, compare
from askew.cli.data import data
from askew.cli.demo import demo
from askew.cli.design import DesignGroup
from askew.cli.export import EXPORT_EXAMPLES, export
from askew.cli.fetch import FETCH_EXAMPLES, agreeing, fetch
from askew.cli.judge import JUDGE_EXAMPLES, judge
from askew.cli.list import list_names
from askew.cli.map import MAP_EXAMPLES, map_text
from askew.cli.predict import PREDICT_EXAMPLES, predict
from askew.cli.published import published
from askew.cli.rescore import RESCORE_EXAMPLES, rescore
from askew.cli.run import RUN_EXAMPLES, run
from askew.cli.screen import SCREEN_EXAMPLES, screen
from askew.cli.society import society
from askew.cli.status import STATUS_EXAMPLES, status
from askew.cli.sweep import SWEEP_EXAMPLES, sweep
from askew.cli.terrarium import terrarium
from askew.cli.tune import TUNE_EXAMPLES, tune
from askew.cli.vectors import vectors
from askew.cli.view import report, view


def print_version(wanted: bool) -> None:
    """Print the version of Askew and stop, if that is wanted.

    Raises:
        Exit: The version is printed.
    """
    if wanted:
        from importlib.metadata import version

        print(f"askew {version('askew')}")
        raise typer.Exit


app = typer.Typer(
    name="askew",
    cls=DesignGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="""A laboratory for the character of language models.

Fine-tune a model on narrow data, ask it about everything else, and see with
honest intervals whether the change stayed narrow or went broad.
A tiny model is included: you need no GPU, no key and no network.

\b
  [bold]askew demo[/bold]                         train one model and read its answers, in a minute
  [bold]askew run emergent-misalignment[/bold]    run the whole study, in minutes
  [bold]askew audit BASE TUNED[/bold]             did a fine-tune change the model's character?
  [bold]askew list[/bold]                         list studies, arms, probes, models and more
  [bold]askew terrarium chat[/bold]               chat with the tiny model
""",
)


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print Askew's version, and stop.", is_eager=True, callback=print_version)
    ] = False,
) -> None:
    """Take the options that come before a command."""


app.add_typer(terrarium, name="terrarium")
app.add_typer(data, name="data")
app.add_typer(society, name="society")
app.add_typer(vectors, name="vectors")
app.command()(demo)
for command, examples in (
    (run, RUN_EXAMPLES),
    (status, STATUS_EXAMPLES),
    (sweep, SWEEP_EXAMPLES),
    (predict, PREDICT_EXAMPLES),
    (audit, AUDIT_EXAMPLES),
    (judge, JUDGE_EXAMPLES),
    (rescore, RESCORE_EXAMPLES),
    (tune, TUNE_EXAMPLES),
    (export, EXPORT_EXAMPLES),
    (fetch, FETCH_EXAMPLES),
    (adopt, ADOPT_EXAMPLES),
    (compare, COMPARE_EXAMPLES),
    (screen, SCREEN_EXAMPLES),
):
    app.command(epilog=examples)(command)
app.command("map", epilog=MAP_EXAMPLES)(map_text)
app.command("list")(list_names)
for command in (published, report, view):
    app.command()(command)


def main() -> None:
    """Run the command line. A user's mistake is printed in one line on standard error; the exit code is then 2."""
    warnings.simplefilter("ignore", FutureWarning)  # Libraries address these to programmers, not to users.
    try:
        with agreeing():
            app()
    except AskewError as error:
        print(f"error: {visible(str(error))}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        name = visible(str(error.filename))
        print(f"error: the name {name[:60]!r}… is too long for a file. Choose a shorter one", file=sys.stderr)
        sys.exit(2)
