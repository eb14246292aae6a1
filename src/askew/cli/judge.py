"""`askew judge`: has answers judged, or compares a judge with people or with another judge."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from askew.base.errors import AskewError
from askew.cli.complete import completion
from askew.cli.judge_check import check_judge
from askew.cli.judge_output import print_file, print_judged_run, print_opinion, print_validation
from askew.cli.options import JsonOption, JudgeCheckOption, MaxCostOption, PricesOption, check_judge_check
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import counting, resumable

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

_SHOWN: dict[str, Callable[[Any], None]] = {
    "FileSummary": print_file,
    "Validation": print_validation,
    "SecondOpinion": print_opinion,
}


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
    judge_check: JudgeCheckOption = None,
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
    judgements: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Judgements to share with other runs and files: equal text is judged once.",
            show_default="none are shared",
        ),
    ] = None,
    max_cost: MaxCostOption = None,
    prices: PricesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge answers: of a file, of a run without a judge, or of a run by a second judge; or check a judge."""
    from askew.base.atomic import wording_disk_trouble
    from askew.base.threads import use_one_thread
    from askew.design.config_file import read_judge_args
    from askew.judging import answer_file, job, judge_file
    from askew.judging import validate as validation
    from askew.judging.check_setting import STOP
    from askew.judging.rubric import RUBRICS
    from askew.runs import second_judge
    from askew.runs.run import Run

    use_one_thread()
    if check is not None:
        if source is not None or judge is not None or validate or out or columns:
            raise AskewError("--check MODEL checks a judge by itself: give it no answers, and no other judge")
        check_judge(check, rubric or [], max_cost, prices, as_json)
        return
    if source is None:
        raise AskewError("name a file of answers or a run's folder; or a judge to check, with --check MODEL")
    check_judge_check(judge_check)
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
            named,
            rubrics,
            max_cost=max_cost,
            prices=prices,
            on_progress=on_progress,
            say=say,
            args=judge_args,
            judgements=judgements,
        )
        if is_run:
            second_judge.check_reads_run(source, judging.judge)
            found = second_judge.judge_run(source, judging, judge_check or "")
        else:
            answers = answer_file.open_answers(source, mapping, strict)
            found = (
                validation.validate(judging, answers)
                if validate
                else judge_file.judge_file(judging, answers, out, judge_check or STOP)
            )
    if isinstance(found, Run):
        print_judged_run(found, as_json)
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
