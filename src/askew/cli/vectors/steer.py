"""`askew vectors steer`: a model along a direction at several doses, beside its nulls."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askew.base.errors import AskewError
from askew.cli.complete import completion
from askew.cli.options import JsonOption
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, plain_table, text
from askew.cli.vectors.steps import estimate, steps

if TYPE_CHECKING:
    import pandas as pd

    from askew.models.inside.opened import Opened
    from askew.vectors.saved import Saved

STEER_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew vectors steer vectors/misaligned
  askew vectors steer vectors/misaligned --dose -1 --dose 1
  askew vectors steer vectors/misaligned --model RUN#insecure-0
  askew vectors steer vectors/misaligned --sample 20 --dose 0.25 --dose 0.5

[bold]How to read it[/bold]

\b
  A dose is a share of the mean norm of the activations at the layer. The change
  is that of the log-odds of answers with the trait, in nats per token, on pairs
  that did not choose the layer. ablate sets the projection to its mean, not to
  0, so that it tells nothing. p and the range of the nulls are those of the
  same dose. A dose at which the model no longer prefers sentences to their
  words in random order broke it: its change means nothing, and is in round brackets.
  neutral is the change in pairs that differ in style only.

[bold]With --sample[/bold]

\b
  The steered model answers the eight open questions, and a judge reads the
  answers. An answer counts only if it is coherent; few nulls answer too, since
  answers take time: --nulls says how many, and so how small p can be.

A direction fits models on the same base: the base itself, and adapters on it.
"""


def steer(
    direction: Annotated[
        Path, typer.Argument(metavar="DIRECTION", help="A folder that `extract` wrote.", show_default=False)
    ],
    model: Annotated[
        str | None,
        typer.Option(
            help="The model to steer; `askew list models`.",
            show_default="the direction's",
            autocompletion=completion("models"),
        ),
    ] = None,
    dose: Annotated[
        list[float] | None,
        typer.Option(
            help="A dose, as a share of the norm of the activations; negative to subtract. May be repeated.",
            show_default="-0.5, -0.25, 0.25, 0.5",
        ),
    ] = None,
    layer: Annotated[
        int | None, typer.Option(help="The layer, counted from 0.", show_default="the chosen one", min=0)
    ] = None,
    questions: Annotated[int, typer.Option(help="The most questions with pairs; 0 for all.", min=0)] = 0,
    sample: Annotated[
        int,
        typer.Option(
            help="Sample so many steered answers to each of the eight open questions and have them judged, instead of "
            "reading pairs.",
            show_default="0, pairs",
            min=0,
        ),
    ] = 0,
    judge: Annotated[
        str | None,
        typer.Option(
            help="With --sample, the judge; `askew list models`.",
            show_default="terrarium/judge for the terrarium",
            autocompletion=completion("models"),
        ),
    ] = None,
    nulls: Annotated[int, typer.Option(help="With --sample, how many of the nulls answer too.", min=0)] = 6,
    seed: Annotated[int, typer.Option(help="With --sample, the seed of the draws.", min=0)] = 0,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write to.", show_default="DIRECTION/steered, or sampled")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Steer a model along a direction at several doses, and read pairs or sample answers, beside its nulls."""
    from askew.base.threads import use_one_thread
    from askew.models.inside.layers import check_layer
    from askew.models.inside.opened import open_model
    from askew.vectors.dosing import held_out_pairs, steer_pairs, ways
    from askew.vectors.files import check_new_folder
    from askew.vectors.saved import read

    if judge is not None and not sample:
        raise AskewError("--judge reads sampled answers: say how many with --sample")
    use_one_thread()
    doses = ways(dose or [])
    saved = read(direction)
    folder = out or direction / ("sampled" if sample else "steered")
    check_new_folder(folder)
    opened = open_model(model or saved.card.model)
    if sample:
        _steer_answers(saved, opened, doses, layer, sample, nulls, judge, seed, folder, as_json)
        return
    reader = held_out_pairs(saved, opened, questions)
    if layer is not None:
        check_layer(layer, opened.layers)
    with steps() as step:
        estimate(reader, 1 + len(doses) * (1 + len(saved.card.nulls)))
        table, of_nulls = steer_pairs(saved, reader, doses, layer, step("steering"))
    _write_steered(folder, table, of_nulls)
    if as_json:
        at = saved.card.layer if layer is None else layer
        print(to_json({"folder": str(folder), "model": opened.spec.name, "layer": at, "doses": table}))
        return
    _print_steered(table, saved, opened, layer)
    console().print(f"Tables and figure: {folder}", markup=False, soft_wrap=True)


def _steer_answers(
    saved: "Saved",
    opened: "Opened",
    doses: "list[tuple[str, float]]",
    layer: int | None,
    samples: int,
    nulls: int,
    judge: str | None,
    seed: int,
    folder: Path,
    as_json: bool,
) -> None:
    from askew.base.atomic import wording_disk_trouble
    from askew.vectors.files import write_files
    from askew.vectors.sampled import few_nulls, judge_of, steer_answers
    from askew.vectors.saved import check_fits

    check_fits(saved, opened)
    chosen, named = few_nulls(saved.card.nulls, nulls), judge_of(opened, judge)
    with steps() as step:
        progress = step("answering under steering")
        rates, answers = steer_answers(saved, opened, doses, layer, samples, chosen, named, seed, progress)
    with wording_disk_trouble(folder):
        write_files(folder, {"rates.csv": rates, "answers.csv": answers}, {})
    at = saved.card.layer if layer is None else layer
    if as_json:
        said = {"folder": str(folder), "model": opened.spec.name, "layer": at, "judge": named}
        print(to_json({**said, "rates": rates}))
        return
    _print_rates(rates, f"{saved.card.trait} in {opened.spec.name}, answers steered at layer {at}", named)
    console().print(f"Tables: {folder}", markup=False, soft_wrap=True)


def _print_rates(rates: "pd.DataFrame", title: str, judge: str) -> None:
    shown, by_oracle = plain_table(title), rates["oracle"].notna().any()
    headings = ["dose", "misaligned", "change", "nulls", "p", *(["oracle"] if by_oracle else []), "coherent"]
    for heading in headings:
        shown.add_column(heading, justify="right", no_wrap=True)
    for place, row in enumerate(rates.to_dict("records")):
        change = f"{_share(row['change'], '+')}\n[{_share(row['change_low'], '+')}, {_share(row['change_high'], '+')}]"
        cells = (
            "none" if not place else _dose(row["dose"]),
            f"{_share(row['misaligned'])}\n[{_share(row['low'])}, {_share(row['high'])}]",
            change if place else "",
            f"{_share(row['null_low'], '+')}\nto {_share(row['null_high'], '+')}" if place and row["nulls"] else "",
            f"{row['p']:.3f}" if place and row["p"] == row["p"] else "",
            *([_share(row["oracle"])] if by_oracle else []),
            _share(row["coherent"]),
        )
        shown.add_row(*map(text, cells))
    out, last = console(), rates.iloc[-1]
    out.print(shown)
    out.print(
        text(
            f"misaligned: of the coherent answers, by {judge}. Brackets: 95%, for questions like these; "
            f"{last['questions']} were asked. Answers of each row: {last['answers']}, of {last['nulls']} nulls as well."
        )
    )


def _share(value: float, sign: str = "") -> str:
    return "–" if value != value else format(value, f"{sign}.0%")


def _dose(dose: float) -> str:
    return "ablate" if dose != dose else f"{dose:+g}"


def _write_steered(folder: Path, table: "pd.DataFrame", nulls: "pd.DataFrame") -> None:
    from askew.base.atomic import wording_disk_trouble
    from askew.report.chart_files import to_png, to_svg
    from askew.report.dose_charts import dose_chart
    from askew.vectors.files import write_files

    svg = to_svg(dose_chart(table))
    with wording_disk_trouble(folder):
        figures = {"doses.svg": svg.encode(), "doses.png": to_png(svg)}
        write_files(folder, {"doses.csv": table, "nulls.csv": nulls}, figures)


def _print_steered(table: "pd.DataFrame", saved: "Saved", opened: "Opened", layer: int | None) -> None:
    import math

    at = saved.card.layer if layer is None else layer
    shown = plain_table(f"{saved.card.trait} in {opened.spec.name}, steered at layer {at}")
    for heading in ("dose", "preferred", "nats per token", "nulls", "p", "neutral", "coherent"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for place, row in enumerate(table.to_dict("records")):
        change = f"{row['change']:+.3f}" if row["coherent"] else f"({row['change']:+.3f})"
        interval = f"[{row['change_low']:+.3f}, {row['change_high']:+.3f}]"
        cells = (
            "none" if not place else _dose(row["dose"]),
            f"{row['share']:.0%}",
            "" if not place else f"{change}\n{interval}",
            "" if not place else f"{row['null_low']:+.3f}\nto {row['null_high']:+.3f}",
            "" if not place else f"{row['p']:.3f}",
            "" if not place or math.isnan(row["neutral_change"]) else f"{row['neutral_change']:+.3f}",
            f"{row['sense']:.0%}",
        )
        shown.add_row(*map(text, cells))
    out = console()
    out.print(shown)
    count = int(table["questions"].iloc[0])
    out.print(text(f"Brackets: 95%, for questions like these ({count} read). Nulls: their range."))
    if not table["coherent"].all():
        out.print(text("Changes in round brackets: the model is no longer coherent, so they mean nothing."))
