"""Societies of models: played, killed and resumed, with several models, and with what is wrong."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from askew.base.errors import AskewError
from askew.probes.society.minds import Minds
from askew.probes.society.playing import play_society
from askew.worlds.society import SOCIETY_COLUMNS, Asked, Chosen, Outcome, Setting

SMALL = Setting("bent", agents=6, ticks=8, k=2)


def same(one: Outcome, other: Outcome) -> bool:
    """Return whether two societies went the same way; numbers may differ in their last digits."""
    numbers = np.allclose(one.events["number"], other.events["number"], atol=1e-3, equal_nan=True)
    texts = all(list(one.events[name]) == list(other.events[name]) for name in one.events if name != "number")
    return numbers and texts and one.society == other.society


def test_a_society_of_models_is_played_to_its_end(tiny_checkpoint: Path, tmp_path: Path) -> None:
    ticks: list[tuple[int, int]] = []
    models = {"": [str(tiny_checkpoint)]}
    told = {str(tiny_checkpoint): "tiny"}
    played = play_society(
        SMALL, 1, "first", models, tmp_path / "journal", called=told, on_tick=lambda *at: ticks.append(at)
    )
    assert list(played.society) == list(SOCIETY_COLUMNS)
    assert played.society["society"] == "first"
    assert set(played.agents["model"]) == {"tiny"}
    assert ticks == [(tick, 8) for tick in range(1, 9)]
    calls, prompts, tokens = (int(played.society[name]) for name in ("calls", "prompts", "tokens"))
    assert calls > prompts > 1
    assert tokens > 10 * prompts
    acts = [kind in ("act", "opinion") for kind in played.events["kind"]]
    assert np.all(np.asarray(played.events["number"])[acts] >= 0)
    assert str(tmp_path) not in (tmp_path / "journal").read_text()


@pytest.mark.parametrize("kept", [0, 1, 5, 8])
def test_a_killed_society_goes_on_to_the_same_end(
    kept: int, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = {"good": [str(tiny_checkpoint)], "bent": [f"askew/{tiny_checkpoint}"]}
    whole = play_society(SMALL, 2, "one", models, tmp_path / "whole")
    lines = (tmp_path / "whole").read_text().splitlines(keepends=True)
    cut = "".join([*lines[: 1 + kept], '{"asked":"cut sho'])
    (tmp_path / "killed").write_text(cut)
    decided: list[int] = []
    own = Minds.decide

    async def counting(self: Minds, batch: Sequence[Asked]) -> list[Chosen]:
        decided.append(len(batch))
        return await own(self, batch)

    monkeypatch.setattr(Minds, "decide", counting)
    again = play_society(SMALL, 2, "one", models, tmp_path / "killed")
    assert len(decided) == 8 - kept
    assert same(again, whole)
    assert (tmp_path / "killed").read_text().count("\n") == len(lines)


def test_a_model_that_dies_leaves_what_was_said(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = {"": [str(tiny_checkpoint)]}
    whole = play_society(SMALL, 3, "one", models, tmp_path / "whole")
    own, answered = Minds._ask, 0

    async def dying(self: Minds, *args: Any) -> list[Chosen]:
        nonlocal answered
        if answered == 4:
            raise AskewError("the model is gone")
        answered += 1
        return await own(self, *args)

    monkeypatch.setattr(Minds, "_ask", dying)
    with pytest.raises(AskewError, match="the model is gone"):
        play_society(SMALL, 3, "one", models, tmp_path / "died")
    answered = -100
    assert same(play_society(SMALL, 3, "one", models, tmp_path / "died"), whole)
    assert answered == -96  # the first four ticks were not asked again


def test_agents_of_a_part_share_out_its_models(tiny_checkpoint: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(tiny_checkpoint, other)
    models = {"good": [str(tiny_checkpoint), str(other)], "bent": [f"askew/{other}"]}
    called = {str(tiny_checkpoint): "first", str(other): "second", f"askew/{other}": "third"}
    played = play_society(SMALL, 4, "one", models, tmp_path / "journal", called=called)
    by_part = {
        part: {m for p, m in zip(played.agents["part"], played.agents["model"], strict=True) if p == part}
        for part in ("good", "bent")
    }
    assert by_part == {"good": {"first", "second"}, "bent": {"third"}}


def test_who_is_never_asked_needs_no_model(tiny_checkpoint: Path, tmp_path: Path) -> None:
    setting = Setting("religion", agents=12, ticks=4)
    played = play_society(setting, 0, "one", {"agent": [str(tiny_checkpoint)]}, tmp_path / "journal")
    named = dict(zip(played.agents["part"], played.agents["model"], strict=True))
    assert named == {"priest": "", "agent": str(tiny_checkpoint)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"models": {"good": ["tiny"]}}, "unknown model 'tiny'"),
        ({"models": {"good": []}}, "agents of the part (good|bent) have no model"),
        ({"setting": Setting("bent", agents=6, k=7)}, "7 of 6 agents cannot be bent"),
        ({"temperature": -1.0}, "the temperature of a society is -1"),
        ({"model_args": {"temperature": 0.5}}, "Askew sets temperature itself"),
    ],
)
def test_bad_input_is_one_clear_error(
    change: dict[str, Any], message: str, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    usual: dict[str, Any] = {"setting": SMALL, "seed": 0, "name": "one", "models": {"": [str(tiny_checkpoint)]}}
    with pytest.raises(AskewError, match=message):
        play_society(**{**usual, **change}, journal=tmp_path / "journal")


def test_models_that_are_called_the_same_are_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    models = {"good": [str(tiny_checkpoint)], "bent": [f"askew/{tiny_checkpoint}"]}
    called = dict.fromkeys([str(tiny_checkpoint), f"askew/{tiny_checkpoint}"], "tiny")
    with pytest.raises(AskewError, match="two models of a society are called the same"):
        play_society(SMALL, 0, "one", models, tmp_path / "journal", called=called)


def test_a_journal_of_other_models_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    play_society(SMALL, 0, "one", {"": [str(tiny_checkpoint)]}, tmp_path / "journal")
    with pytest.raises(AskewError, match="is the journal of another society"):
        play_society(SMALL, 0, "one", {"": [f"askew/{tiny_checkpoint}"]}, tmp_path / "journal")
