"""The island: places, walking, voices and the common store."""

import numpy as np
import pytest

from askew.base.errors import AskewError
from askew.worlds.society.island import EARS, HEARING, Island
from askew.worlds.society.world import Good, Place

GOODS = (Good("bread"), Good("wood", is_food=False))
PLACES = (
    Place("market", "at the market"),
    Place("farm", "on the farm", 0, 1.0),
    Place("valley", "in the valley", 1, 1.0),
)


def made(agents: int = 9, stock: int = 0, stride: int = 0) -> Island:
    """Return an island with all agents at the market."""
    island = Island(agents, PLACES, GOODS, stride=stride, stock=stock)
    island.spawn(["name"] * agents, np.zeros(agents, np.int32))
    return island


def test_an_island_too_small_for_its_agents_is_refused() -> None:
    with pytest.raises(AskewError, match=r"too small for 100 agents at 3 places. Give it a size of at least 22"):
        Island(100, PLACES, GOODS, size=21)
    Island(100, PLACES, GOODS, size=22)


def test_each_agent_has_a_cell_of_its_own_and_places_are_out_of_earshot() -> None:
    island = made(50)
    assert len(set(zip(island.x.tolist(), island.y.tolist(), strict=True))) == 50
    half = np.arange(25, dtype=np.int32)
    island.walk(half, np.ones(25, np.int32))
    island.walk(half, np.ones(25, np.int32))
    assert set(island.at.tolist()) == {0, 1}
    assert not island.see(half)[:, 25:].any()


def test_walking_takes_time_and_ends_at_the_place() -> None:
    island = made(4, stride=3)
    where, moved = [], True
    while moved:
        moved = bool(island.walk(np.array([0]), np.array([1])).any())
        where.append(int(island.at[0]))
    assert where[0] == -1
    assert where[-1] == 1
    assert abs(island.x[0] - island.centre(1)[0]) <= 2
    assert abs(island.y[0] - island.centre(1)[1]) <= 2


def test_a_voice_is_heard_by_those_near_and_not_by_the_speaker() -> None:
    island = made(9)
    island.walk(np.array([8]), np.array([2]))
    island.walk(np.array([8]), np.array([2]))
    island.say(np.array([3, 8], np.int32), ["a", "b"])
    number, hearer = island.hear(0)
    assert hearer.tolist() == [0, 1, 2, 4, 5, 6, 7]
    assert set(number.tolist()) == {0}
    assert len(island.hear(1)[0]) == 0


def test_nobody_takes_in_more_voices_than_it_has_ears_for_and_each_voice_has_the_same_chance() -> None:
    island = made(30)
    heard = np.zeros(30)
    for tick in range(200):
        island.say(np.arange(30, dtype=np.int32), ["a"] * 30)
        number, hearer = island.hear(tick)
        assert np.bincount(hearer).max() == EARS
        assert (np.diff(hearer) >= 0).all()
        assert len(set(zip(number.tolist(), hearer.tolist(), strict=True))) == len(number)
        heard += np.bincount(number, minlength=30)
    near = island.see(np.arange(30, dtype=np.int32))
    assert near.sum() == 30 * 29  # a square of six cells: everybody is in hearing distance
    assert HEARING >= 6
    assert (abs(heard - 200 * EARS) < 0.25 * 200 * EARS).all()


def test_the_store_gives_what_it_has_and_no_more() -> None:
    island = made(6, stock=7)
    got = island.take(0, np.arange(6, dtype=np.int32), np.full(6, 3, np.int32))
    assert sorted(got.tolist()) == [0, 0, 0, 1, 3, 3]
    assert island.store.tolist() == [0, 0]
    assert island.bag[:, 0].tolist() == got.tolist()


def test_things_are_gathered_given_put_and_eaten_but_never_made_or_lost() -> None:
    island, everyone = made(4), np.arange(4, dtype=np.int32)
    island.walk(everyone, np.array([1, 1, 2, 0]))
    island.walk(everyone, np.array([1, 1, 2, 0]))
    assert island.dig(0, everyone).tolist() == [1, 1, 1, 0]
    assert island.bag.tolist() == [[1, 0], [1, 0], [0, 1], [0, 0]]
    given = island.give(np.array([0, 1, 3], np.int32), np.array([1, 2, 0], np.int32), np.zeros(3, np.int32))
    assert given.tolist() == [1, 1, 0]
    assert island.bag.sum() == 3
    assert island.put(np.array([2, 3], np.int32), np.array([1, 0], np.int32), np.array([5, 5], np.int32)).tolist() == [
        1,
        0,
    ]
    assert island.store.tolist() == [0, 1]
    assert island.eat(everyone).tolist() == [0, 1, 1, 0]
    assert island.bag.sum() == 0


def test_who_left_is_neither_seen_nor_heard() -> None:
    island = made(4)
    island.leave(np.array([2], np.int32))
    assert not island.see(np.array([0], np.int32))[0, 2]
    island.say(np.array([0], np.int32), ["a"])
    assert island.hear(0)[1].tolist() == [1, 3]
