"""`askew society`: plays a society of agents in a world of its own, such as Minecraft."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.cli.complete import completion
from askew.cli.options import JsonOption, YesOption
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import confirm, console, counting

if TYPE_CHECKING:
    from askew.runs.minecraft import PlayedInMinecraft

society = typer.Typer(
    no_args_is_help=True, help="Play a society of agents in Minecraft. `askew run society` is the study, on an island."
)

EXAMPLES = """
[bold]Examples[/bold]

\b
  askew society minecraft
  askew society minecraft --experiment religion --ticks 60 --tick-seconds 10
  askew society minecraft --experiment bent --bent 3 --model terrarium
  askew society minecraft --experiment bent --bent 3 --model RUN#good-0 --bent-model RUN#bad-0

It needs Node 20 or later. Its packages are downloaded once, after asking: a server without Java, and players. The
server listens on this machine only, and lets nobody else in.
"""


@society.callback()
def options() -> None:
    """Keep the command's name, even while there is one only."""


@society.command(epilog=EXAMPLES)
def minecraft(
    experiment: Annotated[
        str,
        typer.Option(help="The experiment; `askew list experiments`.", autocompletion=completion("experiments")),
    ] = "roles",
    condition: Annotated[
        str, typer.Option(help="The experiment's condition.", show_default="the experiment's first")
    ] = "",
    agents: Annotated[int, typer.Option(help="The number of agents, each a player.", min=2)] = 12,
    ticks: Annotated[int, typer.Option(help="The number of ticks.", min=1)] = 60,
    tick_seconds: Annotated[
        float, typer.Option(help="Seconds that a tick lasts at least. Most of one is walking, about 5.", min=0)
    ] = 0.0,
    bent: Annotated[int, typer.Option(help="How many agents are bent, in the experiment bent.", min=0)] = 0,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="The model of the agents' minds; `askew list models`. May be repeated.",
            show_default="scripted minds",
            autocompletion=completion("models"),
        ),
    ] = None,
    bent_model: Annotated[
        str | None,
        typer.Option(
            help="The model of the bent agents.", show_default="as the others", autocompletion=completion("models")
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Every draw depends on it.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="The folder.", show_default="runs/minecraft-…")] = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Play a society in a real Minecraft world, and write its tables and a picture from above.

    Each agent is a player on a server on this machine. It walks and chats there, and hears what its own client gets
    from those that it sees near it. Nothing is trained. A society that is stopped cannot be resumed.
    """
    from askew.runs.minecraft import play_in_minecraft
    from askew.worlds.minecraft import bridge_command, check_agents
    from askew.worlds.society import Setting, experiments

    if bent_model and not model:
        raise AskewError("--bent-model names a model for the bent agents only. Name one for the others with --model")
    setting = Setting(experiment, condition, agents, ticks, bent)
    experiments.get(experiment).whole(setting)
    check_agents(agents)
    models = {"": model, **({"bent": [bent_model]} if bent_model else {})} if model else {}
    place = out or Path("runs") / f"minecraft-{experiment}-{datetime.now():%Y%m%d-%H%M%S}"
    _install(yes)
    err = console(stderr=True)

    def on_left(name: str, reason: str) -> None:
        err.print(f"{name} left the server and the society: {reason}", markup=False, soft_wrap=True)

    with counting("playing", "played", "ticks") as (on_tick, _):
        played = play_in_minecraft(
            setting,
            place,
            bridge_command(),
            seed=seed,
            models=models,
            tick_seconds=tick_seconds,
            on_tick=on_tick,
            on_left=on_left,
        )
    print(to_json(asdict(played))) if as_json else _print(played)


def _install(yes: bool) -> None:
    """Install the packages, once, if the user agrees."""
    from askew.worlds.minecraft import DOWNLOAD, install, is_installed, packages

    err = console(stderr=True)
    packages.check()
    if is_installed():
        return
    err.print(f"{DOWNLOAD}; kept in {packages.folder()}", markup=False, soft_wrap=True)
    if not yes and not confirm("Download them?"):
        raise AskewError("nothing was downloaded. Agree to the download with --yes")
    install(lambda line: err.print(f"  {line}", markup=False, soft_wrap=True))


def _print(played: "PlayedInMinecraft") -> None:
    from askew.runs.minecraft import PICTURES

    row = played.society
    print(f"{row['experiment']}: {row['agents']} agents, {row['ticks']} ticks, {row['calls']:,} choices")
    print(f"All joined in {played.joined_in:.0f} seconds.")
    print(f"{played.said:,} lines said arrived {played.arrived:,} times, and were heard {played.heard:,} times.")
    for name, reason in played.left.items():
        print(visible(f"{name} left the server: {reason}"))
    print(f"Tables: {played.folder}")
    print(f"From above: {played.folder / PICTURES[1]}")
