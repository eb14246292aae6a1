"""`askew vectors monitor`: how far the answers of a run lie along a direction, and what that goes with."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askew.cli.complete import completion
from askew.cli.options import JsonOption
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, plain_table, text
from askew.cli.vectors.steps import steps

if TYPE_CHECKING:
    import pandas as pd

    from askew.vectors.monitor import Monitored

MONITOR_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew vectors monitor vectors/misaligned runs/mine
  askew vectors monitor vectors/misaligned runs/mine --probe free_form --samples 10

[bold]How to read it[/bold]

\b
  A projection is how far an answer lies along the direction, as a share of the
  norm of the activations; 0 is the mean of the answers that made it. Each answer
  is read by the model that gave it.
  r is Spearman's. Over all answers it is mostly a correlation between a few
  groups of models. So look at r within models and questions, where the question
  is the same, and at r without each family of arms.
  p is the share of directions that mean nothing whose r is at least as far from
  0; "corrected" counts a null by its largest r of all levels.
  prompt distance is the rival: how far a question lies from the prompts of the
  training. Where it does as well, the direction explains nothing.

[bold]What is written[/bold], to DIRECTION/monitored or --out

\b
  projections.csv, models.csv, correlations.csv, drift.csv
  monitor.svg, monitor.png
"""


def monitor(
    direction: Annotated[
        Path, typer.Argument(metavar="DIRECTION", help="A folder that `extract` wrote.", show_default=False)
    ],
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.", show_default=False)],
    probe: Annotated[
        list[str] | None,
        typer.Option(
            help="A probe whose answers are read. May be repeated.",
            show_default="all with open questions",
            autocompletion=completion("probes"),
        ),
    ] = None,
    samples: Annotated[int, typer.Option(help="The most answers of a model to a question; 0 for all.", min=0)] = 0,
    layer: Annotated[
        int | None, typer.Option(help="The layer, counted from 0.", show_default="the chosen one", min=0)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write to.", show_default="DIRECTION/monitored")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read how far the answers of a run lie along a direction, and what that goes with, beside its nulls."""
    from askew.base.threads import use_one_thread
    from askew.cli.vectors.run_models import answers_of, check_is_local, models_of
    from askew.models.inside.layers import check_layer
    from askew.runs.run import load_run
    from askew.vectors.files import check_new_folder
    from askew.vectors.monitor import monitor as read_along
    from askew.vectors.saved import read

    use_one_thread()
    saved = read(direction)
    folder = out or direction / "monitored"
    check_new_folder(folder)
    if layer is not None:
        check_layer(layer, saved.card.layers)
    loaded = load_run(run)
    check_is_local(loaded)
    answers = answers_of(loaded, probe or [], samples)
    models = models_of(loaded)
    with steps() as step:
        found = read_along(saved, answers, models, loaded.plan.model.name, layer, step("reading the answers"))
    _write(folder, found)
    if as_json:
        at = saved.card.layer if layer is None else layer
        tables = {"models": found.models, "correlations": found.correlations, "drift": found.drift}
        print(to_json({"folder": str(folder), "run": str(run), "layer": at, **tables}))
        return
    _print(found, saved.card.trait)
    console().print(f"Tables and figure: {folder}", markup=False, soft_wrap=True)


def _write(folder: Path, found: "Monitored") -> None:
    from askew.base.atomic import wording_disk_trouble
    from askew.report.chart_files import to_png, to_svg
    from askew.report.monitor_charts import monitor_chart
    from askew.vectors.files import write_files

    columns = ["arm", "seed", "side", "family", "probe", "question", "paraphrase", "index", "projection", "distance"]
    projections = found.answers[[*columns, "aligned", "verdict", "oracle"]]
    tables = {"projections.csv": projections, "models.csv": found.models}
    tables |= {"correlations.csv": found.correlations, "drift.csv": found.drift}
    svg = to_svg(monitor_chart(found.models, found.drift))
    with wording_disk_trouble(folder):
        write_files(folder, tables, {"monitor.svg": svg.encode(), "monitor.png": to_png(svg)})


def _print(found: "Monitored", trait: str) -> None:
    out = console()
    out.print(_models_table(found.models, trait))
    for (predictor, score), rows in found.correlations.groupby(["predictor", "score"], sort=False):
        out.print(_correlation_table(rows, f"{predictor} and {score}"))
    if len(found.drift):
        out.print(_drift_table(found.drift))
    out.print(text("Brackets: 95%, for arms and questions like these. Nulls: their range."))


def _models_table(models: "pd.DataFrame", trait: str) -> object:
    table = plain_table(f"Answers along {trait}, by model")
    for heading in ("model", "side", "projection", "misaligned", "pairs"):
        table.add_column(heading, justify="left" if heading in ("model", "side") else "right", no_wrap=True)
    for row in models.to_dict("records"):
        interval = _with_interval(row["projection"], row["low"], row["high"], "+.3f")
        cells = (f"{row['arm']}-{row['seed']}", row["side"], interval)
        table.add_row(*map(text, (*cells, _number(row["misaligned"], ".0%"), _number(row["pairs"], "+.3f"))))
    return table


def _correlation_table(rows: "pd.DataFrame", title: str) -> object:
    table = plain_table(title)
    for heading in ("level", "r", "nulls", "p", "corrected", "n"):
        table.add_column(heading, justify="left" if heading == "level" else "right", no_wrap=heading != "level")
    for row in rows.to_dict("records"):
        own = _with_interval(row["r"], row["low"], row["high"], "+.2f")
        nulls = f"{_number(row['null_low'], '+.2f')} to {_number(row['null_high'], '+.2f')}"
        ps = (_number(row["p"], ".3f"), _number(row["p_corrected"], ".3f"))
        table.add_row(*map(text, (row["level"], own, nulls, *ps, f"{row['n']:,}")))
    return table


def _drift_table(drift: "pd.DataFrame") -> object:
    table = plain_table("Drift of the questions' last token at the end of training; all steps are in drift.csv")
    for heading in ("model", "step", "drift", "nulls", "p"):
        table.add_column(heading, justify="left" if heading == "model" else "right", no_wrap=True)
    for row in drift.sort_values("step").groupby(["arm", "seed"], sort=False).tail(1).to_dict("records"):
        own = _with_interval(row["drift"], row["low"], row["high"], "+.3f")
        nulls = f"{_number(row['null_low'], '+.3f')} to {_number(row['null_high'], '+.3f')}"
        table.add_row(*map(text, (f"{row['arm']}-{row['seed']}", row["step"], own, nulls, _number(row["p"], ".3f"))))
    return table


def _with_interval(value: float, low: float, high: float, form: str) -> str:
    return f"{_number(value, form)} [{_number(low, form)}, {_number(high, form)}]"


def _number(value: float, form: str) -> str:
    return "–" if value != value else format(value, form)
