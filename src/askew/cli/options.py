"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

JUDGE_HELP = "The model that grades the answers; `askew list models`."
METRIC_HELP = "The rule from scores to a rate; `askew list metrics`."
MaxCostOption = Annotated[
    float | None,
    typer.Option(metavar="DOLLARS", help="The most that served models may cost in all; it stops before.", min=0),
]
PricesOption = Annotated[
    Path | None, typer.Option(help="A YAML file of prices, before those that come with Askew.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else there.")]
WorkersOption = Annotated[int | None, typer.Option(help="Processes at work at once; 0: one per core, or GPU.")]
SettingOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any setting by its name, as in --config.")
]
ConfigOption = Annotated[Path | None, typer.Option(help="A YAML file of settings.", show_default=False)]
ProbeOption = Annotated[
    list[str] | None,
    typer.Option(
        help="A set of questions, `askew list probes`; or an Inspect task, PACKAGE/TASK or FILE.py@TASK; "
        "may be given again."
    ),
]
QuestionsOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE.yaml",
        help="A file of questions, instead of the usual probes; with --probe beside those. May be given again.",
    ),
]
OutOption = Annotated[Path | None, typer.Option(help="The run's folder.", show_default="runs/STUDY-…")]
