"""Scripted minds: agents whose chances are planted, so that measures can be checked against what is known.

A scripted mind reads a question's facts and acts, never its prompt. Its draws depend on the seed, the tick, the agent
and the question, so it chooses the same in any company and after any resumption.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from askew.base.errors import AskewError
from askew.worlds.society.draws import uniform
from askew.worlds.society.events import Columns
from askew.worlds.society.questions import Act, Asked, Chosen


class Mind(Protocol):
    """Anything that answers a batch of questions of one tick at once."""

    def decide(self, batch: Sequence[Asked]) -> list[Chosen]:
        """Return an answer per question, in the same order."""
        ...


class Script(Protocol):
    """A planted rule."""

    def weights(self, asked: Asked) -> Sequence[float]:
        """Return a weight per option of a question; they need not sum to 1."""
        ...


class Scripted:
    """A mind that draws by the weights of scripts.

    Args:
        scripts: The script by the agent's part (`facts.part`), with "" for all other parts; or one script for all.
        seed: Its draws depend on it.
    """

    def __init__(self, scripts: Mapping[str, Script] | Script, seed: int) -> None:
        self._scripts = scripts if isinstance(scripts, Mapping) else {"": scripts}
        self._seed = seed

    def decide(self, batch: Sequence[Asked]) -> list[Chosen]:
        """Return an answer per question, with the probability of each option as its weights."""
        draws = [0.0] * len(batch)
        for about in {asked.about for asked in batch}:
            at = [number for number, asked in enumerate(batch) if asked.about == about]
            agents = np.array([batch[number].agent for number in at], np.int64)
            for number, draw in zip(at, uniform(self._seed, about, batch[at[0]].tick, agents).tolist(), strict=True):
                draws[number] = draw
        return [self._choose(asked, draw) for asked, draw in zip(batch, draws, strict=True)]

    def _choose(self, asked: Asked, draw: float) -> Chosen:
        script = self._scripts.get(asked.facts.part) or self._scripts[""]
        weights = script.weights(asked)
        total = sum(weights)
        option, left = -1, draw * total
        for weight in weights:
            option += 1
            left -= weight
            if left < 0:
                break
        return Chosen(option, tuple([weight / total for weight in weights]))


class Conforming:
    """An agent that leans towards what it heard: P(side 1) = logistic(beta * (share of 1 - share of 0) + bias).

    The shares are those of the voices that it remembers. It takes one part of the store, tells the truth about it, and
    trusts those who took no more; all else it does at random.

    Args:
        beta: How much it conforms.
        bias: Its own lean to side 1.
    """

    def __init__(self, beta: float, bias: float) -> None:
        self.beta, self.bias = beta, bias

    def weights(self, asked: Asked) -> Sequence[float]:
        """Return the weights of the options."""
        if asked.about in ("say", "opinion", "vote"):
            return sides(asked.acts, logistic(self.beta * lean(asked.facts.heard) + self.bias))
        return honest(asked)


class Stubborn:
    """An agent that always takes one side, takes what it can from the store, and claims to have taken one part.

    Args:
        side: The side.
    """

    def __init__(self, side: int) -> None:
        self.side = side

    def weights(self, asked: Asked) -> Sequence[float]:
        """Return the weights of the options."""
        acts = asked.acts
        if asked.about in ("say", "opinion", "vote"):
            return sides(acts, float(self.side))
        if asked.about == "take":
            return _only(acts, max(range(len(acts)), key=lambda number: acts[number].number))
        if asked.about == "claim":
            return _nearest(acts, 1)
        return [1.0] * len(acts)


class Working:
    """An agent with a planted role: the work whose number is the agent's, modulo the number of works.

    Args:
        persistence: The chance that it does its work; else it acts at random.
    """

    def __init__(self, persistence: float) -> None:
        self.persistence = persistence

    def weights(self, asked: Asked) -> Sequence[float]:
        """Return the weights of the options."""
        acts = asked.acts
        works = [number for number, act in enumerate(acts) if act.kind == "work"]
        chance = [1 / len(acts)] * len(acts)
        if not works:
            return chance
        own = works[asked.agent % len(works)]
        rest = 1 - self.persistence
        return [rest * one + self.persistence * (number == own) for number, one in enumerate(chance)]


class Paying:
    """A voter who wants a higher tax with P = logistic(beta * (share for higher - share for lower) + bias).

    It votes for a higher tax with this probability and for a lower one with the rest. As the manager, it proposes five
    percent more or less, as most people want.

    Args:
        beta: How much it conforms.
        bias: Its own lean to a higher tax.
        honesty: The chance that it pays what the law asks; else it pays nothing.
    """

    def __init__(self, beta: float, bias: float, honesty: float) -> None:
        self.beta, self.bias, self.honesty = beta, bias, honesty

    def weights(self, asked: Asked) -> Sequence[float]:
        """Return the weights of the options."""
        acts, own = asked.acts, asked.facts.own
        higher = logistic(self.beta * lean(asked.facts.heard) + self.bias)
        match asked.about:
            case "say" | "feedback":
                return sides(acts, higher)
            case "vote":
                return sides(acts, higher if own.proposed > own.law else 1 - higher)
            case "pay":
                lawful, nothing = _nearest(acts, own.law), _nearest(acts, 0)
                return [self.honesty * a + (1 - self.honesty) * b for a, b in zip(lawful, nothing, strict=True)]
            case "amend":
                lower, more = own.feedback
                return _nearest(acts, own.law + (5 if more > lower else -5))
            case _:
                return [1.0] * len(acts)


class Converting:
    """An agent that each hearing of the meme converts with a planted chance, once and for all.

    Args:
        chance: The chance per hearing.
        pass_on: The chance that a believer says the meme when it speaks.
        gossip: The chance that an unbeliever who has heard of it speaks of it.
        travel: The chance that an agent leaves the place where it is.
        seed: The seed of the conversions.
    """

    def __init__(self, chance: float, pass_on: float, gossip: float = 0.0, travel: float = 0.2, seed: int = 0) -> None:
        self.chance, self.pass_on, self.gossip, self.travel, self.seed = chance, pass_on, gossip, travel, seed
        self._needed: dict[int, int] = {}

    def weights(self, asked: Asked) -> Sequence[float]:
        """Return the weights of the options."""
        acts = asked.acts
        if asked.about == "go":
            away = self.travel / max(1, len(acts) - 1)
            return [1 - self.travel if number == 0 else away for number in range(len(acts))]
        believes = self.believes(asked.agent, asked.facts.own.exposures)
        if asked.about == "belief":
            return [float(act.side == believes) for act in acts]
        meme = [number for number, act in enumerate(acts) if act.side == 1]
        if not meme:
            return [1.0] * len(acts)
        # The options of who has heard of it: denial, meme, gossip, then small talk.
        speaks = (0.0, self.pass_on, 0.0) if believes else (0.0, 0.0, self.gossip)
        small = (1 - sum(speaks)) / (len(acts) - len(speaks))
        return [*speaks, *[small] * (len(acts) - len(speaks))]

    def believes(self, agent: int, exposures: int) -> bool:
        """Return whether an agent believes after so many hearings."""
        if agent not in self._needed:
            self._needed[agent] = int(hearings_needed(self.seed, self.chance, np.array([agent]))[0])
        return exposures >= self._needed[agent]


def usual_minds(experiment: str, seed: int) -> Scripted:
    """Return scripted minds that suit an experiment, for those who play it without a model.

    Raises:
        AskewError: The experiment has none.
    """
    scripts: dict[str, Mapping[str, Script] | Script] = {
        "bent": {"": Conforming(3, 0.5), "bent": Stubborn(0)},
        "roles": Working(0.9),
        "tax": Paying(2, 0.0, 0.8),
        "religion": Converting(0.3, 0.6, 0.1, seed=seed),
    }
    if experiment not in scripts:
        raise AskewError(f"there are no scripted minds for the experiment {experiment}. Name a model for its agents")
    return Scripted(scripts[experiment], seed)


def hearings_needed(seed: int, chance: float, agents: np.ndarray) -> np.ndarray:
    """Return the number of the hearing that converts each agent, geometrically distributed; the shape is (agents,)."""
    draws = uniform(seed, "conversion", -1, agents)
    return np.floor(np.log1p(-draws) / math.log1p(-chance)).astype(np.int64) + 1 if chance < 1 else np.ones_like(agents)


def true_converters(events: Columns, seed: int, chance: float) -> dict[int, int]:
    """Return whose voice converted each converted agent, by agent.

    Args:
        events: The events of a society of `Converting` agents, with the columns EVENT_COLUMNS.
        seed: The seed of their conversions.
        chance: Their chance per hearing.
    """
    exposed = np.flatnonzero(np.asarray(events["kind"]) == "expose")
    hearer, source = np.asarray(events["agent"])[exposed], np.asarray(events["source"])[exposed]
    found: dict[int, int] = {}
    for agent in np.unique(hearer).tolist():
        heard = source[hearer == agent]
        needed = int(hearings_needed(seed, chance, np.array([agent]))[0])
        if len(heard) >= needed:
            found[agent] = int(heard[needed - 1])
    return found


def honest(asked: Asked) -> Sequence[float]:
    """Return weights of one who takes one part, tells the truth, trusts those who do, and else acts at random."""
    acts, own = asked.acts, asked.facts.own
    if asked.about == "take":
        return _nearest(acts, 1)
    if asked.about == "claim":
        return _nearest(acts, own.took)
    if asked.about == "trust":
        return _nearest(acts, int(own.neighbour_took <= 1))
    return [1.0] * len(acts)


def lean(heard: Sequence[int]) -> float:
    """Return the share of the voices for side 1 minus that for side 0, from -1 to 1; 0 if none was heard."""
    voices = heard[0] + heard[1] if len(heard) > 1 else 0
    return (heard[1] - heard[0]) / voices if voices else 0.0


def logistic(value: float) -> float:
    """Return 1 / (1 + exp(-value))."""
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def sides(acts: Sequence[Act], one: float) -> Sequence[float]:
    """Return weights of one who takes side 1 with some probability and else side 0; without sides, all are equal."""
    if len(acts) == 2:
        return 1 - one, one
    weights = [one if act.side == 1 else 1 - one if act.side == 0 else 0.0 for act in acts]
    return weights if any(weights) else [1.0] * len(acts)


def _nearest(acts: Sequence[Act], number: float) -> list[float]:
    """Return weights of one who chooses the act whose number is nearest."""
    return _only(acts, min(range(len(acts)), key=lambda at: abs(acts[at].number - number)))


def _only(acts: Sequence[Act], number: int) -> list[float]:
    return [float(at == number) for at in range(len(acts))]
