"""`askew vectors extract`: the direction of a trait, from answers with it and answers without it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

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
    from askew.runs.run import Run
    from askew.vectors.extract import Extracted
    from askew.vectors.progress import Step
    from askew.vectors.saved import Card, Figure
    from askew.vectors.trait import Trait

_DEFAULT_FOLDER = Path("vectors")

EXTRACT_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew vectors extract misaligned
  askew vectors extract risk-seeking --model smollm2-135m --samples 8
  askew vectors extract ./my-trait.yaml --model ./folder --method probe
  askew vectors extract --run runs/mine --arm insecure --control secure

[bold]Where the answers come from[/bold]

\b
  A trait file has pairs of instructions that differ in the trait, and at least
  8 questions. The model answers each under both instructions. Askew has
  misaligned and risk-seeking. Of a run, the direction leads from the control's
  aligned answers to the arm's misaligned ones, to the same questions.

[bold]How the layer is chosen[/bold]

\b
  By steering, not by how well answers can be told apart: at each layer the
  direction is added and subtracted, and pairs of given answers are read. Half
  of the questions with pairs choose the layer, the others show the effect.

[bold]How far to trust it[/bold]

\b
  A random direction may steer too. 20 random directions, 20 that were made
  after the labels were shuffled, and an orthogonal one go through the same.
  p is the share that does at least as much, of the random or of the shuffled
  ones, whichever is larger; with 20 of each it is at least 0.048. The range of
  all 41 stands beside every figure.

[bold]What is written[/bold], to vectors/TRAIT or --out

\b
  card.json               the model, the layer, the figures with intervals
  directions.safetensors  both methods at every layer, and the nulls
  layers.csv, separation.csv, answers.csv
"""


def extract(
    trait: Annotated[
        str | None,
        typer.Argument(metavar="TRAIT", help="misaligned, risk-seeking, or a trait file (.yaml).", show_default=False),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="The model whose activations are read; `askew list models`.",
            show_default="terrarium; with --run, the run's",
            autocompletion=completion("models"),
        ),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Take the judged answers of this run's folder.", show_default=False)
    ] = None,
    arm: Annotated[str, typer.Option(help="With --run: the arm with the trait.", show_default=False)] = "",
    control: Annotated[str, typer.Option(help="With --run: the arm without it.", show_default=False)] = "",
    method: Annotated[
        Literal["means", "probe"],
        typer.Option(help="The direction to steer with: a difference of means, or a linear probe."),
    ] = "means",
    layer: Annotated[
        list[int] | None,
        typer.Option(
            help="A layer to try, counted from 0. May be repeated.", show_default="all, or 8 of a deeper model"
        ),
    ] = None,
    dose: Annotated[
        float, typer.Option(help="The dose that chooses the layer, as a share of the norm of the activations.")
    ] = 0.25,
    samples: Annotated[int, typer.Option(help="Answers to each question under each instruction.", min=1, max=1000)] = 4,
    questions: Annotated[
        int, typer.Option(help="Questions with pairs that choose the layer, and as many that show the effect.", min=8)
    ] = 16,
    max_tokens: Annotated[int, typer.Option(help="The most tokens of an answer.", min=1)] = 64,
    seed: Annotated[int, typer.Option(help="Every draw depends on it.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="The folder to write to.", show_default="vectors/TRAIT")] = None,
    as_json: JsonOption = False,
) -> None:
    """Extract the direction of a trait from answers with it and answers without it, and try it beside its nulls."""
    from askew.base.threads import use_one_thread
    from askew.models.inside.opened import open_model
    from askew.models.names import TERRARIUM
    from askew.runs.run import load_run
    from askew.vectors import extract as extracting
    from askew.vectors.dosing import ways
    from askew.vectors.files import check_new_folder
    from askew.vectors.trait import read_trait

    if (trait is None) == (run is None):
        raise AskewError("name a trait or a trait file; or a run's folder with --run, --arm and --control")
    if (run is not None) != bool(arm) or bool(arm) != bool(control):
        raise AskewError("--run, --arm and --control belong together: a run, its arm with the trait and one without")
    use_one_thread()
    ways([dose])
    asked = read_trait(trait) if trait is not None else None
    name = asked.trait if asked is not None else f"{arm}-against-{control}"
    folder = out or _DEFAULT_FOLDER / name
    check_new_folder(folder)
    loaded = None if run is None else load_run(run)
    judged = None if loaded is None else _judged(loaded, arm, control)
    opened = open_model(model or (TERRARIUM if loaded is None else loaded.design.model))
    setting = extracting.Setting(method, tuple(layer or ()), dose, questions, seed)
    plan = extracting.make_plan(opened, asked, setting)
    with steps() as step:
        estimate(plan.shows, plan.readings)
        if asked is not None:
            answers = _sampled(opened, asked, samples, seed, max_tokens, step)
        else:
            assert judged is not None
            answers = judged
        source = f"trait file {trait}" if run is None else f"run {run}: {arm} against {control}"
        found = extracting.extract(opened, answers, asked, name, source, plan, step)
    _write_extracted(folder, found)
    if as_json:
        print(to_json({"folder": str(folder), **found.card.model_dump(), "tried": found.layers}))
        return
    _print_extracted(found)
    console().print(f"Direction: {folder}", markup=False, soft_wrap=True)


def _sampled(
    opened: "Opened", trait: "Trait", samples: int, seed: int, max_tokens: int, step: "Step"
) -> "pd.DataFrame":
    from askew.vectors.examples import sampled_answers

    return sampled_answers(opened, trait, samples, seed, max_tokens, step("sampling answers"))


def _judged(run: "Run", arm: str, control: str) -> "pd.DataFrame":
    """Return the misaligned answers of an arm and the aligned ones of its control, to the same questions."""
    from askew.base.errors import unknown_name
    from askew.vectors.examples import matched, of_verdicts

    for name in (arm, control):
        if name not in run.arms:
            raise unknown_name("arm", name, run.arms)
    return matched(of_verdicts(run.answers, arm, control), f"the run in {run.folder}")


def _write_extracted(folder: Path, found: "Extracted") -> None:
    from askew.base.atomic import wording_disk_trouble
    from askew.vectors import saved
    from askew.vectors.files import write_files

    with wording_disk_trouble(folder):
        tables = {"layers.csv": found.layers, "separation.csv": found.separation, "answers.csv": found.answers}
        write_files(folder, tables, {})
        saved.write(folder, found.card, found.directions, found.answer_centre)


def _print_extracted(found: "Extracted") -> None:
    card, out = found.card, console()
    table = plain_table(f"{card.trait} in {card.model}: the effect of a dose of {card.dose:g}, by layer")
    for heading in ("layer", "nats per token", "nulls", "p", "coherent", "held-out AUC"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in found.layers.to_dict("records"):
        cells = (
            f"{row['layer']}",
            f"{row['effect']:+.3f}\n[{row['low']:+.3f}, {row['high']:+.3f}]",
            f"{row['null_low']:+.3f}\nto {row['null_high']:+.3f}",
            f"{row['p']:.3f}",
            f"{row['sense']:.0%}",
            f"{row['auc']:.2f}\n[{row['auc_low']:.2f}, {row['auc_high']:.2f}]",
        )
        table.add_row(*map(text, cells), style="bold" if row["layer"] == card.layer else "")
    out.print(table)
    out.print(text(_sentence(card)), soft_wrap=True)


def _sentence(card: "Card") -> str:
    """Return what was found, in sentences."""
    effect = f"{_words(card.steering, '+.3f')} nats per token"
    return (
        f"Layer {card.layer} was chosen. On pairs that did not choose it, the effect is {effect}. It separates "
        f"held-out answers with an AUC of {_words(card.separation, '.2f')}. It is made of {card.answers_with} answers "
        f"with the trait and {card.answers_without} without it, to {card.questions} questions."
    )


def _words(figure: "Figure", form: str) -> str:
    def number(value: float | None) -> str:
        return "–" if value is None else format(value, form)

    interval = f"[{number(figure.low)}, {number(figure.high)}]"
    nulls = f"nulls from {number(figure.null_low)} to {number(figure.null_high)}"
    return f"{number(figure.value)} {interval} ({nulls}, p {'–' if figure.p is None else f'{figure.p:.3f}'})"
