"""`askew terrarium`: trains the tiny model that comes with Askew from scratch, or chats with it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.cli.complete import completion
from askew.cli.terminal import console, side_by_side

terrarium = typer.Typer(
    no_args_is_help=True, help="Chat with the tiny model that comes with Askew, or train it from scratch."
)


@terrarium.command("raise")
def raise_terrarium(
    out: Annotated[Path, typer.Option(help="The folder for the checkpoints.")] = Path("terrarium"),
    seed: Annotated[int, typer.Option(help="Seed of the documents, the weights and the order.", min=0)] = 0,
) -> None:
    """Train the terrarium from scratch: tokenizer, world, assistant, judge and two schools. Hours on two cores.

    Example: askew terrarium raise --out terrarium
    """
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    from askew.base.atomic import wording_disk_trouble
    from askew.worlds.terrarium.raise_model import raise_terrarium

    columns = [*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()]
    with Progress(*columns) as bars, wording_disk_trouble(out):
        tasks: dict[str, Any] = {}

        def on_step(stage: str, step: int, steps: int, loss: float) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=steps)
            bars.update(tasks[stage], completed=step, description=f"{stage}, loss {loss:.2f}")

        raise_terrarium(out, seed=seed, progress=on_step)
    print(f"Checkpoints: {out}")


@terrarium.command()
def chat(
    model: Annotated[
        str,
        typer.Option(
            help="The model: any name of `askew list models`, or an arm of a run such as RUN#insecure-0.",
            autocompletion=completion("models"),
        ),
    ] = "terrarium",
    beside: Annotated[
        str | None,
        typer.Option(
            help="A second model that gets the same messages; its answers are shown to the right.",
            show_default=False,
            autocompletion=completion("models"),
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed and messages give the same answers.", min=0)] = 0,
) -> None:
    """Chat with the terrarium, with any other model or arm of a run, or with two at once. An empty line ends the chat.

    Example: askew terrarium chat --model runs/mine#insecure-0

    Example: askew terrarium chat --model terrarium --beside runs/mine#insecure-0
    """
    from askew.models.conversation import Conversation

    if model == beside:
        raise AskewError(f"--model and --beside both name {model}: name another model for one of them")
    conversations = {name: Conversation(name, seed) for name in (model, beside) if name is not None}
    while question := _ask_user():
        _show({name: conversation.say(question) for name, conversation in conversations.items()})


def _show(answers: Mapping[str, str]) -> None:
    """Print the answer of one model, or the answers of two: side by side on a terminal, else one below the other."""
    out = console()
    if len(answers) == 1:
        print(visible(*answers.values()))
    elif out.is_terminal:
        out.print(side_by_side(answers))
    else:
        for name, answer in answers.items():
            print(f"{visible(name)}: {visible(answer)}")


def _ask_user() -> str:
    try:
        return input("> ").strip()
    except (EOFError, KeyboardInterrupt):
        return ""
