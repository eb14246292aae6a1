"""A society that is killed resumes to the same events."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from societies import SCRIPTS, same

from askew.base.errors import AskewError
from askew.worlds.society import Asked, Chosen, Journal, Setting, Society, play_scripted
from askew.worlds.society.scripted import Scripted

HEAD = {"seed": 0}


class Killed(Exception):
    """Stands for a kill."""


class Dying(Scripted):
    """A mind that is killed before it answers in some tick, and counts the ticks that it was asked in."""

    def __init__(self, experiment: str, tick: int) -> None:
        super().__init__(SCRIPTS[experiment], 0)
        self.tick, self.ticks = tick, []

    def decide(self, batch: Sequence[Asked]) -> list[Chosen]:
        if batch and batch[0].tick == self.tick:
            raise Killed
        self.ticks += [asked.tick for asked in batch[:1]]
        return super().decide(batch)


@pytest.mark.parametrize("experiment", ["bent", "roles", "tax", "religion"])
def test_a_society_killed_at_any_tick_resumes_to_the_same_events(experiment: str, tmp_path: Path) -> None:
    setting = Setting(experiment, "leave" if experiment == "bent" else "", agents=12, ticks=32)
    whole = play_scripted(Society(setting, 0), Dying(experiment, -1))
    for tick in (0, 1, 5, 14, 15, 26, 27, 31):
        path = tmp_path / f"{tick}.jsonl"
        with pytest.raises(Killed):
            play_scripted(Society(setting, 0), Dying(experiment, tick), Journal(path, HEAD))
        mind = Dying(experiment, -1)
        resumed = play_scripted(Society(setting, 0), mind, Journal(path, HEAD))
        assert min(mind.ticks) == tick
        assert same(resumed.events, whole.events)
        assert resumed.society == whole.society


def test_a_line_cut_short_is_dropped(tmp_path: Path) -> None:
    path, setting = tmp_path / "journal.jsonl", Setting("bent", agents=6, ticks=8)
    whole = play_scripted(Society(setting, 0), Dying("bent", -1), Journal(path, HEAD))
    content = path.read_bytes()
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        resumed = play_scripted(Society(setting, 0), Dying("bent", -1), Journal(path, HEAD))
        assert same(resumed.events, whole.events)
        assert path.read_bytes() == content


def test_unusable_answers_are_kept_as_misses(tmp_path: Path) -> None:
    path, batch = tmp_path / "journal.jsonl", [Asked(0, "say", "?", ("a", "b"))] * 3
    numbers = Chosen(np.int64(0), tuple(np.array([0.2, 0.8])))  # pyright: ignore[reportArgumentType]
    Journal(path, HEAD).add(batch, [Chosen(7), Chosen(1, (0.2,)), numbers])
    assert Journal(path, HEAD).answers(batch) == [Chosen(None), Chosen(1), Chosen(0, (0.2, 0.8))]


def test_a_journal_of_other_questions_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    play_scripted(Society(Setting("bent", agents=6, ticks=8), 0), Dying("bent", -1), Journal(path, HEAD))
    with pytest.raises(AskewError, match="has answers to other questions in tick 0"):
        play_scripted(
            Society(Setting("bent", agents=6, ticks=8, topic="names"), 0), Dying("bent", -1), Journal(path, HEAD)
        )
    with pytest.raises(AskewError, match="is the journal of another society"):
        Journal(path, {"seed": 1})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"options":[', '"options":["x",'),
        ('"options":[', '"options":[9,'),
        ('"options":[', '"options":[0,'),
        ('"weights":', '"weigths":'),
        ('"weights":[', '"weights":[[1.0],'),
        ('{"asked"', '["asked"'),
    ],
)
def test_a_damaged_journal_is_refused_with_one_clear_error(old: str, new: str, tmp_path: Path) -> None:
    path, setting = tmp_path / "journal.jsonl", Setting("bent", agents=6, ticks=8)
    play_scripted(Society(setting, 0), Dying("bent", -1), Journal(path, HEAD))
    head, first, *others = path.read_text().splitlines(keepends=True)
    path.write_text("".join([head, first, others[0].replace(old, new, 1), *others[1:]]))
    with pytest.raises(AskewError, match=r"is damaged in tick 1\. Delete it to play the society again"):
        play_scripted(Society(setting, 0), Dying("bent", -1), Journal(path, HEAD))
