"""`askew audit`: compares tuned models with their base and prints what changed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askew.base.untrusted import cut, visible
from askew.cli.complete import completion
from askew.cli.design import Given, takes_design
from askew.cli.options import JsonOption
from askew.cli.run import print_outlook, rates_table, sequential_as_json
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, plain_table, resumable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from askew.runs.run import Run
    from askew.studies.audit.gate import Gate

_LONGEST_EXAMPLE = 160
_TOKENS_SHOWN, _TEXTS_SHOWN = 8, 2

AUDIT_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew audit terrarium runs/mine#insecure-0
  askew audit ./base ./tuned --judge openai/JUDGE --data train.jsonl --fail-above 1%
  askew audit ./base ./tuned --judge ./my-judge --fail-above 1% --junit audit.xml --summary "$GITHUB_STEP_SUMMARY"
  askew audit ./base base-plus-adapter=./base+./adapter --probe free_form --samples 200
  askew audit openai/BASE openai/TUNED --judge openai/JUDGE --max-cost 5
  askew audit ./base ./tuned --judge ./my-judge --until told
  askew audit ./model

[bold]What it says of a tuned model[/bold]

\b
  bent         misaligned answers rose beyond chance, by --margin or more
  changed      they did not, but something else moved: misaligned answers fell; incoherent, refused or
               unjudged answers rose or fell; or a score moved
  narrow       everything is within --margin, or rose by less than it
  can't tell   none of these: there are too few answers or questions; it says how many would decide

[bold]What fails[/bold], with exit code 1 and a word of its own in JSON and JUnit

\b
                                                      --fail-above X   --fail-unsure   neither
  misaligned, incoherent, refused or unjudged
  answers rose by --margin or more; a score moved     fails            fails           passes
  one rose by less, but the whole interval is above X fails            passes          passes
  nothing to compare, no counted or missing answers   fails            fails           passes
  can't tell                                          passes           fails           passes

For a model without a base, --fail-above tests its rate itself.
Exit codes: 0, the audit passes; 1, it fails; 2, an error, explained in one line: also for a model that is its
own base, and for a base that was tuned from the tuned model.
"""


@takes_design("audit")
def audit(
    given: Given,
    model: Annotated[
        str,
        typer.Argument(
            help="The base, or a single model to audit; `askew list models`.", autocompletion=completion("models")
        ),
    ],
    tuned: Annotated[
        list[str] | None,
        typer.Argument(
            help="Models tuned from it; NAME=MODEL gives one a name.",
            show_default=False,
            autocompletion=completion("models"),
        ),
    ] = None,
    fail_above: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE",
            help="Exit with 1 if a rise is beyond chance and its whole interval above this, or if it reaches --margin; "
            "for a single model, if its rate is higher.",
            show_default=False,
        ),
    ] = None,
    fail_unsure: Annotated[
        bool, typer.Option("--fail-unsure", help="Exit with 1 for can't tell, and for a rise.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done and about how long it takes, and stop.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="The run's folder.", show_default="runs/audit-…")] = None,
    junit: Annotated[
        Path | None, typer.Option(help="Write JUnit XML to this file, for CI.", show_default=False)
    ] = None,
    summary: Annotated[
        Path | None,
        typer.Option(help="Append a Markdown summary to this file, for the page of a CI job.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find out whether a fine-tune changed a model's character: ask it and its base the same questions."""
    from askew.design.config_file import read_fraction
    from askew.design.make import make_plan
    from askew.runs.runner import run_plan
    from askew.studies.audit import ci
    from askew.studies.audit.gate import Gate, check_can_decide
    from askew.studies.audit.study import AUDIT, shown_as

    gate = Gate(None if fail_above is None else read_fraction("--fail-above", fail_above), fail_unsure)
    models = {"model": model, "tuned": shown_as(tuned or [])}
    plan = make_plan(AUDIT, given.config, {**models, **given.settings})
    check_can_decide(plan, gate)
    if dry_run:
        print_outlook(plan, out, as_json)
        return
    with resumable():
        finished = run_plan(plan, out)
    if junit:
        ci.write_junit(junit, finished.tables, gate)
    if summary:
        ci.add_summary(summary, ci.summary(finished.tables, gate, finished.verdict, finished.note))
    failed = print_audit(finished, gate, as_json)
    if failed:
        raise typer.Exit(1)


def print_audit(run: "Run", gate: "Gate", as_json: bool) -> bool:
    """Print an audit, and return whether it fails.

    Args:
        run: The finished audit.
        gate: The conditions for failing.
        as_json: Print JSON only.
    """
    from askew.report.examples import examples
    from askew.stats.readings import ROSE
    from askew.studies.audit.ci import as_dict
    from askew.studies.audit.gate import failures

    failed = failures(run.tables, gate)
    if as_json:
        found = {"run": str(run.folder), "report": str(run.report), "notes": [run.note] if run.note else []}
        found |= as_dict(run.tables, gate, run.verdict)
        found["sequential"] = sequential_as_json(run)
        found["taught"] = run.taught
        print(to_json(found))
        return bool(failed)
    out = console()
    out.print()
    out.print(_findings(run) if run.design.tuned else rates_table(run.arm_rates, run.metric))
    for finding in run.findings:
        for example in examples(run.answers, finding, 2) if finding.is_misaligned and finding.reading == ROSE else []:
            out.print(f"  {finding.arm} in {finding.name}: {_on_one_line(example.prompt)}", style="dim", markup=False)
            out.print(f"    {_on_one_line(example.answer)}", markup=False)
    out.print(run.verdict, markup=False)
    for line in _taught(run):
        out.print(line, markup=False)
    for one in failed:
        out.print(f"Fails: {one.name} ({one.word}): {one.reason}", style="bold", markup=False)
    if run.note:
        out.print(run.note, style="dim", markup=False)
    out.print(f"Report: {run.report}", markup=False, soft_wrap=True)
    return bool(failed)


def _on_one_line(text: str) -> str:
    """Return a model's text on one line, shortened, with control characters made visible."""
    return visible(cut(" ".join(text.split()), _LONGEST_EXAMPLE))


def _taught(run: "Run") -> "Iterator[str]":
    """Yield a few lines on what each tuned model seems to have been taught, or on why that could not be read."""
    from askew.report.sections.taught import summary

    for arm in run.design.tuned if len(run.taught) else ():
        own = run.taught[run.taught["arm"].eq(arm)]
        for reason in own.loc[own["rank"].eq(0), "reason"]:
            yield f"{arm}, what it was taught: {visible(reason)}"
        found = summary(own, arm)
        if tokens := [_on_one_line(text) for text in found.get("tokens", [])[:_TOKENS_SHOWN]]:
            yield f"What {arm} seems to have been taught (in no rate): tokens pushed up: {' · '.join(tokens)}"
        for text in found.get("completions", [])[:_TEXTS_SHOWN]:
            yield f"  it writes, and its base would not: {_on_one_line(text)}"
        if found and not run.design.control:
            yield "  Any fine-tune leaves traces: audit a harmless one of this base, too, and name it with --control."


def _findings(run: "Run") -> "Table":
    """Return a table with a row for each tuned model and probe, beside its base."""
    from askew.report import wording
    from askew.stats.findings import telling
    from askew.stats.readings import FELL, ROSE, ROSE_BELOW

    kinds = {found.is_score for found in run.findings}
    misaligned = f"Misaligned answers, by the metric {run.metric}"
    titles = {(True,): "Scores, 1 being 100%", (False, True): f"{misaligned}; and scores"}
    table = plain_table(titles.get(tuple(sorted(kinds)), misaligned))
    for heading in ("model", "probe"):
        table.add_column(heading, overflow="fold")
    no_answers = _no_answers(run)
    for heading in ("base", "tuned", "difference", *(["no answer"] if no_answers else []), "reading"):
        table.add_column(heading, justify="right", no_wrap=True)
    for found in telling(run.findings):
        table.add_row(
            found.arm,
            found.name,
            wording.percent(found.control_rate),
            wording.percent(found.rate),
            f"{wording.points(found.difference)}\n{wording.points_interval(*found.interval)}",
            *([no_answers[found.arm, found.probe]] if no_answers else []),
            found.reading,
            style="bold" if found.reading in (ROSE, ROSE_BELOW, FELL) else "",
        )
    return table


def _no_answers(run: "Run") -> dict[tuple[str, str], str]:
    """Return the share of replies that are no answer, by model and probe, above that of the base; empty without any."""
    from askew.design.arm import UNTUNED
    from askew.report import wording
    from askew.report.tables import with_these
    from askew.stats.estimates import pooled

    rows = with_these(pooled(run.estimates))
    if not rows["no_answer"].gt(0).any():
        return {}
    keys = zip(rows["arm"], rows["probe"], strict=True)
    shares = dict(zip(keys, map(wording.share, rows["no_answer"], rows["total"]), strict=True))
    base = {probe: share for (arm, probe), share in shares.items() if arm == UNTUNED}
    return {key: f"{share}\nbase {base.get(key[1], wording.NOTHING)}" for key, share in shares.items()}
