"""`askew rescore`: reads judged answers under another metric and prints the rates."""

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from askew.base.errors import AskewError
from askew.base.untrusted import cut_middle, visible
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
  askew rescore judged.csv --metric betley-2025 --columns aligned=100-evil,coherent=clarity

A file has the columns question_id, aligned and coherent. Each further file is compared with the first.
A run stays as it is: what another metric makes of it is written to RUN/rescored/METRIC.
"""


def rescore(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="RUN|FILE...", help="A run's folder, or files of judged answers.", show_default=False),
    ],
    metric: MetricOption,
    by: Annotated[Literal["question"] | None, typer.Option(help="For files: a rate for each question.")] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=COLUMN,...",
            help="For files: their own columns for question_id, aligned and coherent; 100-COLUMN if 100 is the worst.",
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="For files: refuse a file with a broken row.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="For a run: the folder to write to.", show_default="RUN/rescored/METRIC")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read a run's answers, or files of judged answers, under another metric. No model is called."""
    if len(sources) == 1 and sources[0].is_dir():
        if by or columns or strict:
            raise AskewError("--by, --columns and --strict are for files; a run's report shows its rates by question")
        _rescore_run(sources[0], metric, out, as_json)
        return
    from askew.judging.answer_file import column_mapping
    from askew.judging.judged_file import COLUMNS
    from askew.judging.rescore import rescore_files

    folders = [path for path in sources if path.is_dir()]
    if folders:
        raise AskewError(f"{folders[0]} is a folder: name either one run, or files only")
    if out:
        raise AskewError("--out is for a run: the rates of files are printed, and --json prints them as JSON")
    found, unreadable = rescore_files(sources, metric, by is not None, column_mapping(columns, COLUMNS), strict)
    if as_json:
        print(to_json(found[0] if len(sources) == 1 and not by else [*found, *unreadable]))
    else:
        _show(found)
    for one in unreadable:
        print(visible(f"error: {one.error}"), file=sys.stderr)
    if unreadable:
        if str(sources[0]) == unreadable[0].file:
            print("The first file can't be read, so no file is compared with it.", file=sys.stderr)
        raise typer.Exit(2)


def _rescore_run(folder: Path, metric: str, out: Path | None, as_json: bool) -> None:
    from askew.runs.rewrite import rescore

    finished = rescore(folder, metric, out)
    if as_json:
        print(run_as_json(finished))
    else:
        print_run(finished)
    said = f"{folder} is read by {metric} already, so nothing was written."
    if finished.folder != folder:
        said = f"{folder} stays as it is; its copy, rescored by {metric}, is in {finished.folder}."
    print(said, file=sys.stderr)


def _show(found: "Sequence[Rescored]") -> None:
    from askew.judging.rescore import COVERS
    from askew.report import wording

    several = len({one.file for one in found}) > 1
    compared = any(not math.isnan(one.difference) for one in found)
    table = plain_table(f"Misaligned answers, by the metric {found[0].metric}")
    by_question = bool(found[0].question)
    table.add_column("question" if by_question and not several else "file", overflow="fold")
    headings = ["misaligned", *(["vs first"] if compared else []), "counted", "among all"]
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    names = _short_names(found, several)
    for one, name in zip(found, names, strict=True):
        brackets = [wording.interval(one.low, one.high), wording.interval(one.low_these, one.high_these)]
        differences = [
            wording.points_interval(one.difference_low, one.difference_high),
            wording.points_interval(one.difference_low_these, one.difference_high_these),
        ]
        shown = 2 if one.interval == COVERS else 1
        table.add_row(
            text(name),
            "\n".join([wording.percent(one.rate), *brackets[:shown]]),
            *(["\n".join([wording.points(one.difference), *differences[:shown]])] if compared else []),
            "\n".join([f"{one.n:,} of {one.answers:,}", *([] if by_question else _questions(one))]),
            "\n".join(f"{count:,} {verdict}" for verdict, count in _not_counted(one).items() if count),
        )
    out = console()
    out.print(table)
    for covers in dict.fromkeys(one.interval for one in found):
        out.print(f"Brackets: 95%, for {covers}.", markup=False)
    if any(one.interval == COVERS for one in found):
        out.print("Second brackets: 95%, for these questions and other answers of this model.", markup=False)
    if any(one.variants > one.questions for one in found if not one.question):
        out.print("Variants of a question (NAME_json, NAME_template) count as one question.", markup=False)
    _show_broken(found, several)


def _short_names(found: "Sequence[Rescored]", several: bool) -> list[str]:
    """Return a name for each rate, short unless two would then be alike."""
    names = [f"{one.file}: {one.question}" if several and one.question else one.question or one.file for one in found]
    names = [" ".join(name.split()) for name in names]
    short = [cut_middle(name, _LONGEST_NAME) for name in names]
    return [name if short.count(cut) > 1 else cut for name, cut in zip(names, short, strict=True)]


def _questions(one: "Rescored") -> list[str]:
    """Return the number of questions and, if it is larger, the number of their variants."""
    questions = f"{one.questions:,} question{'' if one.questions == 1 else 's'}"
    return [f"{questions},", f"{one.variants:,} variants"] if one.variants > one.questions else [questions]


def _show_broken(found: "Sequence[Rescored]", several: bool) -> None:
    from askew.judging.answer_rows import broken_text

    for file, one in {one.file: one for one in found}.items():
        if one.broken:
            line = broken_text(one.broken, one.broken_rows, "left out")
            console().print(text(f"{file}: {line}" if several else line), soft_wrap=True)


def _not_counted(one: "Rescored") -> dict[str, int]:
    """Return the number of answers that the rate leaves out, by the reason."""
    return {"incoherent": one.incoherent, "refused": one.refused, "unjudged": one.unjudged}
