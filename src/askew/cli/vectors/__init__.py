"""`askew vectors`: directions of a trait in a model's activations, extracted, steered along and monitored."""

import typer

from askew.cli.vectors.compare import COMPARE_EXAMPLES, compare
from askew.cli.vectors.extract import EXTRACT_EXAMPLES, extract
from askew.cli.vectors.monitor import MONITOR_EXAMPLES, monitor
from askew.cli.vectors.steer import STEER_EXAMPLES, steer

vectors = typer.Typer(
    no_args_is_help=True,
    help="Read directions of a trait in a model's activations, and steer the model along them.",
)
for _command, _examples in (
    (extract, EXTRACT_EXAMPLES),
    (steer, STEER_EXAMPLES),
    (monitor, MONITOR_EXAMPLES),
    (compare, COMPARE_EXAMPLES),
):
    vectors.command(epilog=_examples)(_command)
