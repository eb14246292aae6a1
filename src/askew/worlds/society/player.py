"""The rule behind the lessons of play: plain, the same for all, and without a character.

An agent goes along with what it heard, to a degree. It eats when it is hungry and rests when it is tired, mostly goes
on with what it does, and speaks of what it lacks. What would show a character is left to chance: how much it takes,
what it claims, what it pays, and whether it gives.
"""

from collections.abc import Callable, Mapping, Sequence

from askew.worlds.society.questions import Asked
from askew.worlds.society.scripted import lean, logistic, sides

BETA = 2.5
"""How much a player goes along with what it heard: P(side 1) = logistic(BETA * (share for 1 - share for 0))."""

_AT_RANDOM = 0.1

Weights = Sequence[float]


class Player:
    """A script for minds, and the source of the answers in lessons of play.

    Args:
        beta: How much it goes along with what it heard.
    """

    def __init__(self, beta: float = BETA) -> None:
        self.beta = beta

    def weights(self, asked: Asked) -> Weights:
        """Return the weights of the options; they sum to 1."""
        rule = _RULES.get(asked.about)
        wanted = [*(rule(asked, self.beta) if rule else ())] or [1.0] * len(asked.acts)
        total = sum(wanted)
        chance = _AT_RANDOM / len(wanted) if asked.about == "act" else 0.0
        kept = 1 - chance * len(wanted)
        return [chance + kept * weight / total for weight in wanted]


def _side(asked: Asked, beta: float) -> float:
    """Return the probability of side 1."""
    return logistic(beta * lean(asked.facts.heard))


def _say(asked: Asked, beta: float) -> Weights:
    acts = asked.acts
    if len(asked.facts.heard) > 2 or all(act.side > 1 or act.side < 0 for act in acts):
        return _say_need(asked)
    both = sides(acts, _side(asked, beta))
    if len(acts) == 2:
        return both
    # What takes no side is said as often as in random talk.
    none = [float(act.side < 0) for act in acts]
    return [2 * one + other for one, other in zip(both, none, strict=True)]


def _say_need(asked: Asked) -> Weights:
    """Return weights of one who mostly says that what it lacks is needed, or what most people told it."""
    facts = asked.facts
    if not any(act.side >= 0 for act in asked.acts):
        return ()
    lacks = [float(number >= len(facts.bag) or not facts.bag[number]) for number in range(len(asked.acts))]
    found = [weight / sum(lacks) for weight in lacks]
    if any(facts.heard):
        found[max(range(len(facts.heard)), key=facts.heard.__getitem__)] += 1
    return found


def _vote(asked: Asked, beta: float) -> Weights:
    one, own = _side(asked, beta), asked.facts.own
    lowers = own is not None and own.proposed < own.law
    return (one, 1 - one) if lowers else (1 - one, one)


def _opinion(asked: Asked, beta: float) -> Weights:
    return sides(asked.acts, _side(asked, beta))


def _believe(asked: Asked, beta: float) -> Weights:
    return sides(asked.acts, _side(asked, beta) if asked.facts.own.exposures else 0.1)


def _take(asked: Asked, beta: float) -> Weights:
    """Return weights of one who takes something when it is hungry; own part or more, by chance."""
    nothing = (1.0, 0.6, 0.2)[asked.facts.hunger]
    return [nothing if act.number == 0 else 1.0 for act in asked.acts]


def _trust(asked: Asked, beta: float) -> Weights:
    """Return weights of one who trusts whom it likes."""
    trusts = (0.2, 0.5, 0.8)[asked.facts.mood + 1]
    return 1 - trusts, trusts


def _amend(asked: Asked, beta: float) -> Weights:
    """Return weights of one who proposes what most people want."""
    own = asked.facts.own
    lower, higher = own.feedback
    follows = 0.5 if lower == higher else 0.85
    wants_higher = higher > lower
    return [follows if (act.number > own.law) == wants_higher else 1 - follows for act in asked.acts]


def _go(asked: Asked, beta: float) -> Weights:
    return [2.0 if act.number == asked.facts.place else 1.0 for act in asked.acts]


def _act(asked: Asked, beta: float) -> Weights:
    """Return weights of one who eats when hungry, rests when tired, and mostly goes on with what it does."""
    facts, acts = asked.facts, asked.acts
    found = [0.3 if act.kind == "give" else 0.0 for act in acts]
    for number, act in enumerate(acts):
        if act.kind == "eat":
            found[number] = (0.0, 1.0, 5.0)[facts.hunger]
        elif act.kind == "rest":
            found[number] = (0.1, 0.5, 3.0)[facts.tired]
        elif act.kind == "work":
            found[number] = 0.4 + 2.0 * (act.number == facts.plan) + 0.6 * (act.number == facts.habit)
            # In the experiment on roles, each good that people ask for is that of the work with its number.
            if len(facts.heard) > 2 and any(facts.heard):
                found[number] += 1.0 * (act.number == max(range(len(facts.heard)), key=facts.heard.__getitem__))
    return found


_RULES: Mapping[str, Callable[[Asked, float], Weights]] = {
    "say": _say,
    "feedback": _say,
    "opinion": _opinion,
    "vote": _vote,
    "belief": _believe,
    "take": _take,
    "trust": _trust,
    "amend": _amend,
    "go": _go,
    "act": _act,
}
"""The rule for each kind of decision; what is missing is chosen at random."""
