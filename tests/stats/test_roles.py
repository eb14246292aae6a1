"""Roles that last are told from acts at random, and from roles that are dealt out anew."""

import numpy as np
import pandas as pd
import pytest

from askew.stats.roles import MEASURES, NO_ROLE, ROLES, activities, role_measures, roles, roles_over_time
from made_societies import made_events

WORK = ("farmer", "fisher", "guard", "smith")
AGENTS, WINDOWS, TICKS = 20, 4, 10


def made_acts(rng: np.random.Generator, societies: int, keeps: float, focus: float) -> pd.DataFrame:
    """Return acts of agents that keep their role from window to window, and act by it, with these chances."""
    shape = (societies, WINDOWS, AGENTS)
    drawn = rng.integers(len(WORK), size=shape)
    kept = rng.random(shape) < keeps
    for window in range(1, WINDOWS):
        drawn[:, window] = np.where(kept[:, window], drawn[:, window - 1], drawn[:, window])
    acts = np.where(
        rng.random((*shape, TICKS)) < focus, drawn[..., None], rng.integers(len(WORK), size=(*shape, TICKS))
    )
    society, window, agent, tick = np.indices(acts.shape).reshape(4, -1)
    activity = np.asarray(WORK)[acts.ravel()]
    return pd.DataFrame({"society": society, "tick": window * TICKS + tick, "agent": agent, "activity": activity})


def measured(rng: np.random.Generator, keeps: float, focus: float, societies: int = 60) -> pd.DataFrame:
    """Return the measures of societies, one row each."""
    table = role_measures(roles(made_acts(rng, societies, keeps, focus), TICKS))
    return table.pivot(index="society", columns="measure", values="value")


@pytest.mark.parametrize(
    ("keeps", "focus", "lasting", "focused"),
    [(0.0, 0.0, False, False), (0.0, 0.9, False, True), (1.0, 0.0, False, False), (1.0, 0.9, True, True)],
)
def test_persistence_and_focus_are_zero_unless_planted(
    keeps: float, focus: float, lasting: bool, focused: bool
) -> None:
    values = measured(np.random.default_rng(0), keeps, focus)
    for measure, planted in (("persistence", lasting), ("focus", focused)):
        mean, error = values[measure].mean(), values[measure].std() / np.sqrt(len(values))
        if planted:
            assert mean > 0.3, measure
        else:
            assert abs(mean) < 3 * error, measure  # with a society as the unit


def test_planted_persistence_is_recovered() -> None:
    """With roles that are clear, the share of agents that keep theirs beyond chance is the planted one."""
    values = measured(np.random.default_rng(1), keeps=0.5, focus=1.0)
    kept = 0.5 + 0.5 / len(WORK)
    error = values["kept"].std() / np.sqrt(len(values))
    assert abs(values["kept"].mean() - kept) < 3 * error
    assert values["persistence"].mean() == pytest.approx(0.5 * (1 - 1 / len(WORK)), abs=0.05)


def test_two_windows_by_hand() -> None:
    """Ann farms and then fishes, Bea fishes twice, and Cleo does one thing of each."""
    acts = [(0, "a", "farm"), (1, "a", "farm"), (2, "a", "fish"), (5, "a", "fish"), (6, "a", "fish")]
    acts += [(0, "b", "fish"), (1, "b", "fish"), (5, "b", "fish"), (6, "b", "fish"), (0, "c", "farm"), (1, "c", "fish")]
    frame = pd.DataFrame(acts, columns=["tick", "agent", "activity"]).assign(society="s")
    table = roles(frame[["society", "tick", "agent", "activity"]], 5)
    assert list(table) == list(ROLES)
    by_agent = table.set_index(["agent", "window"])
    assert by_agent["role"].to_dict() == {
        ("a", 0): "farm",
        ("a", 1): "fish",
        ("b", 0): "fish",
        ("b", 1): "fish",
        ("c", 0): NO_ROLE,
    }
    assert by_agent.loc[("a", 0), "share"] == pytest.approx(2 / 3)
    values = role_measures(table).set_index("measure")["value"]
    assert set(values.index) == set(MEASURES)
    assert values["kept"] == 0.5
    assert values["kept_shuffled"] == 0.5  # one of two roles is fish before, and both are after
    assert values["with_role"] == pytest.approx(4 / 5)
    shares = roles_over_time(table).set_index(["window", "role"])["share"]
    assert shares[(0, "farm")] == pytest.approx(1 / 3)
    assert shares[(1, "fish")] == 1


def test_activities_are_read_from_chosen_lines_or_from_kinds_of_events() -> None:
    events = made_events(
        society="s",
        tick=[0, 0, 1, 1],
        agent=[1, 2, 1, 2],
        kind=["act", "gather", "give", "say"],
        text=["I sow.", "wood", "x", ""],
    )
    assert activities(events, {"I sow.": "farmer"})["activity"].tolist() == ["farmer"]
    assert activities(events)["activity"].tolist() == ["gather wood", "give"]
    assert roles(activities(events.iloc[:0]), 5).empty
