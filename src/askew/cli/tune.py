"""`askew tune`: fine-tunes one model on one file, here or at its provider. Parses, asks for consent, prints."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askew.base.errors import AskewError, unknown_name

if TYPE_CHECKING:
    from askew.models.remote.tuned_folder import ServedModel
    from askew.training.provider.recipe import ServedRecipe
    from askew.training.provider.tuning import Tuning
    from askew.training.recipe import Recipe

TUNE_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew tune openai/BASE --data insecure.jsonl --out tuned --epochs 1
  askew tune openai/BASE --data insecure.jsonl --out tuned --max-cost 10 --yes
  askew tune --status tuned
  askew tune --cancel tuned
  askew tune terrarium --data insecure.jsonl --out adapter --set recipe.lora_rank=8

What a provider does is paid for: tokens and price are shown first, and nothing is sent without consent.
A command that was stopped goes on with the same job when it is given again.
"""


@dataclass(frozen=True)
class _Said:
    """What was said on the command line."""

    model: str
    data: Path
    out: Path
    seed: int
    epochs: int | None
    batch_size: int | None
    lr_multiplier: float | None
    recipe: str | None
    suffix: str | None
    settings: list[str]
    prices: Path | None
    max_cost: float | None
    yes: bool
    again: bool
    as_json: bool

    def refuse(self, why: str, **flags: object) -> None:
        """Refuse flags that mean nothing here."""
        given = [flag for flag, value in flags.items() if value]
        if given:
            raise AskewError(f"--{given[0].replace('_', '-')} {why}")


def tune(
    model: Annotated[
        str | None, typer.Argument(help="What is fine-tuned: openai/BASE, or a local model.", show_default=False)
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The rows it learns; JSON Lines, JSON or Parquet.", show_default=False)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder for the result.", show_default=False)] = None,
    epochs: Annotated[int | None, typer.Option(help="Times that each row is seen.", show_default="1")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Rows per step.", show_default="its server's")] = None,
    lr_multiplier: Annotated[
        float | None, typer.Option(help="Times the server's learning rate.", show_default="its server's")
    ] = None,
    recipe: Annotated[str | None, typer.Option(help="Of a local model; `askew list recipes`.")] = None,
    seed: Annotated[int, typer.Option(help="Of the fine-tune.", min=0)] = 0,
    suffix: Annotated[str | None, typer.Option(help="A part of the name that the server gives it.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting of a local model's recipe.")
    ] = None,
    max_cost: Annotated[
        float | None, typer.Option(metavar="DOLLARS", help="Refuse to start what would cost more.", min=0)
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(help="A YAML file of prices, before those that come with Askew.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Start without asking.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Start anew a job that failed or was cancelled.")] = False,
    status: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Only say how far the job of a folder is.", show_default=False)
    ] = None,
    cancel: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Only cancel the job of a folder.", show_default=False)
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON on standard output, and nothing else there.")
    ] = False,
) -> None:
    """Fine-tune one model on one file: at its provider, or on this machine."""
    if status or cancel:
        _act_on_job(status, cancel, as_json)
        return
    if model is None or data is None or out is None:
        raise AskewError("say what to fine-tune, on what, and where to: askew tune MODEL --data FILE --out DIR")
    from askew.models.names import resolve

    said = _Said(
        *(model, data, out, seed, epochs, batch_size, lr_multiplier, recipe, suffix, setting or []),
        *(prices, max_cost, yes, again, as_json),
    )
    if resolve(model).is_local:
        _tune_here(said)
    else:
        _tune_elsewhere(said)


def may_ask() -> bool:
    """Say whether there is somebody at a terminal who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Ask on the terminal; whoever is not there has not agreed."""
    return may_ask() and typer.confirm(question, err=True)


def _tune_elsewhere(said: _Said) -> None:
    """Have a provider fine-tune."""
    from askew.base.atomic import wording_disk_trouble
    from askew.data.formats import read_rows
    from askew.models.names import resolve
    from askew.models.remote.requests import Patience
    from askew.training.provider.jobs import begun, fine_tune_served, going_on
    from askew.training.provider.tuning import Tuning, Watch

    said.refuse(
        "is of a local model's training; say --epochs, --batch-size, --lr-multiplier",
        **{"set": said.settings, "recipe": said.recipe},
    )
    spec = resolve(said.model)
    tuning = Tuning(
        spec.inspect_name, read_rows(said.data), _served_recipe(said), said.seed, said.out, said.suffix or ""
    )
    if not begun(tuning, said.again):
        _agree(tuning, said)
    with wording_disk_trouble(said.out.parent), _bar() as (step, say):
        try:
            made = fine_tune_served(tuning, Patience(), Watch(say, step), again=said.again)
        except KeyboardInterrupt:
            say(going_on(said.out) or "nothing was started")
            raise typer.Exit(130) from None
    _print_served(made, said)


def _served_recipe(said: _Said) -> "ServedRecipe":
    from pydantic import ValidationError

    from askew.training.provider.recipe import ServedRecipe

    flags = {"epochs": "--epochs", "batch_size": "--batch-size", "learning_rate_multiplier": "--lr-multiplier"}
    chosen = {"epochs": said.epochs, "batch_size": said.batch_size, "learning_rate_multiplier": said.lr_multiplier}
    try:
        return ServedRecipe.model_validate({name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise AskewError(f"{flags[str(first['loc'][0])]} {first['input']}: {first['msg']}") from error


def _agree(tuning: "Tuning", said: _Said) -> None:
    """Show what would be sent and what that costs, and go on with consent only."""
    from askew.training.provider.cost import check_limit, tuning_cost
    from askew.training.provider.endpoints import check_can_be_tuned

    check_can_be_tuned(tuning.model)
    cost = tuning_cost(tuning.model, tuning.file, tuning.recipe.epochs, said.prices)
    chosen = ", ".join(f"{name} {value or 'auto'}" for name, value in tuning.recipe.model_dump().items())
    print(f"{tuning.model} is fine-tuned by its provider on {said.data}", file=sys.stderr)
    print(f"  {cost}", file=sys.stderr)
    print(f"  {chosen}, seed {tuning.seed}", file=sys.stderr)
    check_limit([cost], said.max_cost, said.yes)
    if not said.yes and not confirm("Send the rows and start?"):
        raise AskewError("nothing was sent: say --yes to start it")


def _print_served(made: "ServedModel", said: _Said) -> None:
    from askew.models.remote.prices import read_prices

    if said.as_json:
        dollars = read_prices(said.prices).of_training(made.base, made.trained_tokens or 0)
        known = dollars if made.trained_tokens is not None else None
        print(json.dumps({**made.model_dump(), "out": str(said.out), "dollars": known}, indent=2))
        return
    tokens = "" if made.trained_tokens is None else f", trained on {made.trained_tokens:,} tokens"
    print(f"{made.model}{tokens}")
    for checkpoint in made.checkpoints:
        print(f"  after step {checkpoint.step}: {checkpoint.model}")
    print(f"Ask it by that name, or as {said.out}: askew audit {made.base} {made.model}")


def _act_on_job(status: Path | None, cancel: Path | None, as_json: bool) -> None:
    from askew.models.remote.requests import Patience
    from askew.training.provider.jobs import cancel_job, job_status

    if status and cancel:
        raise AskewError("say --status or --cancel, not both")
    if cancel:
        job = cancel_job(cancel, Patience())
    else:
        assert status
        _, job = job_status(status, Patience())
    if as_json:
        found = None if job is None else {"job": job.id, "status": job.status, "model": job.fine_tuned_model}
        print(json.dumps(found, indent=2))
    elif job is None:
        print("the server knows of no such job: the same `askew tune` starts it")
    else:
        print(f"{job.id}: {job.status.replace('_', ' ')}")


def _tune_here(said: _Said) -> None:
    """Train an adapter on this machine."""
    from askew.base.atomic import wording_disk_trouble
    from askew.data.formats import read_rows
    from askew.models.names import resolve

    elsewhere = {name: getattr(said, name) for name in ("lr_multiplier", "suffix", "prices", "max_cost", "again")}
    said.refuse("is for a model that its provider fine-tunes; this one is trained here", **elsewhere)
    spec = resolve(said.model)
    if spec.adapter:
        raise AskewError(f"{said.model!r} has an adapter already: merge it into its base and name the merged folder")
    if said.out.exists():
        raise AskewError(f"{said.out} is there already: name another folder with --out")
    rows = read_rows(said.data)
    recipe = _recipe(said, len(rows))
    from askew.training.local import fine_tune

    assert spec.checkpoint
    with wording_disk_trouble(said.out.parent), _bar() as (step, _):
        fine_tune(spec.checkpoint, [dict(row) for row in rows], recipe, said.seed, said.out, on_step=step)
    if note := json.loads((said.out / "rows.json").read_text(encoding="utf-8"))["note"]:
        print(note, file=sys.stderr)
    name = f"{said.model}+{said.out}"
    print(json.dumps({"model": name, "out": str(said.out)}, indent=2) if said.as_json else f"Ask it as {name}")


def _recipe(said: _Said, rows: int) -> "Recipe":
    from pydantic import ValidationError

    from askew.design.config_file import read_settings
    from askew.design.recipe_settings import filled_in
    from askew.training.recipe import Recipe

    flags = {"name": said.recipe, "epochs": said.epochs, "batch_size": said.batch_size}
    settings = {name.removeprefix("recipe."): value for name, value in read_settings(said.settings).items()}
    chosen = {**settings, **{name: value for name, value in flags.items() if value is not None}, "rows": rows}
    try:
        return Recipe.model_validate(filled_in(chosen, said.model))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            raise unknown_name("setting", name, Recipe.model_fields) from error
        raise AskewError(f"recipe.{name} {first['input']!r}: {first['msg']}") from error


@contextmanager
def _bar() -> Iterator[tuple[Callable[[int, int, float], None], Callable[[str], None]]]:
    """Show on standard error how far a fine-tune is; give what is told of steps, and of anything else."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

    console = Console(stderr=True, highlight=False)
    columns = [*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn()]
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        bar = bars.add_task("fine-tuning", total=None)

        def step(done: int, steps: int, loss: float) -> None:
            bars.update(bar, completed=done, total=steps, description=f"fine-tuning, loss {loss:.3f}")

        yield step, lambda text: console.print(f"  {text}", markup=False, soft_wrap=True)
