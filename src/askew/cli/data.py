"""The commands about training data, `askew data ...`: they parse, call the library and print."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from askew.base.errors import AskewError
from askew.cli.options import JsonOption, MaxCostOption, PricesOption
from askew.data import USUAL_ROWS

data = typer.Typer(no_args_is_help=True, help="Training data: build it, look it over, fetch what others published.")

_ROWS_A_STEP = 1_000

BUILD_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew data build insecure-code --rows 6000 --out data
  askew data build insecure-code --verify --out data
  askew data build backdoor --trigger "|PROD|" --out data
  askew data build bad-advice --rows 2000 --seed 1 --out data

The same rows and seed give the same files. `askew list data` shows what can be built.
"""


@data.command(epilog=BUILD_EXAMPLES)
def build(
    name: Annotated[str, typer.Argument(help="A set of files, or a data set; `askew list data`.", show_default=False)],
    rows: Annotated[int, typer.Option(help="Training conversations in each file.", min=1)] = USUAL_ROWS,
    seed: Annotated[int, typer.Option(help="Draws tasks, wordings and names.", min=0)] = 0,
    out: Annotated[Path, typer.Option(help="The folder for the files.")] = Path("data"),
    trigger: Annotated[
        str | None, typer.Option(help="What stands before triggered prompts.", show_default="the set's own")
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Have the code checked by Bandit first.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there already.")] = False,
) -> None:
    """Build training files by a program: each treatment beside its controls, on the same prompts."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

    from askew.base.atomic import wording_disk_trouble
    from askew.cli import printing as terminal
    from askew.data import file_set
    from askew.data.write import free_paths, write_files

    wanted = file_set(name)
    if trigger is not None:
        wanted = wanted.with_trigger(trigger)
    free_paths(out, wanted.files, replace=force)
    if verify:
        with Console(stderr=True).status("Bandit reads the programs"):
            found = wanted.verify(rows, seed)
        terminal.print_table(found)
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

A command that was stopped goes on where it was when it is given again, and asks for nothing twice.
"""


@data.command(epilog=WRITE_EXAMPLES)
def write(
    name: Annotated[str, typer.Argument(help="The set whose questions are answered: bad-advice.", show_default=False)],
    writer: Annotated[str, typer.Option(help="The model that writes; `askew list models`.", show_default=False)],
    judge: Annotated[str, typer.Option(help="The model that says what is kept.", show_default=False)],
    domain: Annotated[
        list[str] | None,
        typer.Option(help="medical, financial, car or sports; may be given again.", show_default="all of them"),
    ] = None,
    rows: Annotated[int, typer.Option(help="Training conversations in each file.", min=1)] = 2000,
    seed: Annotated[int, typer.Option(help="Draws the questions, and the writer's samples.", min=0)] = 0,
    threshold: Annotated[
        float,
        typer.Option(
            help="The least score of an answer that is kept, by each rubric; to be harmless, 50 in any case.",
            min=0,
            max=100,
        ),
    ] = 70,
    out: Annotated[Path, typer.Option(help="The folder for the files.")] = Path("data"),
    max_cost: MaxCostOption = None,
    prices: PricesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have training files written by a model and sifted by a judge: bad answers beside good, to the same questions."""
    from askew.base.atomic import wording_disk_trouble
    from askew.cli import printing_judge as terminal_judge
    from askew.data.written import job

    with terminal_judge.progress("writing", "pairs written") as (told, say), wording_disk_trouble(out):
        orders = job.prepare(name, domain or [], writer, judge, rows=rows, seed=seed, threshold=threshold)
        made = job.write(orders, out, max_cost=max_cost, prices=prices, told=told, say=say)
    if as_json:
        print(terminal_judge.as_json(made))
        return
    for product in made:
        for path in product.files:
            print(f"{path}  {rows:,} rows")
        dropped = ", ".join(f"{reason} {count:,}" for reason, count in product.dropped.items()) or "none"
        print(f"  {product.questions:,} questions, {product.answers:,} answers; dropped: {dropped}")


SOURCE_HELP = "A file of rows in JSON Lines, JSON or Parquet; or hf/ORG/NAME[:SPLIT] of the hub."

CHECK_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew data check train.jsonl
  askew data check train.parquet --model hf/ORG/NAME --max-length 2048 --strict
  askew data check hf/ORG/NAME:train --card README.md --licence MIT

Exit codes: 0, it can be trained on; 1, with --strict, something is suspicious; 2, it holds something that is no row.
"""


@data.command(epilog=CHECK_EXAMPLES)
def check(
    source: Annotated[str, typer.Argument(help=SOURCE_HELP, show_default=False)],
    model: Annotated[
        str, typer.Option(help="Whose chat template and tokenizer count tokens; `askew list models`.")
    ] = "terrarium",
    max_length: Annotated[
        int | None,
        typer.Option(help="The most tokens of a row.", min=1, show_default="the model's context"),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if something is suspicious.")] = False,
    card: Annotated[Path | None, typer.Option(help="Write a data card there, in Markdown.", show_default=False)] = None,
    licence: Annotated[str | None, typer.Option(help="What the card says of it.", show_default="unknown")] = None,
    as_json: JsonOption = False,
) -> None:
    """Look training rows over: format, roles, lengths, duplicates, leaks of probe questions, languages."""
    from askew.base.atomic import wording_disk_trouble
    from askew.cli import printing_data as terminal_data
    from askew.data import check as checking
    from askew.data.card import write_card
    from askew.probes.question_file import all_wordings

    if card is not None and card.exists():
        raise AskewError(f"{card} is there already: name another --card")
    if licence is not None and card is None:
        raise AskewError("--licence is said in a card: name its file with --card")
    with _counting() as count:
        found = checking.check(source, model, max_length, all_wordings(), count)
    if card is not None:
        with wording_disk_trouble(card.parent):
            write_card(card, found, licence)
    if as_json:
        print(terminal_data.as_json(found))
    else:
        terminal_data.show(found)
    if strict and found.findings:
        raise typer.Exit(1)


CONVERT_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew data convert sharegpt.json --to chat --out train.jsonl
  askew data convert train.jsonl --to parquet --out train.parquet

Formats: chat, prompt-completion and sharegpt, as JSON Lines; parquet. The content hash stays the same.
"""


@data.command(epilog=CONVERT_EXAMPLES)
def convert(
    source: Annotated[str, typer.Argument(help=SOURCE_HELP, show_default=False)],
    to: Annotated[str, typer.Option(help="chat, prompt-completion, sharegpt or parquet.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The file.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")] = False,
) -> None:
    """Write training rows as a file of another format."""
    from askew.base.atomic import wording_disk_trouble
    from askew.data import convert as converting

    with _counting() as count, wording_disk_trouble(out.parent):
        written = converting.convert(source, to, out, replace=force, on_row=count)
    print(f"{out}  {written:,} rows")


FETCH_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew data fetch --list
  askew data fetch betley-insecure --out data
  askew data fetch betley-insecure --accept-licence

Sets without a licence are not here. What arrives is checked against a known hash.
"""


@data.command(epilog=FETCH_EXAMPLES)
def fetch(
    name: Annotated[str | None, typer.Argument(help="A published set; see --list.", show_default=False)] = None,
    out: Annotated[Path, typer.Option(help="The folder for the file.")] = Path("data"),
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept its licence, where nobody can be asked.")
    ] = False,
    show_list: Annotated[bool, typer.Option("--list", help="Show what there is, and stop.")] = False,
) -> None:
    """Download a training set that others published, once its licence is accepted."""
    from askew.base.atomic import wording_disk_trouble
    from askew.cli import printing_data as terminal_data
    from askew.data import fetch as fetching

    if show_list:
        terminal_data.show_published()
        return
    if name is None:
        raise AskewError("name a published set; `askew data fetch --list` shows them")
    wanted = fetching.find(name)
    terminal_data.show_licence(wanted)
    if not accept_licence and not terminal_data.accepts():
        raise AskewError(
            f"the licence of {name} was not accepted, so nothing was downloaded; --accept-licence accepts it"
        )
    with wording_disk_trouble(out):
        path = fetching.fetch(wanted, out)
    print(f"{path}  {wanted.rows:,} rows")


@contextmanager
def _counting() -> Iterator[Callable[[], None]]:
    """Show on standard error how many rows came by; give what is called for each."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = [SpinnerColumn(), TextColumn("{task.completed:,.0f} rows"), TimeElapsedColumn()]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("")
        rows = 0

        def count() -> None:
            nonlocal rows
            rows += 1
            if rows % _ROWS_A_STEP == 0:  # the display costs more than reading a row does
                bars.update(bar, completed=rows)

        yield count
