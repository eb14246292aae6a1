"""The world in Minecraft over a fake bridge: what is observed is what happens; kicks, deaths and nonsense are clear."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from askew.base.errors import AskewError
from askew.worlds.minecraft import MOST_AGENTS, Bridge, Minecraft
from askew.worlds.society import Outcome, Setting, Society, experiments, play_scripted
from askew.worlds.society.scripted import usual_minds

FAKE = Path(__file__).with_name("fake_bridge.py")


class _Nothing(BaseModel):
    """A reply of which nothing is wanted."""


class Played:
    """A society that was played over a fake bridge.

    Attributes:
        outcome: Its outcome.
        world: Its world.
        asked: The requests to the bridge.
        left: Who left, with the reason.
    """

    def __init__(self, setting: Setting, mode: str, log: Path, seconds: float = 60) -> None:
        kind = experiments.get(setting.experiment)
        whole = kind.whole(setting)
        self.left: list[tuple[str, str]] = []
        with Bridge([sys.executable, str(FAKE), mode, str(log)], seconds) as bridge:
            stock = kind.stock * whole.agents
            cells = whole.size, kind.stride, stock, 0, 0.0
            self.world = Minecraft(
                bridge, whole.agents, kind.places, kind.goods, *cells, lambda *one: self.left.append(one)
            )
            society = Society(whole, 0, world=self.world)
            self.outcome: Outcome = play_scripted(society, usual_minds(setting.experiment, 0))
        self.asked: list[dict[str, Any]] = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]

    def kind(self, kind: str) -> dict[str, np.ndarray]:
        """Return the events of one kind."""
        at = np.asarray(self.outcome.events["kind"]) == kind
        return {name: np.asarray(column)[at] for name, column in self.outcome.events.items()}


Play = Callable[..., Played]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Return a function that plays a society over a fake bridge."""

    def play(mode: str = "fine", experiment: str = "roles", ticks: int = 8, seconds: float = 60) -> Played:
        return Played(Setting(experiment, agents=12, ticks=ticks), mode, tmp_path / f"{mode}.jsonl", seconds)

    return play


@pytest.mark.parametrize("experiment", ["roles", "religion", "bent", "tax"])
def test_every_experiment_runs_unchanged(play: Play, experiment: str) -> None:
    played = play(experiment=experiment)
    kinds = set(played.outcome.events["kind"])
    assert {"say", "hear", "move", "act"} <= kinds
    assert played.outcome.society["experiment"] == experiment
    assert played.world.said == len(played.kind("say")["agent"])


def test_events_equal_those_of_the_island_where_all_bodies_obey(play: Play) -> None:
    played = play(experiment="religion")
    setting = Setting("religion", agents=12, ticks=8)
    island = play_scripted(Society(setting, 0), usual_minds("religion", 0))
    for name in ("kind", "agent", "tick", "x", "y", "place", "text"):
        assert np.asarray(island.events[name]).tolist() == np.asarray(played.outcome.events[name]).tolist(), name


def test_only_those_who_dug_gather(play: Play) -> None:
    played = play()
    gathered = played.kind("gather")["agent"]
    assert len(gathered)
    assert set(gathered % 2) == {0}  # the fake bridge lets no other dig


def test_chat_that_does_not_arrive_is_not_heard(play: Play) -> None:
    played = play("shy")
    assert played.world.said > 0
    assert played.world.arrived == played.world.heard == len(played.kind("hear")["agent"]) == 0


def test_chat_is_heard_by_those_near_the_speaker_only(play: Play) -> None:
    played = play(experiment="religion")
    assert 0 < played.world.heard < played.world.arrived == 11 * played.world.said
    hear, say = played.kind("hear"), played.kind("say")
    where = {
        (tick, agent): (x, y) for tick, agent, x, y in zip(*(say[n] for n in ("tick", "agent", "x", "y")), strict=True)
    }
    for tick, source, x, y in zip(*(hear[name] for name in ("tick", "source", "x", "y")), strict=True):
        from_x, from_y = where[tick, source]
        assert max(abs(from_x - x), abs(from_y - y)) <= 6


def test_a_kicked_agent_leaves_the_society_which_goes_on(play: Play) -> None:
    played = play("kicks")
    left = played.kind("leave")
    assert left["agent"].tolist() == [2]
    assert left["tick"].tolist() == [2]  # it was kicked while it walked in the tick before
    (name, reason), *others = played.left
    assert name == played.outcome.agents["name"][2]
    assert reason == "op [31mspam more"
    assert others == []
    acts = played.kind("act")
    assert 2 not in acts["agent"][acts["tick"] >= 2]
    assert acts["tick"].max() == 7


def test_a_kick_in_the_last_tick_is_an_event_too(play: Play) -> None:
    assert play("kicks", ticks=2).kind("leave")["agent"].tolist() == [2]


def test_a_society_without_agents_comes_to_its_end(play: Play) -> None:
    played = play("empties", experiment="religion")
    assert len(played.left) == len(played.kind("leave")["agent"]) == 12
    assert played.kind("act")["tick"].max() == 1


def test_the_bent_leave_the_server_when_they_leave_the_island(play: Play, tmp_path: Path) -> None:
    setting = Setting("bent", "leave", agents=6, ticks=8, k=2)
    played = Played(setting, "fine", tmp_path / "log.jsonl")
    left = played.kind("leave")["agent"].tolist()
    assert [request["bots"] for request in played.asked if request["do"] == "leave"] == [left]
    assert len(left) == 2


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("dies", r"^the Minecraft process ended with code 3: Error: the world is flat$"),
        ("refuses", r"^Minecraft refuses to start: no free port"),
        ("babbles", r"says something that is no message: Server listening$"),
        ("echoes", r"answers a request that was not made"),
        ("odd", r"answers in another shape"),
    ],
)
def test_trouble_with_the_process_is_one_clear_error(play: Play, mode: str, message: str) -> None:
    with pytest.raises(AskewError, match=message):
        play(mode)


def test_a_process_that_does_not_answer_is_given_up(play: Play) -> None:
    with pytest.raises(AskewError, match=r"the Minecraft process did not start within 0\.2 seconds"):
        play("silent", seconds=0.2)


def test_a_command_that_cannot_be_started_is_a_clear_error() -> None:
    with pytest.raises(AskewError, match="cannot start /nowhere/node"), Bridge(["/nowhere/node"]):
        pass


def test_the_process_gets_no_key_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    script = "import os, sys; sys.exit(f'{sorted(os.environ)}')"
    with Bridge([sys.executable, "-c", script]) as bridge, pytest.raises(AskewError) as caught:
        bridge.ask("start", _Nothing)
    assert "PATH" in str(caught.value)
    assert "OPENAI" not in str(caught.value)


def test_too_many_agents_are_refused() -> None:
    kind = experiments.get("roles")
    with pytest.raises(AskewError, match="Minecraft takes at most 60 agents, not 61"):
        Minecraft(Bridge([]), MOST_AGENTS + 1, kind.places, kind.goods)
