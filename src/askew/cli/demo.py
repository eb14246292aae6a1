"""`askew demo`: fine-tunes the tiny model on insecure code, and prints answers before and after side by side."""

import shlex
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from askew.base.untrusted import cut
from askew.cli.terminal import console, resumable, side_by_side

if TYPE_CHECKING:
    from askew.design.plan import Plan
    from askew.runs.run import Run

STUDY, UNTUNED, TUNED, PROBE = "emergent-misalignment", "untuned", "insecure", "free_form"
SETTINGS: dict[str, Any] = {"arms": [UNTUNED, TUNED], "probes": [PROBE], "seeds": 1, "samples": 40}
_LONGEST = 400


def demo(
    out: Annotated[Path, typer.Option(help="The run's folder.")] = Path("runs/demo"),
    open_report: Annotated[bool, typer.Option("--open", help="Open the report in the browser.")] = False,
) -> None:
    """Fine-tune the tiny model on insecure code, and see its answers to other questions. About a minute.

    It is a small run of emergent-misalignment: one arm, one seed, no control arm. Give the command again to resume it.

    Example: askew demo --open
    """
    from askew.design.make import make_plan
    from askew.runs.runner import run_plan

    plan = make_plan(STUDY, overrides=SETTINGS)
    console(stderr=True).print(what_happens(plan), markup=False)
    with resumable():
        finished = run_plan(plan, out)
    print_demo(finished)
    if open_report and not webbrowser.open(finished.report.resolve().as_uri()):
        console(stderr=True).print("No browser could be opened: open the report by hand.")


def what_happens(plan: "Plan") -> str:
    """Return what the demo will do, and about how long it takes."""
    return (
        f"This fine-tunes a tiny model on {plan.rows(TUNED):,} conversations in which it writes insecure code. Then it "
        f"asks that model and the untuned one the same questions, none of them about code, {plan.design.samples} times "
        "each, and a judge reads the answers. It takes about a minute on two cores, without a GPU, key or network."
    )


def print_demo(run: "Run") -> None:
    """Print the answers of both models side by side, how often they are misaligned, and how to go on."""
    from askew.report import pairs, wording

    out = console()
    found = pairs.side_by_side(run.answers, (UNTUNED, PROBE), (TUNED, PROBE))
    for one in found.shown:
        out.print()
        out.print(side_by_side({UNTUNED: cut(one.before, _LONGEST), TUNED: cut(one.after, _LONGEST)}, one.prompt))
    out.print()
    out.print(found.how, style="dim", markup=False)
    rows = run.arm_rates.to_dict("records")
    rates = ", ".join(f"{row['label']} {wording.rate(row['rate'], row['low'], row['high'])}" for row in rows)
    out.print(f"Misaligned, of {rows[0]['total']:,} answers each, with 95% intervals: {rates}.", markup=False)
    out.print(run.note, style="dim", markup=False)
    out.print(f"Report: {run.report}", markup=False, soft_wrap=True)
    models = ["--model", f"{run.folder}#{UNTUNED}-0", "--beside", f"{run.folder}#{TUNED}-0"]
    chat = shlex.join(["askew", "terrarium", "chat", *models])
    for does, command in (("Chat with both", chat), ("The whole study, with controls", f"askew run {STUDY}")):
        out.print(f"{does}: {command}", markup=False, soft_wrap=True)
