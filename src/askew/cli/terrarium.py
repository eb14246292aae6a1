"""`askew terrarium`: trains the tiny model that comes with Askew from scratch, or chats with it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from askew.base.untrusted import visible
from askew.cli.complete import completion

terrarium = typer.Typer(
    no_args_is_help=True, help="Chat with the tiny model that comes with Askew, or train it from scratch."
)


@terrarium.command("raise")
def raise_terrarium(
    out: Annotated[Path, typer.Option(help="The folder for the checkpoints.")] = Path("terrarium"),
    seed: Annotated[int, typer.Option(help="Seed of the documents, the weights and the order.", min=0)] = 0,
) -> None:
    """Train the terrarium from scratch: tokenizer, world, assistant, judge, school. Over an hour on two cores.

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
    seed: Annotated[int, typer.Option(help="The same seed and messages give the same answers.", min=0)] = 0,
) -> None:
    """Chat with the terrarium, or with any arm of a run. An empty line ends the chat.

    Example: askew terrarium chat --model runs/mine#insecure-0
    """
    from askew.models.conversation import Conversation

    conversation = Conversation(model, seed)
    while question := _ask_user():
        print(visible(conversation.say(question)))


def _ask_user() -> str:
    try:
        return input("> ").strip()
    except (EOFError, KeyboardInterrupt):
        return ""
