"""A society on a real Minecraft server, where its packages are installed; nothing is downloaded here."""

from pathlib import Path

import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.runs.minecraft import PICTURES, play_in_minecraft
from askew.worlds.minecraft import bridge_command
from askew.worlds.society import Setting


@pytest.fixture
def real() -> list[str]:
    """The command of the bridge, where Node and the packages are on this machine."""
    try:
        return bridge_command()
    except AskewError as error:
        pytest.skip(f"no Minecraft: {error}")


@pytest.mark.slow
def test_agents_walk_dig_and_chat_on_a_real_server(real: list[str], tmp_path: Path) -> None:
    left: list[tuple[str, str]] = []
    played = play_in_minecraft(
        Setting("roles", agents=4, ticks=6), tmp_path / "out", real, on_left=lambda *one: left.append(one)
    )
    assert left == []
    assert played.arrived == 3 * played.said == 3 * 8
    events = pd.read_parquet(tmp_path / "out" / "events.parquet")
    assert {"move", "say", "hear", "gather"} <= set(events["kind"])
    assert all((tmp_path / "out" / name).stat().st_size for name in PICTURES)
