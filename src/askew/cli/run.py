"""`askew run`: runs a study and prints what it found."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from askew.cli.design import Given, takes_design
from askew.cli.options import AgainOption, JsonOption, OutOption, StudyArgument, YesOption
from askew.cli.predict import plain_predictions, print_scores
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import confirm, console, plain_table, resumable, text

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from askew.design.plan import Plan
    from askew.runs.run import Run

RUN_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew run emergent-misalignment
  askew run emergent-misalignment --arm untuned --arm insecure --arm secure --seeds 5
  askew run emergent-misalignment --rows 1600 --checkpoints 4 --set recipe.lora_rank=8
  askew run emergent-misalignment --dump-config > design.yaml
  askew run emergent-misalignment --model ./qwen --data insecure=insecure.jsonl --data secure=secure.jsonl
  askew run --config design.yaml --out runs/mine
  askew run emergent-misalignment --until told --samples 200
  askew run grokking --dry-run

To resume a run that was stopped, give the same command again.
"""


@takes_design("run")
def run(
    given: Given,
    study: StudyArgument = None,
    dump_config: Annotated[
        bool, typer.Option("--dump-config", help="Print every setting as a config file, and stop.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done and about how long it takes, and stop.")
    ] = False,
    out: OutOption = None,
    yes: YesOption = False,
    again: AgainOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run a study: fine-tune its arms, ask them questions, judge the answers and write the report."""
    from askew.design.make import make_plan
    from askew.runs.runner import run_plan
    from askew.runs.work import Consent

    plan = make_plan(study, given.config, given.settings)
    if dump_config:
        print(plan.design.to_yaml(), end="")
        return
    if dry_run:
        print_outlook(plan, out, as_json)
        return
    with resumable():
        finished = run_plan(plan, out, consent=Consent(yes, again, confirm))
    if as_json:
        print(run_as_json(finished))
    else:
        print_run(finished)


def print_outlook(plan: "Plan", folder: Path | None, as_json: bool) -> None:
    """Print what is left to do of a run, and about how long it takes."""
    from askew.runs.outlook import outlook
    from askew.runs.progress import duration

    ahead = outlook(plan, folder)
    if as_json:
        print(to_json({**asdict(ahead), "folder": str(ahead.folder), "study": plan.design.study}))
        return
    out = console()
    out.print(f"{plan.study.title}: {plan.study.question}", markup=False)
    out.print(f"  in {ahead.folder}", markup=False, soft_wrap=True)
    if not ahead.work:
        out.print("  nothing is left to do but the tables and the report")
        return
    where = ahead.place or f"with {ahead.workers} worker{'' if ahead.workers == 1 else 's'}"
    out.print(f"  to do: {', '.join(ahead.work)}, {where}", markup=False)
    known = "how long that takes is known once the run has measured its model"
    if ahead.place:
        known = "how long that takes depends on its nodes, and is shown as soon as some of it is done"
    about = known if ahead.seconds is None else f"about {duration(ahead.seconds)} on a machine like a laptop"
    out.print(f"  {about}", markup=False)


def run_as_json(run: "Run", picture: Path | None = None) -> str:
    """Return a run's tables, verdict and files as JSON; `picture` is that of its first screen, if it was drawn."""
    summary = {
        "run": str(run.folder),
        "report": str(run.report),
        **({"picture": str(picture)} if picture else {}),
        "study": run.design.study,
        "model": run.design.model,
        "metric": run.metric,
        "verdict": run.verdict,
        "effects": json.loads(run.effects.to_json(orient="records")),
        "arms": json.loads(run.arm_rates.drop(columns="metric").to_json(orient="records")),
        "sequential": sequential_as_json(run),
        **({"predicted": plain_predictions(run.predicted)} if run.predicted else {}),
    }
    return to_json(summary)


def sequential_as_json(run: "Run") -> dict[str, Any] | None:
    """Return the looks of a run at its answers, and where it stopped; None if it asked all answers at once."""
    return None if run.sequential is None else run.sequential.model_dump()


def print_run(run: "Run") -> None:
    """Print a run's table, its verdict, the scores of its predictions, and the path of its report."""
    out = console()
    out.print()
    if len(run.effects):
        print_effects(run.effects)
    elif run.study.has_model:
        out.print(rates_table(run.arm_rates, run.metric))
    out.print(run.verdict, markup=False)
    if run.predicted:
        print_scores(run.predicted)
    if run.note:
        out.print(run.note, style="dim", markup=False)
    out.print(f"Report: {run.report}", markup=False, soft_wrap=True)


def print_effects(effects: "pd.DataFrame") -> None:
    """Print a study's effects by family, starting with those that answer its question.

    Args:
        effects: The rows of `effects.csv`.
    """
    from askew.report.sections.effects import families

    table = plain_table("What it found: points of a percentage with a sign, correlations from −1 to 1")
    table.add_column("comparison", overflow="fold")
    for heading in ("estimate", "p, corrected", "would be found"):
        table.add_column(heading, justify="right", no_wrap=True)
    for family, rows in families(effects):
        table.add_row(text(family, style="dim"))
        for row in rows:
            words = (
                f"  {row['label']}, {row['measure']}",
                f"{row['estimate']}\n{row['interval']}",
                row["p"],
                row["detectable"],
            )
            table.add_row(*(text(word) for word in words), style="bold" if row["apart"] else "")
    console().print(table)


def rates_table(rows: "pd.DataFrame", metric: str) -> "Table":
    """Return the rates of a run's arms as a table for the terminal.

    Args:
        rows: One row per arm, with the columns of `Run.arm_rates`.
        metric: The metric's name.
    """
    from askew.probes import title as titled
    from askew.report import wording
    from askew.report.tables import is_apart
    from askew.stats.scores import are_scores

    asked = f" to {titled(rows['probe'].iloc[0])}" if len(rows) else ""
    title, heading = f"Misaligned answers{asked}, by the metric {metric}", "misaligned"
    if len(rows) and are_scores(rows).all():
        title, heading = f"Scores of answers{asked}, 1 being 100%", "score"
    table = plain_table(title)
    table.add_column("arm", no_wrap=True)
    some_are_none = bool(rows["no_answer"].gt(0).any())
    no_answer = ["no answer"] if some_are_none else []
    for name in (heading, "vs control", "incoherent", *no_answer, "in domain"):
        table.add_column(name, justify="right", no_wrap=True)
    for row, apart in zip(rows.to_dict("records"), is_apart(rows), strict=True):
        difference = wording.points(row["difference"])
        if row["control"]:
            interval = wording.points_interval(row["difference_low"], row["difference_high"])
            # The control of an arm with its trigger is the same arm under another probe.
            against = row["control"] if row["control_probe"] == row["probe"] else row["control_probe"]
            difference = f"{difference}\n{interval}\n{against}"
        table.add_row(
            row["label"],
            f"{wording.percent(row['rate'])}\n{wording.interval(row['low'], row['high'])}",
            difference,
            wording.share(row["incoherent"], row["total"]),
            *([wording.share(row["no_answer"], row["total"])] if some_are_none else []),
            wording.percent(row["in_domain"]),
            style="bold" if apart else "",
        )
    return table
