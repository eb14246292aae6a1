"""Planted chances of conversion are recovered; worlds in which hearings do nothing show none."""

import numpy as np
import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.stats.transmission import CHANCES, ITSELF, Histories, conversion_chances, histories
from made_societies import Meme, made_events, made_memes

SMALL = Meme(agents=40, priests=3, ticks=60, side=24.0)
REPEATS = 40
ENOUGH = 0.875


def of(world: Meme, rng: np.random.Generator, societies: int = 4) -> Histories:
    events, agents, _ = made_memes(rng, world, societies)
    priests = agents[agents["part"].eq("priest")]
    return histories(events, groups=priests.assign(group="priest"), apart=priests)


def covered(table: pd.DataFrame, group: str, chance: float) -> bool:
    row = table.set_index("group").loc[group]
    return bool(row["low"] <= chance <= row["high"])


@pytest.mark.parametrize("world", [Meme(**{**vars(SMALL), "chance": 0.05, "chance_of_priests": 0.3, "itself": 0.002})])
def test_the_chances_of_groups_and_of_conversions_by_themselves_are_covered(world: Meme) -> None:
    rng = np.random.default_rng(0)
    tables = [conversion_chances(of(world, rng)) for _ in range(REPEATS)]
    assert list(tables[0]) == list(CHANCES)
    for group, chance in (("hearing", 0.05), ("priest", 0.3), (ITSELF, 0.002)):
        assert np.mean([covered(table, group, chance) for table in tables]) >= ENOUGH
    assert np.mean([table["chance"].iloc[1] for table in tables]) == pytest.approx(0.3, abs=0.05)


def test_no_conversion_gives_an_upper_limit() -> None:
    events = made_events(society="s", tick=[0, 1, 2, 3], agent=1, kind=["belief", "expose", "expose", "belief"])
    events = events.assign(option=[0, -1, -1, 0], source=[-1, 2, 2, -1])
    row = conversion_chances(histories(events), itself=False).iloc[0]
    assert (row["chance"], row["low"], row["hearings"]) == (0, 0, 2)
    assert row["high"] > 0.8


def test_only_hearings_that_an_answer_could_show_count() -> None:
    tick = [0, 1, 4, 5, 5, 6, 9, 10]
    kind = ["belief", "expose", "expose", "belief", "expose", "expose", "expose", "belief"]
    events = made_events(society="s", agent=3, tick=tick, kind=kind).assign(
        option=[0, -1, -1, 0, -1, -1, -1, 1], source=[-1, 7, 8, -1, 7, 8, 9, -1]
    )
    seen = histories(events)
    assert seen.agents[["after", "tick", "converted"]].iloc[0].tolist() == [5, 10, True]
    assert seen.hearings["candidate"].tolist() == [False, False, True, True, True]
    late = histories(events, lag=2)
    assert late.hearings["source"].tolist() == [7, 8, 7, 8]
    assert late.hearings["candidate"].tolist() == [False, True, True, True]
    assert histories(events, apart=pd.DataFrame({"society": ["s"], "agent": [3]})).agents.empty
    with pytest.raises(AskewError, match="asked about its belief"):
        conversion_chances(histories(events[events["kind"].eq("expose")]))


def test_a_world_in_which_hearings_do_nothing_shows_next_to_no_chance() -> None:
    """Agents convert by themselves, and hear all the time: a tenth of their conversions at most is put down to that."""
    rng = np.random.default_rng(2)
    world = Meme(**{**vars(SMALL), "chance": 0.0, "itself": 0.01})
    tables = [conversion_chances(of(world, rng)) for _ in range(REPEATS)]
    assert np.mean([covered(table, ITSELF, 0.01) for table in tables]) >= ENOUGH
    by_hearing = [table[table["group"].ne(ITSELF)] for table in tables]
    least = [
        (rows["low"] * rows["hearings"]).sum() / table["conversions"].sum()
        for rows, table in zip(by_hearing, tables, strict=True)
    ]
    assert np.mean(np.less(least, 0.1)) >= ENOUGH
