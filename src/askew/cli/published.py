"""`askew published`: lists rates from publications."""

import math
from typing import Annotated

import typer

from askew.cli.complete import completion
from askew.cli.options import JsonOption
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, plain_table


def published(
    model: Annotated[str | None, typer.Option(help="Only rates of this model, under any of its names.")] = None,
    arm: Annotated[
        str | None,
        typer.Option(help="Only rates of this arm; `askew list arms`.", autocompletion=completion("arms")),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="Only rates by this metric.", autocompletion=completion("metrics"))
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List published rates with their source, model, data, metric, interval, answers and seeds.

    Example: askew published --arm insecure
    """
    from askew.report import wording
    from askew.studies.emergent_misalignment.published_rates import find

    rates = find(model, arm, metric)
    if as_json:
        print(to_json(rates))
        return
    table = plain_table("Misaligned answers, as published")
    for heading in ("source", "model", "arm", "probe", "data"):
        table.add_column(heading, overflow="fold")
    table.add_column("metric", no_wrap=True)
    for heading in ("rate", "n", "seeds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in rates:
        low, high = (math.nan if end is None else end for end in (one.low, one.high))
        numbers = ("" if number is None else f"{number:,}" for number in (one.n, one.seeds))
        data = f"{one.data} ({one.note})" if one.note else one.data
        rate = f"{wording.percent(one.rate)} {wording.interval(low, high)}".strip()
        table.add_row(one.citation, one.model, one.arm, one.probe, data, one.metric, rate, *numbers)
    out = console()
    out.print(table)
    for source, where in dict.fromkeys((one.source, one.where) for one in rates):
        out.print(f"{source}. {where}", style="dim", markup=False)
