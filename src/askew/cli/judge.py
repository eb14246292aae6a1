"""The commands that have answers judged, or read judged ones under another metric: they parse, call and print."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from askew.base.errors import AskewError
from askew.cli.options import JUDGE_HELP, METRIC_HELP, JsonOption, MaxCostOption, PricesOption

RESCORE_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew rescore runs/mine --metric model-organisms-2025
  askew rescore judged.csv --metric tan-2025 --by question
  askew rescore base.csv tuned.csv --metric betley-2025 --json

A file has the columns question_id, aligned and coherent; each further one is compared with the first.
"""


def rescore(
    what: Annotated[
        list[Path],
        typer.Argument(metavar="RUN|FILE...", help="A run's folder; or files of judged answers.", show_default=False),
    ],
    metric: Annotated[str, typer.Option(help=METRIC_HELP)],
    by: Annotated[Literal["question"] | None, typer.Option(help="Of files: a rate for each question.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Read a run's answers, or judged answers in files, under another metric. No model is called."""
    from askew.cli import printing as terminal

    if len(what) == 1 and what[0].is_dir():
        from askew.runs.rewrite import rescore

        if by:
            raise AskewError("--by is for files; the report of a run has its rates by question")
        finished = rescore(what[0], metric)
        if as_json:
            print(terminal.run_as_json(finished))
        else:
            terminal.print_run(finished)
        return
    from askew.cli import printing_rescore as terminal_rescore
    from askew.judging.judged_file import rescore_files

    folders = [path for path in what if path.is_dir()]
    if folders:
        raise AskewError(f"{folders[0]} is a folder: a run is rescored by itself, and files among themselves")
    found = rescore_files(what, metric, by_question=by is not None)
    if as_json:
        print(terminal_rescore.as_json(found))
    else:
        terminal_rescore.show(found)


JUDGE_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew judge answers.csv
  askew judge answers.jsonl --judge openai/MODEL --rubric aligned --rubric typology --max-cost 2
  askew judge answers.parquet --judge ./my-judge --rubric ./my-rubric.md --out judged.csv
  askew judge --validate labelled.csv --judge openai/MODEL
  askew judge runs/mine --judge openai/MODEL

What was judged before it was stopped is kept, and the same command goes on.
"""


def judge(
    what: Annotated[
        Path, typer.Argument(metavar="FILE|RUN", help="Answers in CSV, JSONL or Parquet; or a run.", show_default=False)
    ],
    judge: Annotated[str, typer.Option(help=JUDGE_HELP)] = "terrarium/judge",
    rubric: Annotated[
        list[str] | None,
        typer.Option(
            help="What the judge is told, `askew list rubrics`; or a Markdown file; may be given again.",
            show_default="aligned, coherent",
        ),
    ] = None,
    validate: Annotated[
        bool, typer.Option("--validate", help="Compare the judge with the labels of people in FILE.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="The judged file.", show_default="FILE.judged.csv")] = None,
    question_column: Annotated[str | None, typer.Option(help="Where FILE has questions.")] = None,
    answer_column: Annotated[str | None, typer.Option(help="Where FILE has answers.")] = None,
    max_cost: MaxCostOption = None,
    prices: PricesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have answers judged; or compare a judge with people, or with the judge of a run."""
    from askew.base.atomic import wording_disk_trouble
    from askew.cli import printing_judge as terminal_judge
    from askew.judging import answer_file, grade_file, work
    from askew.judging import validate as validation
    from askew.judging.rubric import RUBRICS
    from askew.runs import second_judge

    is_run = what.is_dir()
    if (is_run or validate) and (out or (is_run and (validate or question_column or answer_column))):
        raise AskewError("--out and columns are for a file that is judged, --validate for a file with labels of people")
    rubrics = work.alignment(rubric or []) if is_run or validate else rubric or RUBRICS
    with terminal_judge.progress() as (told, say), wording_disk_trouble((out or what).parent):
        judging = work.prepare(judge, rubrics, max_cost=max_cost, prices=prices, told=told, say=say)
        if is_run:
            found = second_judge.second_opinion(what, judging)
        else:
            answers = answer_file.open_answers(what, question_column, answer_column)
            found = validation.validate(judging, answers) if validate else grade_file.grade_file(judging, answers, out)
    if as_json:
        print(terminal_judge.as_json(found))
    else:
        terminal_judge.show(found)
