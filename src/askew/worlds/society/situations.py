"""Made-up situations of single agents: questions of the society's own prompts, with facts that are drawn.

Lessons of play are made of them, and so are the probes of single agents. Only those facts are drawn that a prompt
tells, so that a rule that reads the facts knows no more than the agent.
"""

from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Any

from askew.worlds.society.experiment import Experiment, Setting
from askew.worlds.society.experiments import bent, experiments, religion, tax
from askew.worlds.society.facts import Facts
from askew.worlds.society.questions import Asked
from askew.worlds.society.society import Society
from askew.worlds.society.state import VOICES

ASKED: Mapping[str, Mapping[str, float]] = {
    "bent": {"say": 3, "opinion": 2, "vote": 2, "take": 2, "claim": 1, "trust": 1, "act": 3},
    "tax": {"say": 2, "feedback": 1, "vote": 1, "pay": 1, "amend": 0.5, "act": 2},
    "religion": {"say": 2, "belief": 2, "go": 1},
    "roles": {"say": 1, "act": 3},
}
"""The kinds of questions of each experiment, with how often one is drawn."""

_LAWS = tuple(range(0, 65, 5))


def situation(name: str, rng: Random) -> Asked:
    """Return a question that an agent may be asked in any condition of an experiment, with drawn facts.

    Args:
        name: The experiment's name.
        rng: The source of the draws.
    """
    kind = experiments.get(name)
    condition, topic = rng.choice(list(kind.conditions)), rng.choice(list(kind.topics) or [""])
    about = rng.choices(list(ASKED[name]), list(ASKED[name].values()))[0]
    asked = question(name, about, drawn_facts(name, about, condition, rng), condition, topic)
    return asked if len(asked.options) > 1 else situation(name, rng)


def question(experiment: str, about: str, facts: Facts, condition: str = "", topic: str = "") -> Asked:
    """Return a question of an experiment with made-up facts.

    Args:
        experiment: The experiment's name.
        about: The kind of decision.
        facts: What the agent knows.
        condition: The condition; the default one if it is "".
        topic: The topic, in experiments that have several; the default one if it is "".
    """
    return _society(experiment, condition, topic).asked(about, facts)


def drawn_facts(experiment: str, about: str, condition: str, rng: Random) -> Facts:
    """Return facts at random: those that are told in a question of an experiment and a condition.

    Args:
        experiment: The experiment's name.
        about: The kind of decision.
        condition: The condition.
        rng: The source of the draws.
    """
    kind = experiments.get(experiment)
    lacking = kind.conditions[condition].without
    told = [name for name in kind.tells.get(about, _DRAWN) if name not in lacking]
    facts = Facts("agent")
    for name in told:
        facts = _DRAWN[name](facts, kind, experiment, rng)
    own = _OWN.get(experiment)
    return facts._replace(own=own(about, facts, rng)) if own else facts


@cache
def _society(experiment: str, condition: str, topic: str) -> Society:
    return Society(Setting(experiment, condition, topic=topic), seed=0)


def voices(count: int, rng: Random) -> tuple[int, int]:
    """Return how many of some voices took each of two sides; all shares are as likely."""
    one = rng.randint(0, count)
    return count - one, one


def _place(facts: Facts, kind: type[Experiment], name: str, rng: Random) -> Facts:
    return facts._replace(
        place=rng.randint(-1, len(kind.places) - 1),
        near=rng.randint(0, 3),
        store=rng.randint(0, 2) if kind.stock else -1,
    )


def _needs(facts: Facts, kind: type[Experiment], name: str, rng: Random) -> Facts:
    bag = tuple(rng.randint(0, 2) for _ in kind.goods)
    return facts._replace(hunger=rng.randint(0, 2), tired=rng.randint(0, 2), bag=bag)


def _habit(facts: Facts, kind: type[Experiment], name: str, rng: Random) -> Facts:
    return facts._replace(habit=rng.randint(-1, len(kind.works) - 1))


def _neighbour(facts: Facts, kind: type[Experiment], name: str, rng: Random) -> Facts:
    if rng.random() < 0.2:
        return facts
    return facts._replace(has_neighbour=True, mood=rng.randint(-1, 1), needy=rng.random() < 0.3)


def _plan(facts: Facts, kind: type[Experiment], name: str, rng: Random) -> Facts:
    return facts._replace(plan=rng.randint(-1, len(kind.works) - 1))


def _heard(facts: Facts, kind: type[Experiment], name: str, rng: Random) -> Facts:
    """Draw voices: most agents have soon heard as many as they remember."""
    count = VOICES if rng.random() < 0.6 else rng.randint(0, VOICES)
    if name != "roles":
        return facts._replace(heard=voices(count, rng))
    said = [rng.randrange(4) for _ in range(count)]
    return facts._replace(heard=tuple(said.count(side) for side in range(4)))


_Draw = Callable[[Facts, type[Experiment], str, Random], Facts]
_DRAWN: Mapping[str, _Draw] = {
    "perceive": _place,
    "needs": _needs,
    "memory": _habit,
    "social": _neighbour,
    "plan": _plan,
    "talk": _heard,
}


def _own_of_bent(about: str, facts: Facts, rng: Random) -> Any:
    if about == "claim":
        return bent.Own(rng.choice(bent.PARTS))
    return bent.Own(0, rng.choice(bent.PARTS), rng.randint(-1, 1)) if about == "trust" else None


def _own_of_tax(about: str, facts: Facts, rng: Random) -> tax.Own:
    law = rng.choice(_LAWS)
    other = rng.choice([rate for rate in (law - 10, law - 5, law + 5, law + 10) if 0 <= rate <= _LAWS[-1]])
    feedback = (rng.randint(0, 20), rng.randint(0, 20)) if about == "amend" else (0, 0)
    return tax.Own(law, other if about == "vote" else -1, 0, feedback)


def _own_of_religion(about: str, facts: Facts, rng: Random) -> religion.Own:
    if about == "go":
        return religion.Own(0, rng.randrange(6), rng.randrange(6))
    return religion.Own(max(rng.choice((0, 1, 2, 4, 8)), sum(facts.heard[1:])))


_OWN: Mapping[str, Callable[[str, Facts, Random], Any]] = {
    "bent": _own_of_bent,
    "tax": _own_of_tax,
    "religion": _own_of_religion,
}
