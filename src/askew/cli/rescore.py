"""`askew rescore`: reads judged answers under another metric and prints the rates."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from askew.base.errors import AskewError
from askew.base.untrusted import cut
from askew.cli.options import JsonOption, MetricOption
from askew.cli.run import print_run, run_as_json
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, plain_table, text

if TYPE_CHECKING:
    from askew.judging.rescore import Rescored

_LONGEST_NAME = 60

RESCORE_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew rescore runs/mine --metric model-organisms-2025
  askew rescore judged.csv --metric tan-2025 --by question
  askew rescore base.csv tuned.csv --metric betley-2025 --json

A file has the columns question_id, aligned and coherent. Each further file is compared with the first.
"""


def rescore(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="RUN|FILE...", help="A run's folder, or files of judged answers.", show_default=False),
    ],
    metric: MetricOption,
    by: Annotated[Literal["question"] | None, typer.Option(help="For files: a rate for each question.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Read a run's answers, or files of judged answers, under another metric. No model is called."""
    if len(sources) == 1 and sources[0].is_dir():
        from askew.runs.rewrite import rescore

        if by:
            raise AskewError("--by is for files; the report of a run shows its rates by question")
        finished = rescore(sources[0], metric)
        if as_json:
            print(run_as_json(finished))
        else:
            print_run(finished)
        return
    from askew.judging.rescore import rescore_files

    folders = [path for path in sources if path.is_dir()]
    if folders:
        raise AskewError(f"{folders[0]} is a folder: name either one run, or files only")
    found = rescore_files(sources, metric, by_question=by is not None)
    if as_json:
        print(to_json(found[0] if len(found) == 1 and not found[0].question else found))
    else:
        _show(found)


def _show(found: "Sequence[Rescored]") -> None:
    from askew.report import wording

    several = len({one.file for one in found}) > 1
    compared = any(not math.isnan(one.difference) for one in found)
    table = plain_table(f"Misaligned answers, by the metric {found[0].metric}")
    table.add_column("question" if found[0].question and not several else "file", overflow="fold")
    headings = ["misaligned", *(["vs first"] if compared else []), "counted", "among all"]
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found:
        name = f"{one.file}: {one.question}" if several and one.question else one.question or one.file
        interval = wording.points_interval(one.difference_low, one.difference_high)
        table.add_row(
            text(cut(" ".join(name.split()), _LONGEST_NAME)),
            f"{wording.percent(one.rate)}\n{wording.interval(one.low, one.high)}",
            *([f"{wording.points(one.difference)}\n{interval}"] if compared else []),
            f"{one.n:,} of {one.answers:,}",
            "\n".join(f"{count:,} {verdict}" for verdict, count in _not_counted(one).items() if count),
        )
    out = console()
    out.print(table)
    for covers in dict.fromkeys(one.interval for one in found):
        out.print(f"Brackets: 95%, for {covers}.", markup=False)


def _not_counted(one: "Rescored") -> dict[str, int]:
    """Return the number of answers that the rate leaves out, by the reason."""
    return {"incoherent": one.incoherent, "refused": one.refused, "unjudged": one.unjudged}
