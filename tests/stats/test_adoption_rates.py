"""Adoption over time, and what is left of it after the bent ones leave."""

import numpy as np
import pandas as pd
import pytest

from askew.stats.adoption import (
    HYSTERESIS,
    NOTHING,
    STAYED,
    WENT_BACK,
    adoption_over_time,
    before_and_after,
    hysteresis,
    in_ticks,
    leaving,
    moods,
    numbers_over_time,
)
from askew.stats.played_ahead import Setting, played
from made_societies import made_events


def agents_of(societies: int, agents: int, k: int) -> pd.DataFrame:
    society, agent = np.indices((societies, agents)).reshape(2, -1)
    names = np.char.add("s", society.astype(str))
    return pd.DataFrame({"society": names, "agent": agent, "part": np.where(agent < k, "bent", "good")})


def test_adoption_counts_the_agents_of_a_part() -> None:
    events = made_events(society="s0", tick=[0, 0, 0, 5], agent=[0, 1, 2, 1], kind="opinion", option=[0, 0, 1, 0])
    agents = agents_of(1, 3, 1)
    assert adoption_over_time(events, agents, option=0)["value"].tolist() == [pytest.approx(2 / 3), 1]
    over_time = adoption_over_time(events, agents, option=0, parts=("good",))
    assert over_time["value"].tolist() == [0.5, 1]
    assert over_time["answers"].tolist() == [2, 1]
    assert in_ticks(over_time, 0, 9)["value"].tolist() == [0.75]
    assert in_ticks(over_time, 8, 9).empty


def test_numbers_and_moods() -> None:
    events = made_events(society="s0", tick=[0, 0, 1], agent=[0, 1, -1], kind=["pay", "pay", "law"], number=[10, 20, 5])
    agents = agents_of(1, 2, 1)
    assert numbers_over_time(events, agents, kind="pay")["value"].tolist() == [15]
    assert numbers_over_time(events, agents, kind="pay", parts=("good",))["value"].tolist() == [20]
    assert numbers_over_time(events, agents, kind="law")["value"].tolist() == [5]
    felt = made_events(society="s0", tick=[0, 3], agent=1, to=0, kind="feel", number=[0.3, -0.2])
    assert moods(felt, agents).to_numpy().tolist() == [["s0", 1, 0, "good", "bent", -0.2]]


@pytest.mark.parametrize(("bias", "reading"), [(-0.2, STAYED), (-0.5, WENT_BACK)])
def test_what_is_left_when_the_bent_leave(bias: float, reading: str) -> None:
    """(3, .2) has a second stable state, and stays; (3, .5) has none, and goes back."""
    rng, setting = np.random.default_rng(0), Setting(100, 80, start=0.0, leave=40)
    over_time, rows = [], []
    for k in (0, 8, 30):
        history = played(rng, setting, k, np.array([[3.0, bias]]), None, 5)[:, 0]
        for number, own in enumerate(history.T):
            name = f"{k}-{number}"
            over_time.append(pd.DataFrame({"society": name, "tick": range(80), "value": own}))
            rows.append((name, "leave", k, 100, 0))
    table = pd.concat(over_time)
    societies = pd.DataFrame(rows, columns=["society", "condition", "k", "agents", "seed"])
    left = pd.DataFrame({"society": societies.loc[societies["k"] > 0, "society"], "tick": 40})
    never = in_ticks(table[table["society"].str.startswith("0-")], 70, 79)
    found = hysteresis(before_and_after(table, left, 5), never, societies).set_index("k")
    assert list(found.reset_index()) == sorted(HYSTERESIS, key=lambda name: (name != "k", HYSTERESIS.index(name)))
    assert found["reading"].to_dict() == {8: NOTHING, 30: reading}
    assert found["before"][30] > 0.8
    assert found["kept"][30] > 0.7 if reading == STAYED else found["kept"][30] < 0.1
    assert found["societies"].eq(5).all()


def test_a_society_that_nobody_answers_in_has_no_after() -> None:
    events = made_events(society="s0", tick=[3, 4, 4], agent=[1, 0, 1], kind=["opinion", "leave", "leave"], option=1)
    left = leaving(events)
    assert left.to_numpy().tolist() == [["s0", 4]]
    both = before_and_after(adoption_over_time(events, agents_of(1, 2, 1)), left, 5)
    assert both["before"].tolist() == [1]
    assert both["after"].isna().all()
