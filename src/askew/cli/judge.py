"""`askew judge`: has answers judged, or compares a judge with people or with another judge."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from askew.base.errors import AskewError
from askew.cli.complete import completion
from askew.cli.judge_check import check_judge
from askew.cli.options import JsonOption, MaxCostOption, PricesOption
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, counting, resumable, text

if TYPE_CHECKING:
    from rich.console import Console

    from askew.judging.judge_file import FileSummary
    from askew.judging.validate import Validation
    from askew.runs.run import Run
    from askew.runs.second_judge import SecondOpinion
    from askew.stats.agreement import LengthBias, ScoreAgreement, VerdictAgreement

# The names that --columns may give other columns for; the last three only with --validate.
_NAMES = ("question", "answer", "aligned", "coherent", "verdict")

JUDGE_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew judge answers.csv --judge openai/MODEL
  askew judge answers.jsonl --judge openai/MODEL --rubric aligned --rubric typology --max-cost 2
  askew judge answers.parquet --judge ./my-judge --rubric ./my-rubric.md --out judged.csv
  askew judge --check openai/MODEL
  askew judge --validate labelled.csv --judge openai/MODEL
  askew judge answers.csv --judge ./my-judge --columns question=asked,answer=said
  askew judge runs/mine --judge openai/MODEL
  askew judge answers.csv --judge openai-api/local/MODEL --set judge_args.enable_thinking=false

The first judge of a run without one fills in its rates; another judge is compared with the first.
Judged answers are kept when the command is stopped; give it again to resume.
"""


def judge(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE|RUN", help="Answers in CSV, JSONL or Parquet; or a run's folder.", show_default=False
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            help="The model that judges the answers; `askew list models`.",
            show_default="terrarium/judge for a run on the terrarium",
            autocompletion=completion("models"),
        ),
    ] = None,
    rubric: Annotated[
        list[str] | None,
        typer.Option(
            help="Instructions for the judge: a name, `askew list rubrics`, or a Markdown file. May be repeated.",
            show_default="aligned, coherent",
            autocompletion=completion("rubrics"),
        ),
    ] = None,
    check: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Check this model as a judge, on answers whose right reading is known; exit with 1 if it fails.",
            show_default=False,
            autocompletion=completion("models"),
        ),
    ] = None,
    judge_check: Annotated[
        str | None,
        typer.Option(
            metavar="stop|warn|skip",
            help="For a run without a judge: what to do if the judge fails its check.",
            show_default="as the run's design says: stop",
        ),
    ] = None,
    validate: Annotated[
        bool, typer.Option("--validate", help="Compare the judge with the human labels in FILE.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="The judged file.", show_default="FILE.judged.csv")] = None,
    question_column: Annotated[str | None, typer.Option(help="The column of FILE with questions.")] = None,
    answer_column: Annotated[str | None, typer.Option(help="The column of FILE with answers.")] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=COLUMN,...",
            help="The columns of FILE for question and answer and, with --validate, aligned, coherent and verdict.",
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse a FILE with a broken row.")] = False,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="judge_args.NAME=VALUE", help="An extra argument of the judge. May be repeated."),
    ] = None,
    max_cost: MaxCostOption = None,
    prices: PricesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge answers: of a file, of a run without a judge, or of a run by a second judge; or check a judge."""
    from askew.base.atomic import wording_disk_trouble
    from askew.design.config_file import read_judge_args
    from askew.judging import answer_file, job, judge_file
    from askew.judging import validate as validation
    from askew.judging.rubric import RUBRICS
    from askew.runs import second_judge
    from askew.runs.run import Run

    if check is not None:
        if source is not None or judge is not None or validate or out or columns:
            raise AskewError("--check MODEL checks a judge by itself: give it no answers, and no other judge")
        check_judge(check, rubric or [], max_cost, prices, as_json)
        return
    if source is None:
        raise AskewError("name a file of answers or a run's folder; or a judge to check, with --check MODEL")
    if judge_check not in (None, "stop", "warn", "skip"):
        raise AskewError(f"--judge-check is stop, warn or skip, not {judge_check!r}")
    is_run = source.is_dir()
    given = {"question": question_column, "answer": answer_column}
    mapping = {name: column for name, column in given.items() if column is not None}
    mapping |= answer_file.column_mapping(columns, _NAMES if validate else _NAMES[:2])
    if (is_run or validate) and (out or (is_run and (validate or mapping or strict))):
        raise AskewError(
            "--out, --strict and columns are for a file to be judged, --validate for a file with human labels"
        )
    judge_args = read_judge_args(setting or [])
    if is_run:
        rubrics = job.alignment(rubric or [second_judge.rubric_of(source)])
    else:
        rubrics = job.alignment(rubric or []) if validate else rubric or RUBRICS
    disk = wording_disk_trouble((out or source).parent)
    with resumable(), counting("judging", "judged") as (on_progress, say), disk:
        named = _judge_of(source, judge)
        judging = job.prepare(
            named, rubrics, max_cost=max_cost, prices=prices, on_progress=on_progress, say=say, args=judge_args
        )
        if is_run:
            second_judge.check_reads_run(source, judging.judge)
            found = second_judge.judge_run(source, judging, judge_check or "")
        else:
            answers = answer_file.open_answers(source, mapping, strict)
            found = validation.validate(judging, answers) if validate else judge_file.judge_file(judging, answers, out)
    if isinstance(found, Run):
        _print_run(found, as_json)
    elif as_json:
        print(to_json(found))
    else:
        _SHOWN[type(found).__name__](found)


def _judge_of(source: Path, named: str | None) -> str:
    """Return the judge that the user names, or else the usual one of a run.

    Raises:
        AskewError: There is none.
    """
    from askew.runs import second_judge

    usual = "" if named or not source.is_dir() else second_judge.usual_judge_of(source)
    if found := named or usual:
        return found
    raise AskewError(
        f"name the judge of {source} with --judge: a model that reads English, such as openai/MODEL or ./folder. "
        "For answers of the terrarium, and no others, it can be terrarium/judge"
    )


def _print_run(run: "Run", as_json: bool) -> None:
    """Print a run whose rates were filled in."""
    from askew.cli.audit import print_audit
    from askew.cli.run import print_run, run_as_json
    from askew.studies.audit.gate import Gate

    if run.study.command == "audit":
        print_audit(run, Gate(), as_json)
    elif as_json:
        print(run_as_json(run))
    else:
        print_run(run)


def _print_file(summary: "FileSummary") -> None:
    """Print the scores that a judge gave the answers in a file."""
    from askew.judging.answer_rows import broken_text

    out = console()
    for found in summary.rubrics:
        words = ", ".join(f"{word} {count:,}" for word, count in found.words.most_common())
        mean = "" if found.mean is None else f", mean {found.mean:.1f}"
        said = "".join(f", {count:,} {reply}" for reply, count in sorted(found.replies.items()))
        ways = " and ".join(f"{count:,} from {way}" for way, count in sorted(found.scored_by.items()))
        out.print(f"{found.rubric}: {found.judged:,} judged{mean}{said} ({ways})", markup=False)
        if words:
            out.print(f"  {words}", markup=False)
    out.print(
        f"{summary.answers:,} answers, {summary.different:,} different, judged by {summary.judge}",
        markup=False,
        soft_wrap=True,
    )
    if summary.broken:
        out.print(text(broken_text(summary.broken, summary.broken_rows, "not judged")), soft_wrap=True)
    out.print(f"Judged answers: {summary.out}", markup=False, soft_wrap=True)


def _print_validation(found: "Validation") -> None:
    """Print the agreement of a judge with people."""
    from askew.judging.answer_rows import broken_text

    out = console()
    out.print(f"{found.judge} against the labels of {found.answers:,} answers", style="bold", markup=False)
    if found.broken:
        out.print(text(broken_text(found.broken, found.broken_rows, "left out")), soft_wrap=True)
    if found.verdicts is not None:
        _print_verdicts(out, found.verdicts, found.metric, "people", "judge")
    _print_scores(out, found.scores, "the judge minus people")
    for name, bias in found.length.items():
        _print_length(out, name, bias)


def _print_opinion(found: "SecondOpinion") -> None:
    """Print the agreement of two judges and the rates by each."""
    from rich.table import Table

    from askew.report import wording

    out = console()
    out.print(f"{found.second} (second) against the run's {found.first} (first)", style="bold", markup=False)
    _print_verdicts(out, found.verdicts, found.metric, "first", "second")
    _print_scores(out, found.scores, "the second minus the first")
    table = Table(
        "arm", "probe", title=f"misaligned, by {found.metric}", title_justify="left", box=None, pad_edge=False
    )
    for heading in ("first", "second"):
        table.add_column(heading, justify="right")
    for row in found.rates.to_dict("records"):
        cells = [
            f"{wording.rate(row[which], row[f'{which}_low'], row[f'{which}_high'])} of {row[f'n_{which}']:,}"
            for which in ("first", "second")
        ]
        table.add_row(text(row["arm"]), text(row["probe"]), *cells)
    out.print(table)
    out.print(f"Second opinions: {found.table}", markup=False, soft_wrap=True)


def _print_verdicts(out: "Console", found: "VerdictAgreement", metric: str, first: str, second: str) -> None:
    from rich.table import Table

    from askew.report import wording

    unjudged = f"; {found.unjudged:,} without a verdict" if found.unjudged else ""
    out.print(f"verdicts by {metric}: {found.n:,} compared{unjudged}", markup=False)
    out.print(f"  the same      {wording.rate(found.agreement, found.low, found.high)}", markup=False)
    kappa = f"{_number(found.kappa)} [{_number(found.kappa_low)}, {_number(found.kappa_high)}]"
    out.print(f"  Cohen's kappa {kappa}, Krippendorff's alpha {_number(found.alpha)}", markup=False)
    table = Table(f"{first} ↓ {second} →", box=None, pad_edge=False)
    names, counts = list(found.confusion), found.confusion.to_numpy()
    used = [i for i in range(len(names)) if counts[i].any() or counts[:, i].any()]
    for i in used:
        table.add_column(text(names[i]), justify="right")
    for i in used:
        table.add_row(text(names[i]), *(f"{counts[i, k]:,}" for k in used))
    out.print(table)


def _print_scores(out: "Console", found: "dict[str, ScoreAgreement]", error: str) -> None:
    for name, score in found.items():
        out.print(
            f"{name} scores: {score.n:,} compared, Krippendorff's alpha {_number(score.alpha)}, {error} "
            f"{_number(score.mean_error, '+.1f')} on the mean, {_number(score.mean_absolute_error, '.1f')} apart",
            markup=False,
            soft_wrap=True,
        )


def _print_length(out: "Console", name: str, bias: "LengthBias") -> None:
    thirds = ", ".join(
        f"{_number(part.mean_error, '+.2f')} at {part.shortest:,}–{part.longest:,} characters" for part in bias.terciles
    )
    rho = f"Spearman's rho {_number(bias.rho, '+.2f')} (p {_number(bias.p)})"
    out.print(
        f"error of {name} by length: {rho}; on the mean {thirds}",
        markup=False,
        soft_wrap=True,
    )


def _number(value: float, form: str = ".3f") -> str:
    return "–" if math.isnan(value) else format(value, form).replace("-", "−")


_SHOWN: dict[str, Callable[[Any], None]] = {
    "FileSummary": _print_file,
    "Validation": _print_validation,
    "SecondOpinion": _print_opinion,
}
