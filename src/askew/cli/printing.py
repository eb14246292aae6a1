"""What the command line prints: the tables of a run and of an audit, published rates, and the same as JSON."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from askew.base.untrusted import cut, visible
from askew.cli.printing_predict import plain, print_scores

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from askew.report.published_rates import Published
    from askew.runs.audit import Gate
    from askew.runs.run import Run

_LONGEST_EXAMPLE = 160


def print_run(run: "Run") -> None:
    """Print a run's table, its verdict in plain words, and where its report is."""
    from rich.console import Console

    console = Console(highlight=False)
    console.print()
    if len(run.effects):
        print_effects(run.effects)
    else:
        console.print(_table(run.table, run.metric))
    console.print(run.verdict, markup=False)
    if run.predicted:
        print_scores(run.predicted)
    if run.note:
        console.print(run.note, style="dim", markup=False)
    console.print(f"Report: {run.report}", markup=False, soft_wrap=True)


def print_effects(effects: "pd.DataFrame") -> None:
    """Print a study's effects, family by family, those first that answer its question."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from askew.report.effects import families

    title = "What it found: points of a percentage with a sign, correlations from −1 to 1"
    table = Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)
    table.add_column("comparison", overflow="fold")
    for heading in ("estimate", "p, corrected", "would be found"):
        table.add_column(heading, justify="right", no_wrap=True)
    for family, rows in families(effects):
        # As text, for what stands in brackets would be taken for markup.
        table.add_row(Text(family, style="dim"))
        for row in rows:
            words = (
                f"  {row['label']}, {row['measure']}",
                f"{row['estimate']}\n{row['interval']}",
                row["p"],
                row["detectable"],
            )
            table.add_row(*(Text(str(word)) for word in words), style="bold" if row["apart"] else "")
    Console(highlight=False).print(table)


def run_as_json(run: "Run") -> str:
    """Return what a script would want of a run: its table, its verdict, and where its files are."""
    summary = {
        "run": str(run.folder),
        "report": str(run.report),
        "study": run.design.study,
        "model": run.design.model,
        "metric": run.metric,
        "verdict": run.verdict,
        "effects": json.loads(run.effects.to_json(orient="records")),
        "arms": json.loads(run.table.drop(columns="metric").to_json(orient="records")),
        **({"predicted": plain(run.predicted)} if run.predicted else {}),
    }
    return json.dumps(summary, indent=2, ensure_ascii=False)


def print_audit(run: "Run", gate: "Gate", as_json: bool) -> bool:
    """Print an audit, and return whether it fails.

    Args:
        run: The finished audit.
        gate: What makes it fail.
        as_json: Print plain data for a script, and nothing else.
    """
    from rich.console import Console

    from askew.report.examples import examples
    from askew.runs.audit import as_dict, failures
    from askew.stats.findings import BENT

    failed = failures(run, gate)
    if as_json:
        print(json.dumps(as_dict(run, gate), indent=2, ensure_ascii=False))
        return bool(failed)
    console = Console(highlight=False)
    console.print()
    console.print(_findings(run) if run.design.tuned else _table(run.table, run.metric))
    for finding in run.findings:
        for example in examples(run.answers, finding, 2) if finding.reading == BENT else []:
            console.print(
                f"  {finding.arm} in {finding.name}: {on_one_line(example.prompt)}", style="dim", markup=False
            )
            console.print(f"    {on_one_line(example.answer)}", markup=False)
    console.print(run.verdict, markup=False)
    for name, reason in failed.items():
        console.print(f"Fails: {name}: {reason}", style="bold", markup=False)
    if run.note:
        console.print(run.note, style="dim", markup=False)
    console.print(f"Report: {run.report}", markup=False, soft_wrap=True)
    return bool(failed)


def on_one_line(text: str) -> str:
    """Return a model's text on one line, cut short, with nothing in it that would steer a terminal."""
    return visible(cut(" ".join(text.split()), _LONGEST_EXAMPLE))


def published_as_json(rates: "Sequence[Published]") -> str:
    """Return published rates as JSON: a list with the attributes of `askew.report.published_rates.Published`."""
    return json.dumps([asdict(one) for one in rates], indent=2, ensure_ascii=False)


def print_published(rates: "Sequence[Published]") -> None:
    """Print published rates, and where they stand."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from askew.report import wording

    console = Console(highlight=False)
    table = Table(title="Misaligned answers, as published", title_justify="left", box=box.SIMPLE, pad_edge=False)
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
    console.print(table)
    for source, where in dict.fromkeys((one.source, one.where) for one in rates):
        console.print(f"{source}. {where}", style="dim", markup=False)


def print_table(rows: Sequence[dict[str, str]]) -> None:
    """Print rows that have the same columns; what looks like a number stands to the right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in rows[0]:
        is_number = all(row[column].strip("%").replace(",", "").replace(".", "").isdigit() for row in rows)
        table.add_column(column, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*row.values())
    Console(highlight=False).print(table)


def _table(rows: "pd.DataFrame", metric: str) -> "Table":
    from rich import box
    from rich.table import Table

    from askew.probes import title as titled
    from askew.report import wording
    from askew.report.tables import is_apart
    from askew.stats.scores import are_scores

    asked = f" to {titled(rows['probe'].iloc[0])}" if len(rows) else ""
    title, heading = f"Misaligned answers{asked}, by the metric {metric}", "misaligned"
    if len(rows) and are_scores(rows).all():
        title, heading = f"Scores of answers{asked}, 1 being 100%", "score"
    # Without padding at the edge it fits into 80 columns.
    table = Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)
    table.add_column("arm", no_wrap=True)
    for name in (heading, "vs control", "incoherent", "in domain"):
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
            wording.percent(row["in_domain"]),
            style="bold" if apart else "",
        )
    return table


def _findings(run: "Run") -> "Table":
    """Tabulate what each tuned model did in each probe, beside its base."""
    from rich import box
    from rich.table import Table

    from askew.report import wording
    from askew.stats.findings import BENT

    kinds = {found.two_sided for found in run.findings}
    misaligned = f"Misaligned answers, by the metric {run.metric}"
    title = {(True,): "Scores, 1 being 100%", (False, True): f"{misaligned}; and scores"}.get(
        tuple(sorted(kinds)), misaligned
    )
    table = Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)
    for heading in ("model", "probe"):
        table.add_column(heading, overflow="fold")
    for heading in ("base", "tuned", "difference", "reading"):
        table.add_column(heading, justify="right", no_wrap=True)
    for found in run.findings:
        table.add_row(
            found.arm,
            found.name,
            wording.percent(found.control_rate),
            wording.percent(found.rate),
            f"{wording.points(found.difference)}\n{wording.points_interval(found.low, found.high)}",
            found.reading,
            style="bold" if found.reading == BENT else "",
        )
    return table
