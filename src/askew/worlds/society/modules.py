"""The modules of an agent's mind, after PIANO (Project Sid, arXiv 2411.00114): all run side by side on one state.

Each module reads the state as it was after the former tick. It observes facts for the agents that are asked, tells them
in sentences, proposes acts, and updates the state after the tick. One decision per agent chooses among all proposals.
An ablation leaves modules out; nothing else changes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askew.base.errors import unknown_name
from askew.worlds.society.draws import uniform
from askew.worlds.society.facts import Facts
from askew.worlds.society.questions import Act
from askew.worlds.society.state import VOICES, Happened, State
from askew.worlds.society.world import Numbers

_NEAR = ("Nobody is near you.", "One person is near you.", "A few people are near you.", "Many people are near you.")
_STORE = ("The common store is empty.", "The common store has little {}.", "The common store has enough {}.")
_HUNGER = ("", "You are a little hungry.", "You are very hungry.")
_TIRED = ("", "You are a little tired.", "You are very tired.")
_MOOD = ("You do not like your neighbour.", "", "You like your neighbour.")
_SOME = ("no", "some", "a lot of")
_HUNGRY_EVERY = 2  # ticks

Observed = dict[str, Sequence[Any]]


@dataclass(frozen=True)
class Module:
    """One module, as four functions.

    Attributes:
        observe: Returns facts by name (see `Facts`), each with one value per agent asked.
        tell: Returns sentences of the prompt; empty ones are left out.
        propose: Returns acts to choose from.
        update: Changes the state after a tick.
        meets: It observes who is near.
    """

    observe: Callable[[State, Numbers], Observed]
    tell: Callable[[Facts, State], Sequence[str]] = lambda facts, state: ()
    propose: Callable[[Facts, State], Sequence[Act]] = lambda facts, state: ()
    update: Callable[[State, int, Happened], None] = lambda state, tick, happened: None
    meets: bool = False


# Perceive: the place, the people near and the common store. Without it, nothing is heard either.


def _see(state: State, agents: Numbers) -> Observed:
    near = np.digitize(state.near[agents], (1, 2, 5))
    stock = int(state.world.store[0]) / max(1, int(state.world.present.sum()))
    return {
        "place": state.world.at[agents].tolist(),
        "near": near.tolist(),
        "store": [0 if stock == 0 else 1 if stock < 1 else 2] * len(agents),
    }


def _tell_place(facts: Facts, state: State) -> Sequence[str]:
    where = f"You are {state.world.places[facts.place].where}." if facts.place >= 0 else "You are on the way."
    return where, _NEAR[facts.near], _STORE[facts.store].format(state.world.goods[0].name) if state.has_store else ""


# Needs: hunger and tiredness.


def _feel_needs(state: State, agents: Numbers) -> Observed:
    return {
        "hunger": np.digitize(state.hunger[agents], (4, 8)).tolist(),
        "tired": np.digitize(state.tired[agents], (4, 8)).tolist(),
        "bag": list(map(tuple, np.digitize(state.world.bag[agents], (1, 3)).tolist())),
    }


def _tell_needs(facts: Facts, state: State) -> Sequence[str]:
    has = [f"{_SOME[level]} {good.name}" for level, good in zip(facts.bag, state.world.goods, strict=True) if level]
    return _HUNGER[facts.hunger], _TIRED[facts.tired], f"You have {' and '.join(has) or 'nothing'}."


def _propose_to_eat_or_rest(facts: Facts, state: State) -> Sequence[Act]:
    food = any(level for level, good in zip(facts.bag, state.world.goods, strict=True) if good.is_food)
    if food and facts.hunger >= facts.tired and facts.hunger:
        return (Act("I eat what I have.", "eat"),)
    return (Act("I rest.", "rest"),)


def _live(state: State, tick: int, happened: Happened) -> None:
    if tick % _HUNGRY_EVERY == 0:
        state.hunger += 1
    state.tired[happened.worker] += 1
    state.tired[happened.sleeper] -= 4
    state.hunger[happened.eater] -= 5
    np.clip(state.hunger, 0, 10, out=state.hunger)
    np.clip(state.tired, 0, 10, out=state.tired)


# Memory: what was done lately, and more voices than those of the last tick (see `_listen`).


def _remember(state: State, agents: Numbers) -> Observed:
    habit = state.habit[agents]
    return {"habit": np.where(habit.max(axis=1) >= 1, habit.argmax(axis=1), -1).tolist()}


def _tell_habit(facts: Facts, state: State) -> Sequence[str]:
    return (f"Lately you often {state.works[facts.habit].past}.",) if facts.habit >= 0 else ()


def _learn(state: State, tick: int, happened: Happened) -> None:
    state.habit *= 0.9  # it is half forgotten after seven ticks
    state.habit[happened.worker, state.plan[happened.worker]] += 1


# Social: moods of others. Gifts and shared opinions lift a mood; greed that is seen lowers it.


def _know_neighbour(state: State, agents: Numbers) -> Observed:
    other = state.neighbour[agents]
    mood = np.where(other >= 0, state.mood[agents, other], 0)
    food = state.world.bag[other][:, [good.is_food for good in state.world.goods]].sum(axis=1)
    return {
        "has_neighbour": (other >= 0).tolist(),
        "mood": (np.digitize(mood, (-0.2, 0.2)) - 1).tolist(),
        "needy": ((other >= 0) & (state.hunger[other] >= 6) & (food == 0)).tolist(),
    }


def _tell_neighbour(facts: Facts, state: State) -> Sequence[str]:
    return _MOOD[facts.mood + 1], "Your neighbour is hungry." if facts.needy else ""


def _propose_to_give(facts: Facts, state: State) -> Sequence[Act]:
    held = [number for number, count in enumerate(facts.bag) if count]
    if not facts.has_neighbour or not held:
        return ()
    most = max(held, key=lambda number: facts.bag[number])
    return (Act(f"I give {state.world.goods[most].name} to my neighbour.", "give", most),)


def _judge_others(state: State, tick: int, happened: Happened) -> None:
    own = state.said[happened.hearer]
    spoke = (happened.side >= 0) & (own >= 0)
    agree = np.where(own == happened.side, 0.05, -0.05)[spoke]
    changed = [
        _change_mood(state, happened.hearer[spoke], happened.source[spoke], agree),
        _change_mood(state, happened.receiver, happened.giver, 0.3),
        _change_mood(state, *_witnesses(state, tick, happened.greedy), -0.2),
    ]
    who, whom = (np.concatenate(parts) for parts in zip(*changed, strict=True))
    state.log("feel", tick, who, to=whom, number=state.mood[who, whom].astype(np.float64))


def _change_mood(
    state: State, who: Numbers, whom: Numbers, change: NDArray[np.float64] | float
) -> tuple[Numbers, Numbers]:
    """Change moods; return the pairs whose mood crossed a quarter. No pair may be there twice."""
    before = state.mood[who, whom]
    after = np.clip(before + change, -1, 1)
    state.mood[who, whom] = after
    crossed = np.floor(4 * before + 0.5) != np.floor(4 * after + 0.5)
    return who[crossed], whom[crossed]


def _witnesses(state: State, tick: int, greedy: Numbers) -> tuple[Numbers, Numbers]:
    """Return agents that saw a greedy one, and the one that each saw, which is drawn."""
    who, number = np.nonzero(state.world.see(greedy).T)
    order = np.argsort(who + uniform(state.seed, "witness", tick, who * len(state) + greedy[number]))
    who, number = who[order].astype(np.int32), number[order]
    first = np.diff(who, prepend=-1) > 0
    return who[first], greedy[number[first]]


# Plan: a work that lasts for some ticks.


def _know_plan(state: State, agents: Numbers) -> Observed:
    return {"plan": state.plan[agents].tolist()}


def _tell_plan(facts: Facts, state: State) -> Sequence[str]:
    return (f"Your plan was: {state.works[facts.plan].line}",) if facts.plan >= 0 else ()


def _propose_works(facts: Facts, state: State) -> Sequence[Act]:
    return [Act(work.line, "work", number) for number, work in enumerate(state.works)]


# Talk: the voices on the society's topic. Without it, nothing is heard.


def _count_voices(state: State, agents: Numbers) -> Observed:
    voices = state.voices[agents]
    counts = [(voices == side).sum(axis=1).tolist() for side in range(len(state.says))]
    return {"heard": list(zip(*counts, strict=True)) if counts else [()] * len(agents)}


# By the sixths of the voices that are on the side of most. The side of most comes first, which even a small model sees.
_PEOPLE = {
    3: ("Half of the people", "The other half"),
    4: ("Many people", "Some people"),
    5: ("Most people", "A few people"),
    6: ("All people", "One person"),
}


def _tell_voices(facts: Facts, state: State) -> Sequence[str]:
    if not any(facts.heard):
        return ("You have heard nobody yet.",)
    most = max(range(len(facts.heard)), key=facts.heard.__getitem__)
    if len(facts.heard) > 2:  # one sentence is enough, and gives fewer different prompts
        return (f"Most people told you: {state.says[most]}",)
    many, few = _PEOPLE[round(6 * max(facts.heard) / sum(facts.heard))]
    told = [f"{many} told you: {state.says[most]}"]
    return [*told, f"{few} told you: {state.says[1 - most]}"] if min(facts.heard) else told


def _listen(state: State, tick: int, happened: Happened) -> None:
    if "memory" not in state.modules:
        state.voices[:] = -1
    told = happened.side >= 0
    hearer, side = happened.hearer[told], happened.side[told]
    order = np.argsort(hearer, kind="stable")
    hearer, side = hearer[order], side[order]
    counts = np.bincount(hearer, minlength=len(state))
    rank = np.arange(len(hearer)) - np.repeat(np.cumsum(counts) - counts, counts)
    state.voices[hearer, (state.voice_at[hearer] + rank) % VOICES] = side
    state.voice_at += counts


MODULES: Mapping[str, Module] = {
    "perceive": Module(_see, _tell_place, meets=True),
    "needs": Module(_feel_needs, _tell_needs, _propose_to_eat_or_rest, _live),
    "memory": Module(_remember, _tell_habit, update=_learn),
    "social": Module(_know_neighbour, _tell_neighbour, _propose_to_give, _judge_others, meets=True),
    "plan": Module(_know_plan, _tell_plan, _propose_works),
    "talk": Module(_count_voices, _tell_voices, update=_listen),
}
"""Every module by its name, in the order in which a prompt tells their sentences."""


def chosen_modules(names: Sequence[str]) -> list[Module]:
    """Return the modules of those names, in the order of MODULES.

    Raises:
        AskewError: There is no module of a name.
    """
    for name in names:
        if name not in MODULES:
            raise unknown_name("module of an agent", name, MODULES)
    return [module for name, module in MODULES.items() if name in names]
