"""The packed societies of a report: what is in them, which are there, and how agents change their state."""

import base64
import gzip
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_society import made_societies
from society_page import cut_short, with_hostile_texts

from askew.base.errors import AskewError
from askew.report.sections.society import choice
from askew.report.sections.society.payload import MOST_LETTERS
from askew.report.sections.society.states import changes, scale_of
from askew.report.society_tables import AGENTS, EVENTS, ROLES, SocietyTables

SMALL = made_societies(agents=12, ticks=8)
NOBODY = pd.DataFrame(columns=AGENTS)
NO_ROLES = pd.DataFrame(columns=ROLES)


def unpacked(text: str) -> tuple[dict[str, Any], Any]:
    """Return the head of a packed society, and a function that reads a column of differences."""
    raw = gzip.decompress(base64.b64decode(text))
    start = 4 + int.from_bytes(raw[:4], "little")

    def read(where: list[Any]) -> np.ndarray:
        kind, first, count = where
        return np.frombuffer(raw, f"<{kind}", count, start + first).astype(int)

    return json.loads(raw[4:start]), read


def happened(*rows: tuple[int, int, str, int]) -> pd.DataFrame:
    """Return events of one society from ticks, agents, kinds and options."""
    blank = {"society": "s", "to": -1, "place": "", "x": 0, "y": 0, "text": "", "number": np.nan, "source": -1}
    table = pd.DataFrame([dict(zip(("tick", "agent", "kind", "option"), row, strict=True)) for row in rows])
    return table.assign(**blank)[EVENTS]


def states_of(events: pd.DataFrame, agents: pd.DataFrame = NOBODY, roles: pd.DataFrame = NO_ROLES) -> list[list[int]]:
    scale = scale_of(events, agents, roles)
    return changes(events, roles, scale)[["tick", "agent", "state"]].to_numpy().tolist()


def test_a_packed_society_has_every_saying_and_every_step() -> None:
    (first, *_), _ = choice.replays(SMALL)
    head, read = unpacked(first.packed)
    table = head["events"]["say"]
    ticks = np.repeat(np.arange(head["first"], head["last"] + 1), read(table["counts"]))
    codes = read(table["columns"]["text"]).cumsum()
    agents = read(table["columns"]["agent"]).cumsum().tolist()
    found = sorted(zip(ticks.tolist(), agents, [head["texts"][code] for code in codes], strict=True))
    said = SMALL.events.query("society == @first.facts['society'] and kind == 'say'")
    assert found == sorted(zip(said["tick"], said["agent"], said["text"], strict=True))
    track = head["track"]["columns"]
    walker = read(track["agent"]).cumsum()
    start = head["agents"]["columns"]["x"]
    last = SMALL.events.query("society == @first.facts['society'] and kind == 'move'").groupby("agent")["x"].last()
    steps = read(track["dx"])
    assert all(start[agent] + steps[walker == agent].sum() == x for agent, x in last.items())


def test_the_same_tables_give_the_same_text() -> None:
    assert choice.replays(SMALL) == choice.replays(made_societies(agents=12, ticks=8))


def test_texts_cannot_be_markup_and_long_ones_are_cut() -> None:
    society = SMALL.societies["society"].iloc[0]
    (first, *_), _ = choice.replays(with_hostile_texts(SMALL, society))
    assert not set(first.packed) & set("<>&\"'")
    texts = unpacked(first.packed)[0]["texts"]
    (long,) = [text for text in texts if "more characters are in society/events.parquet" in text]
    assert len(long) < MOST_LETTERS + 100


def test_a_meme_is_heard_spoken_of_and_believed_and_belief_can_be_lost() -> None:
    events = happened(
        (0, 1, "say", 1),  # a priest, who is never asked
        (1, 2, "expose", 1),
        (2, 2, "expose", 1),
        (3, 2, "adopt", 0),
        (4, 2, "convert", -1),
        (4, 2, "belief", 1),
        (5, 3, "belief", 0),
        (6, 2, "belief", 0),
    )
    assert states_of(events) == [[0, 1, 2], [1, 2, 1], [3, 2, 2], [4, 2, 3], [6, 2, 2]]


def test_the_side_of_the_bent_is_marked() -> None:
    events = happened((0, 1, "opinion", 0), (0, 2, "opinion", 1), (3, 2, "opinion", 0), (4, 2, "opinion", 0))
    bent = pd.DataFrame({"society": "s", "agent": [1], "part": "bent"})
    assert states_of(events) == [[0, 1, 1], [0, 2, 2], [3, 2, 1]]
    assert scale_of(events, bent, NO_ROLES).marks == ["speck", "full", "hollow"]
    assert scale_of(events, bent.assign(part="good"), NO_ROLES).marks == ["speck", "hollow", "full"]


def test_roles_have_letters_of_their_own() -> None:
    roles = pd.DataFrame(
        [("s", 1, 0, "farmer"), ("s", 1, 5, "fisher"), ("s", 1, 9, ""), ("s", 2, 5, "farmer")], columns=ROLES
    )
    events = happened((0, 1, "say", 1))
    assert states_of(events, roles=roles) == [[0, 1, 1], [5, 1, 2], [5, 2, 1], [9, 1, 0]]
    assert scale_of(events, NOBODY, roles).marks == ["speck", "F", "I"]


def test_a_few_societies_of_each_condition_are_in_the_page_and_the_rest_is_named() -> None:
    many = made_societies(agents=6, ticks=2, replicates=7)
    shown, left_out = choice.replays(many)
    assert [one.facts["replicate"] for one in shown] == [0, 1, 2, 3, 4] * 2
    assert left_out.startswith("10 of the run’s 14 societies are on this page")
    assert "Left out: 2 of priests; 2 of no-priests. " in left_out
    assert "society/events.parquet" in left_out
    assert choice.replays(SMALL)[1] == ""


def test_a_page_holds_no_more_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "MOST_LETTERS", 1)
    (only,), left_out = choice.replays(SMALL)
    assert only.facts["replicate"] == 0
    assert "1 of the run’s 4 societies" in left_out
    monkeypatch.setattr(choice, "MOST_EVENTS", 100)
    (only,), _ = choice.replays(SMALL)
    assert only.facts["short"]
    assert not only.facts["cut"]
    assert only.facts["last"] < 7


@pytest.mark.parametrize("with_row", [True, False])
def test_a_society_that_was_cut_short_is_replayed_up_to_its_last_tick(with_row: bool) -> None:
    society = SMALL.societies["society"].iloc[1]
    shown, _ = choice.replays(cut_short(SMALL, society, 3, with_row))
    (cut,) = [one.facts for one in shown if one.facts["cut"]]
    assert (cut["society"], cut["last"], cut["ticks"]) == (society, 3, 8 if with_row else -1)


def test_agents_that_only_events_name_are_there() -> None:
    agents = SMALL.agents[SMALL.agents["agent"].ne(4)]
    (first, *_), _ = choice.replays(replace(SMALL, agents=agents))
    names = unpacked(first.packed)[0]["agents"]["columns"]["name"]["values"]
    assert "agent 4" in names


def test_a_table_without_a_column_is_refused() -> None:
    with pytest.raises(AskewError, match="'events' of the societies has no column 'text'"):
        SocietyTables(SMALL.events.drop(columns="text"), SMALL.agents, SMALL.societies)


def test_a_society_stays_small() -> None:
    (first, *_), _ = choice.replays(made_societies(agents=40, ticks=40, conditions=("priests",), replicates=1))
    assert len(first.packed) < 60_000
