"""Carries out what agents chose in one tick: it moves their bodies through the world's verbs, and writes the events."""

from collections.abc import Mapping, Sequence

import numpy as np

from askew.worlds.society.experiment import Answer
from askew.worlds.society.state import Happened, State
from askew.worlds.society.world import Numbers

_TOO_MUCH = 10  # hunger or tiredness at which nobody works

BODILY = frozenset({"work", "go", "rest", "eat", "give", "take", "say", "claim"})
"""The kinds of acts that are carried out here; experiments define others."""


def carry_out(
    state: State, tick: int, meeting: int, by_kind: Mapping[str, Sequence[Answer]], listens: bool
) -> Happened:
    """Carry out one tick's acts of BODILY kinds.

    Args:
        state: The society, which is changed.
        tick: The tick.
        meeting: The place where everybody goes; -1 if each goes where its plan leads.
        by_kind: The answers by the kind of act.
        listens: Agents hear what is said.

    Returns:
        What happened, for the modules.
    """
    happened = Happened()
    _decide_plans(state, tick, by_kind)
    _walk(state, tick, meeting)
    happened.worker = _dig(state, tick)
    happened.greedy = _take(state, tick, by_kind.get("take", ()))
    happened.giver, happened.receiver = _give(state, tick, by_kind.get("give", ()))
    happened.eater = _eat(state, tick, by_kind.get("eat", ()))
    happened.sleeper = _agents(by_kind.get("rest", ()))
    state.log("rest", tick, happened.sleeper)
    said = [*by_kind.get("say", ()), *by_kind.get("claim", ())]
    _say(state, tick, said, listens, happened)
    return happened


def _decide_plans(state: State, tick: int, by_kind: Mapping[str, Sequence[Answer]]) -> None:
    """Let agents change their plans: a work, a place to go to, or to rest where they are."""
    state.plan[_agents(by_kind.get("rest", ()))] = -1
    goers = _agents(by_kind.get("go", ()))
    state.plan[goers] = -1
    state.aim[goers] = _numbers(by_kind.get("go", ()))
    works = by_kind.get("work", ())
    agents, plans = _agents(works), _numbers(works)
    new = state.plan[agents] != plans
    state.plan[agents] = plans
    lines = state.events.texts([state.works[plan].line for plan in plans[new].tolist()])
    state.log("think", tick, agents[new], text=lines)


def _walk(state: State, tick: int, meeting: int) -> None:
    agents = state.present()
    place = state.work_place[state.plan[agents]]
    aim = np.where(place >= 0, place, state.aim[agents])
    state.aim[agents] = aim
    moved = agents[state.world.walk(agents, aim if meeting < 0 else np.full_like(aim, meeting))]
    state.log("move", tick, moved)


def _dig(state: State, tick: int) -> Numbers:
    """Let those work who are where their plan wants them; return them."""
    world, agents = state.world, state.present()
    plan = state.plan[agents]
    able = (plan >= 0) & (state.hunger[agents] < _TOO_MUCH) & (state.tired[agents] < _TOO_MUCH)
    workers = agents[(world.at[agents] == state.work_place[plan]) & able]
    got = world.dig(tick, workers)
    goods = np.array([place.good for place in world.places], np.int32)[world.at[workers]]
    found = got > 0
    names = state.events.texts([good.name for good in world.goods])
    state.log("gather", tick, workers[found], text=names[goods[found]], number=got[found].astype(float))
    shared = state.work_for_store[state.plan[workers]] & found
    put = world.put(workers[shared], goods[shared], got[shared])
    state.log("put", tick, workers[shared], text=names[goods[shared]], number=put.astype(float))
    return workers


def _take(state: State, tick: int, answers: Sequence[Answer]) -> Numbers:
    """Let agents take parts of the store; return those who took more than one."""
    agents, wanted = _agents(answers), _numbers(answers)
    got = state.world.take(tick, agents, wanted)
    state.took[agents] = got
    state.log("take", tick, agents, number=got.astype(float), option=wanted)
    return agents[got > 1]


def _give(state: State, tick: int, answers: Sequence[Answer]) -> tuple[Numbers, Numbers]:
    """Let agents give to their neighbours; return those who gave and those who got."""
    agents, goods = _agents(answers), _numbers(answers)
    to = state.neighbour[agents]
    given = state.world.give(agents, to, goods) > 0
    names = state.events.texts([good.name for good in state.world.goods])
    state.log("give", tick, agents[given], to=to[given], text=names[goods[given]], number=1.0)
    return agents[given], to[given]


def _eat(state: State, tick: int, answers: Sequence[Answer]) -> Numbers:
    agents = _agents(answers)
    eaters = agents[state.world.eat(agents) > 0]
    state.log("eat", tick, eaters)
    return eaters


def _say(state: State, tick: int, answers: Sequence[Answer], listens: bool, happened: Happened) -> None:
    """Let agents speak, and write down in `happened` who heard what."""
    agents = _agents(answers)
    sides = np.array([answer.act.side for answer in answers], np.int32)
    lines = [answer.act.line for answer in answers]
    texts = state.events.texts(lines)
    claims = [float(answer.act.number) if answer.act.kind == "claim" else np.nan for answer in answers]
    state.log("say", tick, agents, text=texts, option=sides, number=claims)
    state.said[agents] = np.where(sides >= 0, sides, state.said[agents])
    state.world.say(agents, lines)
    number, hearer = state.world.hear(tick)
    if not listens:
        number, hearer = number[:0], hearer[:0]
    happened.lines, happened.speaker, happened.said = lines, agents, sides
    happened.utterance = number
    happened.source, happened.hearer, happened.side = agents[number], hearer, sides[number]
    state.log("hear", tick, hearer, text=texts[number], option=happened.side, source=happened.source)


def _agents(answers: Sequence[Answer]) -> Numbers:
    return np.array([answer.agent for answer in answers], np.int32)


def _numbers(answers: Sequence[Answer]) -> Numbers:
    return np.array([answer.act.number for answer in answers]).astype(np.int32)
