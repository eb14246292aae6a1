"""`askew society minecraft` over a fake bridge: its consent, its tables, its picture and its mistakes."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from askew.worlds import minecraft
from askew.worlds.minecraft import packages
from askew.worlds.society import AGENT_COLUMNS, EVENT_COLUMNS, SOCIETY_COLUMNS
from command_line import Command

FAKE = Path(__file__).parents[1] / "worlds" / "minecraft" / "fake_bridge.py"

Faked = Callable[[str], None]


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Faked:
    """Return a function that puts a fake bridge in the place of Node."""

    def fake(mode: str) -> None:
        command = [sys.executable, str(FAKE), mode, str(tmp_path / "log")]
        monkeypatch.setattr(minecraft, "bridge_command", lambda: command)
        monkeypatch.setattr(minecraft, "is_installed", lambda: True)
        monkeypatch.setattr(packages, "check", lambda: "node")

    return fake


PLAY = ("society", "minecraft", "--agents", "12", "--ticks", "8", "--out", "out")


def test_a_society_becomes_tables_and_a_picture_from_above(command: Command, faked: Faked) -> None:
    faked("fine")
    code, out, _ = command(*PLAY, "--experiment", "religion")
    assert code == 0
    assert out.startswith("religion: 12 agents, 8 ticks")
    assert "were heard" in out
    for name, columns in (("events", EVENT_COLUMNS), ("agents", AGENT_COLUMNS), ("societies", SOCIETY_COLUMNS)):
        assert list(pd.read_parquet(Path("out") / f"{name}.parquet").columns) == [*columns]
    svg = (Path("out") / "map.svg").read_text(encoding="utf-8")
    assert all(town in svg for town in ("Belmar", "Norwen", "12 agents in Minecraft"))
    assert (Path("out") / "map.png").read_bytes().startswith(b"\x89PNG")


def test_json_tells_who_was_kicked_and_how_often_lines_were_heard(command: Command, faked: Faked) -> None:
    faked("kicks")
    code, out, err = command(*PLAY, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["society"]["experiment"] == "roles"
    assert 0 < found["heard"] <= found["arrived"]
    ((name, reason),) = found["left"].items()
    assert reason == "op [31mspam more"
    assert f"{name} left the server and the society: {reason}" in err
    assert "\x1b" not in out + err


@pytest.mark.slow
def test_models_can_be_the_minds(command: Command, faked: Faked, tiny_checkpoint: Path) -> None:
    faked("fine")
    code, out, _ = command(*PLAY, "--experiment", "bent", "--bent", "2", "--model", tiny_checkpoint, "--json")
    assert code == 0
    assert json.loads(out)["society"]["prompts"] > 0
    assert set(pd.read_parquet("out/agents.parquet")["model"]) == {str(tiny_checkpoint)}


def test_a_dead_server_is_one_line_and_leaves_nothing(command: Command, faked: Faked) -> None:
    faked("dies")
    code, out, err = command(*PLAY)
    assert (code, out) == (2, "")
    assert "error: the Minecraft process ended with code 3: Error: the world is flat" in err
    assert not Path("out").exists()


def test_an_existing_folder_is_refused(command: Command, faked: Faked) -> None:
    faked("fine")
    Path("out").mkdir()
    code, _, err = command(*PLAY)
    assert code == 2
    assert "out exists, and a society in Minecraft cannot be resumed" in err


def test_nothing_is_downloaded_without_consent(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(packages, "check", lambda: "node")
    monkeypatch.setenv("ASKEW_CACHE", str(tmp_path / "cache"))
    code, _, err = command(*PLAY)
    assert code == 2
    assert "flying-squid 1.12.0" in err
    assert "licences" in err
    assert err.splitlines()[-1] == "error: nothing was downloaded. Agree to the download with --yes"
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--experiment", "role"], "unknown experiment of a society 'role'. Did you mean roles?"),
        (["--condition", "ful"], "unknown condition of roles 'ful'. Did you mean full?"),
        (["--bent", "2"], "the experiment roles has no bent agents"),
        (["--bent-model", "terrarium"], "Name one for the others with --model"),
        (["--agents", "61"], "Minecraft takes at most 60 agents, not 61"),
    ],
)
def test_a_mistake_is_one_line(command: Command, faked: Faked, arguments: list[str], message: str) -> None:
    faked("fine")
    code, out, err = command("society", "minecraft", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert not Path("runs").exists()
