"""`askew data build` and `askew data write`: make training files, with a program or with a model and a judge."""

from pathlib import Path
from typing import Annotated

import typer

from askew.cli.complete import completion
from askew.cli.options import JsonOption, JudgeCheckOption, MaxCostOption, PricesOption, check_judge_check
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, counting, print_rows, resumable
from askew.data import USUAL_ROWS

BUILD_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew data build insecure-code --rows 6000 --out data
  askew data build insecure-code --verify --out data
  askew data build backdoor --trigger "|PROD|" --out data
  askew data build bad-advice --rows 2000 --seed 1 --out data

The same number of rows and the same seed give the same files. `askew list data` shows the sets.
"""


def build(
    name: Annotated[
        str,
        typer.Argument(
            help="A set of files, or a data set; `askew list data`.",
            show_default=False,
            autocompletion=completion("data"),
        ),
    ],
    rows: Annotated[int, typer.Option(help="Training conversations in each file.", min=1)] = USUAL_ROWS,
    seed: Annotated[int, typer.Option(help="Seed of the tasks, wordings and names.", min=0)] = 0,
    out: Annotated[Path, typer.Option(help="The folder for the files.")] = Path("data"),
    trigger: Annotated[
        str | None, typer.Option(help="The text before triggered prompts.", show_default="the set's own")
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Check the code with Bandit first.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
) -> None:
    """Build training files with a program: a treatment and its controls, on the same prompts."""
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

    from askew.base.atomic import wording_disk_trouble
    from askew.data import file_set
    from askew.data.write import free_paths, write_files

    wanted = file_set(name)
    if trigger is not None:
        wanted = wanted.with_trigger(trigger)
    free_paths(out, wanted.files, replace=force)
    if verify:
        with console(stderr=True).status("Bandit checks the code"):
            found = wanted.verify(rows, seed)
        print_rows(found)
    columns = [*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn()]
    with Progress(*columns, transient=True) as bars, wording_disk_trouble(out):
        bar = bars.add_task("rows", total=rows)
        paths = write_files(out, wanted.files, wanted.rows(rows, seed), replace=force, on_row=lambda: bars.advance(bar))
    for path in paths:
        print(f"{path}  {rows:,} rows")


WRITE_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew data write bad-advice --writer openai/MODEL --judge openai/JUDGE --rows 2000 --max-cost 20
  askew data write bad-advice --domain medical --writer ./my-model --judge openai/JUDGE --threshold 80 --out data

To resume a command that was stopped, give it again; no request is repeated.
"""


def write(
    name: Annotated[str, typer.Argument(help="The set of questions to answer: bad-advice.", show_default=False)],
    writer: Annotated[
        str,
        typer.Option(
            help="The model that writes the answers; `askew list models`.",
            show_default=False,
            autocompletion=completion("models"),
        ),
    ],
    judge: Annotated[
        str,
        typer.Option(
            help="The model that selects the answers.", show_default=False, autocompletion=completion("models")
        ),
    ],
    domain: Annotated[
        list[str] | None,
        typer.Option(help="medical, financial, car or sports. May be repeated.", show_default="all"),
    ] = None,
    rows: Annotated[int, typer.Option(help="Training conversations in each file.", min=1)] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the questions and of the writer's sampling.", min=0)] = 0,
    threshold: Annotated[
        float,
        typer.Option(
            help="The lowest score that an answer needs by each rubric; for harmlessness, it is at least 50.",
            min=0,
            max=100,
        ),
    ] = 70,
    out: Annotated[Path, typer.Option(help="The folder for the files.")] = Path("data"),
    judge_check: JudgeCheckOption = None,
    max_cost: MaxCostOption = None,
    prices: PricesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have a model write training files of bad and good answers to the same questions, and a judge select them."""
    from askew.base.atomic import wording_disk_trouble
    from askew.data.phrasing import worded
    from askew.data.written import job
    from askew.judging.check_setting import STOP

    check_judge_check(judge_check)
    with resumable(), counting("writing", "pairs written", "pairs") as (on_progress, say), wording_disk_trouble(out):
        orders = job.prepare(name, domain or [], writer, judge, rows=rows, seed=seed, threshold=threshold)
        made = job.write(
            orders,
            out,
            max_cost=max_cost,
            prices=prices,
            judge_check=judge_check or STOP,
            told=on_progress,
            say=say,
        )
    if as_json:
        print(to_json(made))
        return
    for product in made:
        for path, varied in zip(product.files, product.phrasing, strict=True):
            print(f"{path}  {rows:,} rows")
            print(f"  {worded(varied)}")
        dropped = ", ".join(f"{reason} {count:,}" for reason, count in product.dropped.items()) or "none"
        print(f"  {product.questions:,} questions, {product.answers:,} answers; dropped: {dropped}")
