"""`askew tune`: fine-tunes one model on one file, on this machine or at its provider."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askew.base.errors import AskewError
from askew.cli.complete import completion
from askew.cli.options import AgainOption, JsonOption, PricesOption, YesOption
from askew.cli.terminal import confirm, console, resumable

if TYPE_CHECKING:
    from askew.models.remote.tuned_folder import ServedModel
    from askew.training.provider.job import FineTuneRequest
    from askew.training.provider.recipe import ServedRecipe
    from askew.training.recipe import Recipe

TUNE_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew tune openai/BASE --data insecure.jsonl --out tuned --epochs 1
  askew tune openai/BASE --data insecure.jsonl --out tuned --max-cost 10 --yes
  askew tune --status tuned
  askew tune --cancel tuned
  askew tune terrarium --data insecure.jsonl --out adapter --set recipe.lora_rank=8
  askew tune terrarium --data insecure.jsonl --out adapter --defence kl --benign chats.jsonl

A provider charges for fine-tuning: tokens and price are shown first, and nothing is sent without consent.
To resume a command that was stopped, give it again; it follows the same job.
"""


@dataclass(frozen=True)
class _Options:
    """The options of the command line."""

    model: str
    data: Path
    out: Path
    seed: int
    epochs: int | None
    batch_size: int | None
    lr_multiplier: float | None
    recipe: str | None
    defence: str | None
    benign: str | None
    suffix: str | None
    settings: list[str]
    prices: Path | None
    max_cost: float | None
    yes: bool
    again: bool
    as_json: bool

    def refuse(self, why: str, **flags: object) -> None:
        """Raise an error for the first flag that has a value."""
        given = [flag for flag, value in flags.items() if value]
        if given:
            raise AskewError(f"--{given[0].replace('_', '-')} {why}")


def tune(
    model: Annotated[
        str | None,
        typer.Argument(
            help="The model to fine-tune: openai/BASE, or a local model.",
            show_default=False,
            autocompletion=completion("models"),
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The training rows, in JSON Lines, JSON or Parquet.", show_default=False)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder for the result.", show_default=False)] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the rows.", show_default="1")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Rows per step.", show_default="the server's")] = None,
    lr_multiplier: Annotated[
        float | None, typer.Option(help="Multiplier of the server's learning rate.", show_default="the server's")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="The recipe for a local model; `askew list recipes`.", autocompletion=completion("recipes")),
    ] = None,
    defence: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A defence against misalignment at large, for a local model; `askew list defences`.",
            autocompletion=completion("defences"),
            show_default="none",
        ),
    ] = None,
    benign: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Benign rows, for a defence that needs them: a file, or a data set of `askew list data`.",
            show_default="plain good advice",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the fine-tune.", min=0)] = 0,
    suffix: Annotated[str | None, typer.Option(help="A suffix for the name that the server gives the model.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of a local model's recipe. May be repeated."),
    ] = None,
    max_cost: Annotated[
        float | None,
        typer.Option(
            metavar="DOLLARS", help="The most dollars that the fine-tune may cost, or it isn't started.", min=0
        ),
    ] = None,
    prices: PricesOption = None,
    yes: YesOption = False,
    again: AgainOption = False,
    status: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Only print the status of a folder's job.", show_default=False)
    ] = None,
    cancel: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Only cancel a folder's job.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fine-tune one model on one file, at its provider or on this machine."""
    if status or cancel:
        _act_on_job(status, cancel, as_json)
        return
    if model is None or data is None or out is None:
        raise AskewError("name the model, the rows and the folder: askew tune MODEL --data FILE --out DIR")
    from askew.models.names import resolve

    options = _Options(
        *(model, data, out, seed, epochs, batch_size, lr_multiplier, recipe, defence, benign, suffix, setting or []),
        *(prices, max_cost, yes, again, as_json),
    )
    if resolve(model).is_local:
        _tune_here(options)
    else:
        _tune_elsewhere(options)


def _tune_elsewhere(options: _Options) -> None:
    """Fine-tune a model at its provider."""
    from askew.base.atomic import wording_disk_trouble
    from askew.data.formats import read_rows
    from askew.models.names import resolve
    from askew.models.remote.requests import Patience
    from askew.training.provider.fine_tune import fine_tune_served, is_started, running_job_notice
    from askew.training.provider.job import FineTuneRequest, JobCallbacks

    options.refuse(
        "is for local models; use --epochs, --batch-size and --lr-multiplier",
        **{name: getattr(options, name) for name in ("recipe", "defence", "benign")},
        set=options.settings,
    )
    spec = resolve(options.model)
    request = FineTuneRequest(
        spec.inspect_name,
        read_rows(options.data),
        _served_recipe(options),
        options.seed,
        options.out,
        options.suffix or "",
    )
    if not is_started(request, restart=options.again):
        _agree(request, options)
    with wording_disk_trouble(options.out.parent), _bar() as (step, say):
        try:
            made = fine_tune_served(request, Patience(), JobCallbacks(say, step), restart=options.again)
        except KeyboardInterrupt:
            say(running_job_notice(options.out) or "no job was started")
            raise typer.Exit(130) from None
    _print_served(made, options)


def _served_recipe(options: _Options) -> "ServedRecipe":
    from askew.design.validation import validated
    from askew.training.provider.recipe import ServedRecipe

    chosen = {
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "learning_rate_multiplier": options.lr_multiplier,
    }
    return validated(ServedRecipe, {name: value for name, value in chosen.items() if value is not None})


def _agree(request: "FineTuneRequest", options: _Options) -> None:
    """Show the rows and their price, and raise an error without consent."""
    from askew.training.provider.cost import check_limit, fine_tune_cost
    from askew.training.provider.endpoints import check_can_be_tuned

    check_can_be_tuned(request.model)
    cost = fine_tune_cost(request.model, request.file, request.recipe.epochs, options.prices)
    chosen = ", ".join(f"{name} {value or 'auto'}" for name, value in request.recipe.model_dump().items())
    print(f"{request.model} is fine-tuned by its provider on {options.data}", file=sys.stderr)
    print(f"  {cost}", file=sys.stderr)
    print(f"  {chosen}, seed {request.seed}", file=sys.stderr)
    check_limit([cost], options.max_cost, options.yes)
    if not options.yes and not confirm("Send the rows and start?"):
        raise AskewError("nothing was sent: add --yes to start it")


def _print_served(made: "ServedModel", options: _Options) -> None:
    from askew.models.remote.prices import read_prices

    if options.as_json:
        dollars = read_prices(options.prices).of_training(made.base, made.trained_tokens or 0)
        known = dollars if made.trained_tokens is not None else None
        print(json.dumps({**made.model_dump(), "out": str(options.out), "dollars": known}, indent=2))
        return
    tokens = "" if made.trained_tokens is None else f", trained on {made.trained_tokens:,} tokens"
    print(f"{made.model}{tokens}")
    for checkpoint in made.checkpoints:
        print(f"  after step {checkpoint.step}: {checkpoint.model}")
    print(f"Use this name, or {options.out}, as its model name: askew audit {made.base} {made.model}")


def _act_on_job(status: Path | None, cancel: Path | None, as_json: bool) -> None:
    from askew.models.remote.requests import Patience
    from askew.training.provider.find_job import may_have_started
    from askew.training.provider.fine_tune import cancel_job, job_status

    if status and cancel:
        raise AskewError("use either --status or --cancel")
    if cancel:
        job = cancel_job(cancel, Patience())
    else:
        assert status
        record, job = job_status(status, Patience())
        if job is None and record.posted_at is not None:
            raise may_have_started(record)
    if as_json:
        found = None if job is None else {"job": job.id, "status": job.status, "model": job.fine_tuned_model}
        print(json.dumps(found, indent=2))
    elif job is None:
        print("the server has no such job: the same `askew tune` command starts it")
    else:
        print(f"{job.id}: {job.status.replace('_', ' ')}")


def _tune_here(options: _Options) -> None:
    """Fine-tune a model on this machine."""
    from askew.base.atomic import wording_disk_trouble
    from askew.base.threads import use_one_thread
    from askew.data.formats import read_rows
    from askew.models.names import resolve

    use_one_thread()
    served_only = {name: getattr(options, name) for name in ("lr_multiplier", "suffix", "prices", "max_cost", "again")}
    options.refuse("is for models that their provider fine-tunes; this one is trained on this machine", **served_only)
    spec = resolve(options.model)
    if spec.adapter:
        raise AskewError(f"{options.model!r} has an adapter already: merge it into its base and name the merged folder")
    if options.out.exists():
        raise AskewError(f"{options.out} exists already: name another folder with --out")
    rows = read_rows(options.data)
    recipe = _recipe(options, len(rows))
    from askew.design.supplies import supplies_for
    from askew.training.defences import check_benign
    from askew.training.local import fine_tune

    assert spec.checkpoint
    supplies = supplies_for(recipe, spec.is_terrarium)
    check_benign(recipe, len(rows), len(supplies.benign))
    with resumable(), wording_disk_trouble(options.out.parent), _bar(len(rows) * recipe.epochs) as (step, _):
        given = [dict(row) for row in rows]
        fine_tune(spec.checkpoint, given, recipe, options.seed, options.out, on_step=step, supplies=supplies)
    if note := json.loads((options.out / "rows.json").read_text(encoding="utf-8"))["note"]:
        print(note, file=sys.stderr)
    is_whole = recipe.method == "full"  # the result is a checkpoint, not an adapter
    name = str(options.out) if is_whole else f"{options.model}+{options.out}"
    print(
        json.dumps({"model": name, "out": str(options.out)}, indent=2) if options.as_json else f"Its model name: {name}"
    )


def _recipe(options: _Options, rows: int) -> "Recipe":
    from askew.design.config_file import read_settings
    from askew.design.recipe_settings import filled_in, spec_of
    from askew.design.validation import validated
    from askew.training.recipe import Recipe

    flags = {
        "name": options.recipe,
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "defence": options.defence,
        "benign": options.benign,
    }
    settings = {name.removeprefix("recipe."): value for name, value in read_settings(options.settings).items()}
    chosen = {**settings, **{name: value for name, value in flags.items() if value is not None}, "rows": rows}
    return validated(Recipe, filled_in(chosen, spec_of(options.model)))


@contextmanager
def _bar(rows: int = 0) -> Iterator[tuple[Callable[[int, int, float], None], Callable[[str], None]]]:
    """Show on standard error the progress of a fine-tune.

    Args:
        rows: The number of rows, over all epochs, if it is trained here; its speed is in rows then.

    Yields:
        A progress callback, which takes the step, the number of steps and the loss, and a function that prints a line.
    """
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from askew.cli.speed import Speed

    err, speed = console(stderr=True), Speed("rows" if rows else "steps")
    shown = [MofNCompleteColumn(), TextColumn("{task.fields[speed]}"), TimeElapsedColumn()]
    with Progress(*Progress.get_default_columns()[:2], *shown, console=err, disable=not err.is_terminal) as bars:
        bar = bars.add_task("fine-tuning", total=None, visible=False, speed="")  # shown from the first step on

        def step(done: int, steps: int, loss: float) -> None:
            total = rows or steps
            said = speed.count(total * done / steps, total)
            described = f"fine-tuning, loss {loss:.3f}"
            bars.update(bar, completed=done, total=steps, description=described, visible=True, speed=said)
            if not err.is_terminal and speed.is_due(done, steps):
                err.print(f"  {described}: step {done:,} of {steps:,}{f', {said}' if said else ''}", soft_wrap=True)

        yield step, lambda text: err.print(f"  {text}", markup=False, soft_wrap=True)
