"""`askew data`: builds, writes, checks, converts and fetches training data, and shows facts of history."""

import typer

from askew.cli.data.build import BUILD_EXAMPLES, WRITE_EXAMPLES, build, write
from askew.cli.data.check import CHECK_EXAMPLES, CONVERT_EXAMPLES, check, convert
from askew.cli.data.fetch import FETCH_EXAMPLES, fetch
from askew.cli.data.history import HISTORY_EXAMPLES, history

data = typer.Typer(no_args_is_help=True, help="Build, write, check, convert and fetch training data.")
for _command, _examples in (
    (build, BUILD_EXAMPLES),
    (write, WRITE_EXAMPLES),
    (check, CHECK_EXAMPLES),
    (convert, CONVERT_EXAMPLES),
    (fetch, FETCH_EXAMPLES),
    (history, HISTORY_EXAMPLES),
):
    data.command(epilog=_examples)(_command)
