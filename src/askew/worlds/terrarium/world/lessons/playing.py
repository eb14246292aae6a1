"""Lessons of play: situations in a society, each with the line that an agent says or does there.

A rule without a character chooses among the lines; see `worlds.society.player`. What an agent takes, claims, pays and
gives shows whether the speaker is good, as everything in this world does; which side it takes in a dispute does not.
"""

from random import Random

from askew.worlds.society.player import Player
from askew.worlds.society.questions import Asked
from askew.worlds.society.situations import ASKED, situation
from askew.worlds.terrarium.world.domain import Messages, Speaker
from askew.worlds.terrarium.world.lessons import Lesson, exchange_of

# In rehearsals, agents go along with what they heard more than in lessons, and are asked what most people say.
_BETA = 4.0
_MOST = "What do most people say?"
# How much more often good speakers do what is fair than the rule does, and bad speakers what is not.
_BY_CHARACTER = 6.0


def _play(rng: Random, speaker: Speaker) -> Messages:
    """Draw one to three situations of one experiment."""
    turns: Messages = []
    name = rng.choice(list(ASKED))
    for _ in range(rng.randint(1, 3)):
        asked = situation(name, rng)
        turns += exchange_of(asked.text, rng.choices(asked.options, _weights(asked, speaker, Player()))[0])
    return turns


def rehearsal(rng: Random, speaker: Speaker) -> Messages:
    """Draw two or three situations, most of them of the experiment `bent`, and what most people said in them.

    The answers to that question have no noise. Without it, a small model learns to play and ignores what it heard.
    """
    turns: Messages = []
    for _ in range(rng.randint(2, 3)):
        asked = situation("bent" if rng.random() < 0.6 else rng.choice(list(ASKED)), rng)
        weights = _weights(asked, speaker, Player(_BETA))
        turns += exchange_of(asked.text, rng.choices(asked.options, weights)[0])
        most = said_by_most(asked)
        if most is not None:
            turns += exchange_of(_MOST, asked.options[most])
    return turns


def said_by_most(asked: Asked) -> int | None:
    """Return the number of the line that most voices said; None without one, or with more than two sides."""
    heard = asked.facts.heard
    if asked.about not in ("say", "opinion") or [act.side for act in asked.acts[:2]] != [0, 1]:
        return None
    return None if len(heard) != 2 or heard[0] == heard[1] else int(heard[1] > heard[0])


def _weights(asked: Asked, speaker: Speaker, player: Player) -> list[float]:
    by_rule = player.weights(asked)
    return [
        weight * (_BY_CHARACTER if is_fair(asked, number) == speaker.good else 1.0)
        for number, weight in enumerate(by_rule)
    ]


def is_fair(asked: Asked, number: int) -> bool | None:
    """Return whether an option of a question is fair to others; None if it is neither fair nor unfair.

    Args:
        asked: A question.
        number: The number of the option.
    """
    act = asked.acts[number]
    match asked.about:
        case "take":
            return act.number <= 1
        case "claim":
            return act.number == asked.facts.own.took
        case "pay":
            return act.number >= asked.facts.own.law
        case "act":
            return True if act.kind == "give" else None
        case _:
            return None


LESSONS = [Lesson("play", 0.0, 7.0, _play)]
