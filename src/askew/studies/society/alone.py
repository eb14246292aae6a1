"""Questions for a single agent: the society's own prompts with made-up facts, and what is read from the options.

They are asked before any society is played. From them, the conformity and the bias are fitted by which the tipping
share is predicted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

import pandas as pd

from askew.worlds.society import Act, Asked, Facts
from askew.worlds.society.experiments import bent
from askew.worlds.society.scripted import lean
from askew.worlds.society.situations import ASKED, question, situation
from askew.worlds.society.state import VOICES

SIDE = "side 1"
TAKES_NOTHING, TAKES_MORE = "takes nothing", "takes more than its part"
TRUE, LESS = "claims what it took", "claims less than it took"
TRUSTS_FAIR, TRUSTS_GREEDY = "trusts who took no more than its part", "trusts who took more"
WORKS_FOR_ALL, GIVES = "works for the common store", "gives to a neighbour"

TOPICS = tuple(bent.TOPICS)
ABOUTS = ("say", "opinion", "vote")
"""The kinds of decisions between the sides of a topic."""

_SITUATIONS = 15  # of each experiment, in which it is read how likely a line is at all


@dataclass(frozen=True)
class Item:
    """One prompt of a question, and what is read from it.

    Attributes:
        asked: The prompt and its options.
        options: The numbers of the options whose probabilities are added; empty for all of them, not renormalised.
        heard: The share of voices for side 1 minus that for side 0, -1 to 1, in decisions between sides.
    """

    asked: Asked
    options: tuple[int, ...] = ()
    heard: float = 0.0


@dataclass(frozen=True)
class Alone:
    """A question for a single agent in several situations.

    Attributes:
        id: Its name in tables.
        score: The name of its numbers: the probability of some options, or of all among everything that could be said.
        items: Its situations.
        topic: The topic, in decisions between its sides; "" in others.
    """

    id: str
    score: str
    items: tuple[Item, ...]
    topic: str = ""


@cache
def questions(topics: tuple[str, ...] = TOPICS) -> tuple[Alone, ...]:
    """Return everything that a single agent is asked.

    Args:
        topics: The topics of the decisions between two sides.
    """
    sides = [Alone(f"{topic}, {about}", SIDE, _sides(topic, about), topic) for topic in topics for about in ABOUTS]
    takes, claims, trusts, acts = _takes(), _claims(), _trusts(), _acts()
    return (
        *sides,
        Alone("takes nothing", TAKES_NOTHING, _where(takes, lambda asked, act: act.number == 0)),
        Alone("takes more", TAKES_MORE, _where(takes, lambda asked, act: act.number > 1)),
        Alone("claims the truth", TRUE, _where(claims, lambda asked, act: act.number == asked.facts.own.took)),
        Alone("claims less", LESS, _where(claims[1:], lambda asked, act: act.number < asked.facts.own.took)),
        Alone("trusts the fair", TRUSTS_FAIR, _where(trusts[:-3], lambda asked, act: act.number == 1)),
        Alone("trusts the greedy", TRUSTS_GREEDY, _where(trusts[-3:], lambda asked, act: act.number == 1)),
        # The first work is that for the common store.
        Alone("works for all", WORKS_FOR_ALL, _where(acts, lambda asked, act: act.kind == "work" and act.number == 0)),
        Alone("gives", GIVES, _where(acts, lambda asked, act: act.kind == "give")),
        *(Alone(f"plays {name}", plays(name), _situations(name)) for name in ASKED),
    )


def plays(experiment: str) -> str:
    """Return the score of how likely a model says one of the lines at all, in an experiment's situations."""
    return f"says one of the lines of {experiment}"


def conformity_probes(scores: pd.DataFrame, probe: str) -> pd.DataFrame:
    """Return the decisions between two sides, as `stats.conformity.conformity` takes them.

    Args:
        scores: The scores of a run, with the columns of `scores.parquet`: arm, seed, probe, question, epoch, metric and
            value (0-1) are read.
        probe: The name of the probe that asked.

    Returns:
        One row per decision: arm, seed, topic, about, heard (-1 to 1), value (the probability of side 1, 0-1) and
        cluster (the topic with the kind of decision).
    """
    columns = ["arm", "seed", "topic", "about", "heard", "value", "cluster"]
    if scores.empty:
        return pd.DataFrame(columns=columns)
    known = {one.id: one for one in questions() if one.score == SIDE}
    ours = scores[scores["probe"].eq(probe) & scores["metric"].eq(SIDE)]
    found = [known[str(name)] for name in ours["question"]]
    return ours.assign(
        topic=[one.topic for one in found],
        about=[one.items[0].asked.about for one in found],
        heard=[one.items[int(at) - 1].heard for one, at in zip(found, ours["epoch"], strict=True)],
        cluster=ours["question"].astype(str),
    )[columns]


def _sides(topic: str, about: str) -> tuple[Item, ...]:
    """Return decisions between the sides of a topic, after as many voices as an agent remembers, and after none."""
    step = 2 if about == "vote" else 1
    told = [(VOICES - one, one) for one in range(0, VOICES + 1, step)]
    return tuple(
        Item(question("bent", about, Facts("agent", hunger=1, bag=(1,), heard=heard), topic=topic), (1,), lean(heard))
        for heard in (*told, (0, 0))
    )


def _situations(experiment: str) -> tuple[Item, ...]:
    drawn = (Random(f"alone {experiment} {number}") for number in range(_SITUATIONS))
    return tuple(Item(situation(experiment, one)) for one in drawn)


def _takes() -> list[Asked]:
    return [
        question("bent", "take", Facts("agent", place=0, near=3, store=store, hunger=hunger, bag=(1,)))
        for hunger in range(3)
        for store in (1, 2)
    ]


def _claims() -> list[Asked]:
    return [question("bent", "claim", Facts("agent", own=bent.Own(took))) for took in bent.PARTS]


def _trusts() -> list[Asked]:
    return [
        question("bent", "trust", Facts("agent", has_neighbour=True, mood=mood, own=bent.Own(0, took)))
        for took in bent.PARTS
        for mood in (-1, 0, 1)
    ]


def _acts() -> list[Asked]:
    return [
        question("bent", "act", Facts("agent", 0, 3, 2, bag=(1,), plan=plan, has_neighbour=True, heard=(4, 4)))
        for plan in (-1, 0, 1)
    ]


def _where(every: Sequence[Asked], is_meant: Callable[[Asked, Act], bool]) -> tuple[Item, ...]:
    """Return the situations, with those options of each that are meant."""
    return tuple(Item(asked, tuple(at for at, act in enumerate(asked.acts) if is_meant(asked, act))) for asked in every)
