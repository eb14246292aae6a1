"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from askew.base.errors import AskewError
from askew.cli.complete import completion
from askew.judging.check_setting import SKIP, STOP, WARN

StudyArgument = Annotated[
    str | None,
    typer.Argument(help="The study; `askew list studies`.", show_default=False, autocompletion=completion("studies")),
]
RunFolderArgument = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.", show_default=False)]
MetricOption = Annotated[
    str,
    typer.Option(
        help="The rule that turns scores into a rate; `askew list metrics`.", autocompletion=completion("metrics")
    ),
]
MaxCostOption = Annotated[
    float | None,
    typer.Option(
        metavar="DOLLARS",
        help="The most dollars that served models may cost in total; Askew stops before it exceeds this.",
        min=0,
    ),
]
PricesOption = Annotated[
    Path | None,
    typer.Option(help="A YAML file of prices, which override Askew's own.", show_default=False),
]
JudgeCheckOption = Annotated[
    str | None,
    typer.Option(
        metavar="stop|warn|skip",
        help="What to do if the judge fails its check: stop, or warn and go on; skip leaves the check out.",
        show_default="stop; for a run, as its design says",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print only JSON on standard output.")]
SettingOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any setting, `askew list settings`. May be repeated."),
]
ConfigOption = Annotated[Path | None, typer.Option(help="A YAML file of settings.", show_default=False)]
OutOption = Annotated[Path | None, typer.Option(help="The run's folder.", show_default="runs/STUDY-…")]
YesOption = Annotated[bool, typer.Option("--yes", help="Start without asking for consent.")]
AgainOption = Annotated[bool, typer.Option("--again", help="Start another job for one that failed or may be lost.")]


def check_judge_check(value: str | None) -> None:
    """Check the value of `JudgeCheckOption`.

    Raises:
        AskewError: It is none of the three.
    """
    if value not in (None, STOP, WARN, SKIP):
        raise AskewError(f"--judge-check is stop, warn or skip, not {value!r}")
