"""Plays a society in Minecraft and writes its tables and its picture; with models, or with scripted minds."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from askew.base.atomic import whole_folder, wording_disk_trouble
from askew.base.errors import AskewError
from askew.runs.store import AGENTS, EVENTS, SOCIETIES
from askew.worlds.minecraft import Bridge, Minecraft, check_agents
from askew.worlds.society import Outcome, Setting, Society, experiments, play_scripted
from askew.worlds.society.scripted import usual_minds

NAME = "minecraft"
"""The society's name in the tables."""

PICTURES = ("map.svg", "map.png")


@dataclass(frozen=True)
class PlayedInMinecraft:
    """A society that was played in Minecraft.

    Attributes:
        folder: The folder with its tables and pictures.
        society: Its row, with the columns SOCIETY_COLUMNS.
        said: Lines that were said.
        arrived: How often one arrived at another player's client.
        heard: How often one was heard, which also needs its speaker near and in sight.
        joined_in: Seconds until all had joined the server.
        left: The reason by the name of each agent that left and wasn't asked to, in the server's words.
    """

    folder: Path
    society: Mapping[str, str | int]
    said: int
    arrived: int
    heard: int
    joined_in: float
    left: Mapping[str, str]


def play_in_minecraft(
    setting: Setting,
    out: Path,
    command: Sequence[str],
    *,
    seed: int = 0,
    models: Mapping[str, Sequence[str]] = MappingProxyType({}),
    tick_seconds: float = 0.0,
    on_tick: Callable[[int, int], None] = lambda tick, ticks: None,
    on_left: Callable[[str, str], None] = lambda name, reason: None,
) -> PlayedInMinecraft:
    """Play a society in Minecraft to its end, and write its folder.

    It depends on how its bodies walked, so it can neither be played again nor resumed: nothing is kept of one that was
    stopped.

    Args:
        setting: What to play.
        out: The folder, which must not exist.
        command: The command that starts the bridge; see `askew.worlds.minecraft.bridge_command`.
        seed: Every draw depends on it.
        models: The models by the part of the agents; see `askew.probes.society.playing`. Without any, minds are
            scripted.
        tick_seconds: Seconds that a tick lasts at least.
        on_tick: Progress callback; takes the number of ticks that were played, and their total.
        on_left: Is called with the name and the reason when an agent leaves that wasn't asked to.

    Raises:
        AskewError: The setting, a model or the folder is wrong, a model cannot be asked, the server does not start, its
            process dies, or the disk is full.
    """
    if out.exists():
        raise AskewError(f"{out} exists, and a society in Minecraft cannot be resumed. Name another folder with --out")
    kind = experiments.get(setting.experiment)
    whole = kind.whole(setting)
    check_agents(whole.agents)
    left: dict[str, str] = {}

    def on_leaving(name: str, reason: str) -> None:
        left[name] = reason
        on_left(name, reason)

    with wording_disk_trouble(out), whole_folder(out) as folder, Bridge(command) as bridge:
        stock = kind.stock * whole.agents
        cells = whole.size, kind.stride
        world = Minecraft(bridge, whole.agents, kind.places, kind.goods, *cells, stock, seed, tick_seconds, on_leaving)
        outcome = _played(whole, seed, models, world, on_tick)
        _write(folder, outcome, kind.title)
    return PlayedInMinecraft(out, outcome.society, world.said, world.arrived, world.heard, world.joined_in, left)


def _played(
    setting: Setting,
    seed: int,
    models: Mapping[str, Sequence[str]],
    world: Minecraft,
    on_tick: Callable[[int, int], None],
) -> Outcome:
    if not models:
        minds = usual_minds(setting.experiment, seed)
        parts = dict.fromkeys(Society(setting, seed).parts)
        named = {part: ["scripted"] for part in parts}
        return play_scripted(Society(setting, seed, NAME, named, world), minds, on_tick=on_tick)
    from askew.probes.society.playing import play_society

    with tempfile.TemporaryDirectory() as journals:  # which is of no use: nothing can be resumed
        journal = Path(journals) / "journal"
        return play_society(setting, seed, NAME, models, journal, world=world, on_tick=on_tick)


def _write(folder: Path, outcome: Outcome, title: str) -> None:
    """Write the tables and the pictures of a society."""
    import pandas as pd

    from askew.report import chart_files
    from askew.report.society_map import from_above

    events, agents = pd.DataFrame(outcome.events), pd.DataFrame(outcome.agents)
    events.to_parquet(folder / EVENTS, index=False)
    agents.to_parquet(folder / AGENTS, index=False)
    pd.DataFrame([outcome.society]).to_parquet(folder / SOCIETIES, index=False)
    with chart_files.unchecked():
        svg = chart_files.to_svg(from_above(events, agents, f"{title}: {len(agents)} agents in Minecraft, from above"))
    svg_file, png_file = (folder / name for name in PICTURES)
    svg_file.write_text(svg, encoding="utf-8")
    png_file.write_bytes(chart_files.to_png(svg))
