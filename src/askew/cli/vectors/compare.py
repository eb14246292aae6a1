"""`askew vectors compare`: are the directions of a run's arms one direction, and does one arm's switch off another?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from askew.base.errors import AskewError, unknown_name
from askew.cli.complete import completion
from askew.cli.options import JsonOption
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, plain_table, text
from askew.cli.vectors.steps import steps

if TYPE_CHECKING:
    import pandas as pd

    from askew.runs.run import Run
    from askew.vectors.shared import Shared

COMPARE_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew vectors compare runs/mine
  askew vectors compare runs/mine --arm insecure --arm secure --arm bad-medical --arm good-medical
  askew vectors compare runs/mine --way ablate --layer 1

[bold]What is compared[/bold]

\b
  The direction of an arm is the mean difference between the activations of its
  model and of the untuned model, on the same answers of the untuned model.
  Controls go through everything too: what an arm shares with them comes from
  being trained at all.

[bold]How to read it[/bold]

\b
  cosines: how alike the directions of two arms are.
  switching off: the direction of one arm is taken out of the model of another
  one, which is of another seed if there are several. off is the share of the
  rise of misaligned answers that is gone; 100% is back at the untuned model.
  p counts random directions and those of random signs; "corrected" counts each
  of them by its largest figure of all pairs of arms.

[bold]What is written[/bold], to RUN/directions or --out

\b
  cosines.csv, transfer.csv, rank-one.csv
"""


def compare(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.", show_default=False)],
    arm: Annotated[
        list[str] | None,
        typer.Option(
            help="A trained arm of the run. May be repeated.", show_default="all", autocompletion=completion("arms")
        ),
    ] = None,
    way: Annotated[
        Literal["subtract", "ablate"],
        typer.Option(help="Subtract the mean difference, or set the projection on it to that of the untuned model."),
    ] = "subtract",
    layer: Annotated[
        int | None,
        typer.Option(help="The layer, counted from 0.", show_default="where arms switch themselves off most", min=0),
    ] = None,
    samples: Annotated[int, typer.Option(help="The most answers to a question that all models read.", min=1)] = 4,
    questions: Annotated[
        int,
        typer.Option(
            help="The most questions with pairs that choose the layer, and as many that show the rest.", min=8
        ),
    ] = 16,
    nulls: Annotated[int, typer.Option(help="Random directions, and as many of random signs.", min=1)] = 20,
    seed: Annotated[int, typer.Option(help="Every draw depends on it.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="The folder to write to.", show_default="RUN/directions")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the directions of a run's arms: how alike they are, and whether one arm's switches another off."""
    from askew.base.atomic import wording_disk_trouble
    from askew.base.threads import use_one_thread
    from askew.runs.run import load_run
    from askew.vectors.files import check_new_folder, write_files
    from askew.vectors.moved import Setting
    from askew.vectors.shared import compare_arms

    use_one_thread()
    folder = out or run / "directions"
    check_new_folder(folder)
    loaded = load_run(run)
    models, answers = _models(loaded, arm or []), _answers(loaded, samples)
    setting = Setting(way, layer, nulls, questions, seed)
    with steps() as step:
        found = compare_arms(models, loaded.plan.model.name, answers, setting, step)
    with wording_disk_trouble(folder):
        tables = {"cosines.csv": found.cosines, "transfer.csv": found.transfer, "rank-one.csv": found.rank_one}
        write_files(folder, tables, {})
    if as_json:
        print(to_json({"folder": str(folder), **vars(found), "answer": answer_of(found)}))
        return
    _print(found)
    console().print(f"Tables: {folder}", markup=False, soft_wrap=True)


def _models(run: "Run", arms: list[str]) -> list:
    """Return the trained models of a run."""
    from askew.cli.vectors.run_models import models_of

    found = [one for one in models_of(run) if run.plan.is_trained(run.plan.arms[one.arm])]
    known = {one.arm: None for one in found}
    for name in arms:
        if name not in known:
            raise unknown_name("trained arm", name, known)
    return [one for one in found if not arms or one.arm in arms]


def _answers(run: "Run", samples: int) -> "pd.DataFrame":
    """Return different answers of the untuned model, or of all models in a run without its answers."""
    from askew.cli.vectors.run_models import answers_of
    from askew.design.arm import UNTUNED

    answers = answers_of(run, [], 0)
    if UNTUNED not in set(answers["arm"]):
        raise AskewError(
            f"the run in {run.folder} has no answers of the arm {UNTUNED}, which all models would read. Add --arm "
            f"{UNTUNED} to the run"
        )
    own = answers[answers["arm"].eq(UNTUNED)].drop_duplicates(["question", "prompt", "answer"])
    return own[own.groupby("question").cumcount() < samples].reset_index(drop=True)


def answer_of(found: "Shared") -> str:
    """Return the answer to the question in sentences: shared or not, and does it switch off."""
    cosines, other = found.contrast, found.transfer[found.transfer["families"].eq("other")]
    arms, controls = (other[other["source_side"].eq(side) & other["off"].notna()] for side in ("arm", "control"))
    said = []
    if cosines.p == cosines.p:
        alike = "more alike than arms and controls" if cosines.p < 0.05 else "not shown to be more alike than that"
        said.append(
            f"Arms of different families have a mean cosine of {cosines.arms:+.2f}, arms and controls one of "
            f"{cosines.mixed:+.2f}: arms are {alike} (p {cosines.p:.3f}, {cosines.families} families)."
        )
    if len(arms):
        beyond = int((arms["p_corrected"].lt(0.05) & arms["drop"].gt(0) & arms["coherent"]).sum())
        said.append(
            f"The direction of an arm of another family takes away {arms['off'].median():.0%} of the rise (median of "
            f"{len(arms)} pairs), beyond the nulls in {beyond} of them after correction"
            + (f"; the direction of a control {controls['off'].median():.0%}." if len(controls) else ".")
        )
        if not beyond:
            said.append("That is a null result: no direction was shown to switch another arm off.")
    return " ".join(said) or "There are no arms of different families, so nothing can be said."


def _print(found: "Shared") -> None:
    out = console()
    out.print(_cosine_table(found.cosines))
    out.print(_transfer_table(found.transfer))
    if len(found.rank_one):
        out.print(_rank_one_table(found.rank_one))
    out.print(
        text(f"Layer {found.layer}. Brackets: 95%, for questions like these. Nulls: their range."), soft_wrap=True
    )
    out.print(text(answer_of(found)), soft_wrap=True)


def _cosine_table(rows: "pd.DataFrame") -> object:
    table = plain_table("Cosines between the directions of arms")
    for heading in ("arms", "families", "cosine", "nulls", "p", "corrected"):
        table.add_column(heading, justify="left" if heading in ("arms", "families") else "right")
    for row in rows.sort_values("cosine", ascending=False).to_dict("records"):
        nulls = f"{row['null_low']:+.2f} to {row['null_high']:+.2f}"
        names = f"{row['one']}, {'another seed' if row['one'] == row['other'] else row['other']}"
        numbers = (f"{row['cosine']:+.2f}", nulls, f"{row['p']:.3f}", f"{row['p_corrected']:.3f}")
        table.add_row(*map(text, (names, f"{row['families']}, {row['sides']}", *numbers)))
    return table


def _transfer_table(rows: "pd.DataFrame") -> object:
    table = plain_table(f"Switching off: {rows['way'].iloc[0]} the direction of one arm in the model of another")
    for heading in ("direction of", "in", "rise", "drop", "off", "nulls", "p", "corrected"):
        table.add_column(heading, justify="left" if heading in ("direction of", "in") else "right")
    for row in rows.to_dict("records"):
        drop = f"{row['drop']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"
        off = "–" if row["off"] != row["off"] else f"{row['off']:.0%}"
        nulls = f"{row['null_low']:+.3f} to {row['null_high']:+.3f}"
        numbers = (f"{row['shift']:+.3f}", drop if row["coherent"] else f"({drop})", off, nulls)
        table.add_row(
            *map(text, (row["source"], row["target"], *numbers, f"{row['p']:.3f}", f"{row['p_corrected']:.3f}"))
        )
    return table


def _rank_one_table(rows: "pd.DataFrame") -> object:
    table = plain_table("The vectors that adapters of rank 1 write, and the directions of their arms")
    for heading in ("model", "layer", "module", "cosine", "nulls", "p"):
        table.add_column(heading, justify="left" if heading in ("model", "module") else "right")
    for row in rows.to_dict("records"):
        nulls = f"{row['null_low']:.2f} to {row['null_high']:.2f}"
        cells = (f"{row['arm']}-{row['seed']}", row["layer"], row["module"], f"{row['cosine']:.2f}", nulls)
        table.add_row(*map(text, (*cells, f"{row['p']:.3f}")))
    return table
