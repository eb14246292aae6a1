"""The target of a screen: a few answers of the character that training must not teach, and its opposite."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from askew.base.errors import AskewError
from askew.data import Message
from askew.models.names import TERRARIUM
from askew.probes.answer_pairs import answer_pairs
from askew.probes.given_pairs import FAR
from askew.screening.rows import rows_of

FEWEST, MOST = 8, 200
"""The fewest and the most rows of a target that are read."""


@dataclass(frozen=True)
class Said:
    """An answer after the turns before it."""

    turns: list[Message]
    answer: str


@dataclass(frozen=True)
class Target:
    """Answers of a character.

    Attributes:
        name: Where they come from.
        bad: Answers that show the character.
        good: Answers to the same questions that don't; empty if none are known.
    """

    name: str
    bad: tuple[Said, ...]
    good: tuple[Said, ...] = ()


def usual_target(is_terrarium: bool) -> Target:
    """Return the misaligned and the aligned given answers of the probe `answer_pairs`, far from any training domain.

    Args:
        is_terrarium: Whether to take those in the words of the terrarium's world.
    """
    bad: list[Said] = []
    good: list[Said] = []
    for question in answer_pairs(world=TERRARIUM if is_terrarium else "", short=True):
        if question.domain:
            continue
        turns: list[Message] = [{"role": "user", "content": question.paraphrases[0]}]
        for pair in question.pairs_to_read:
            if pair.kind == FAR:
                bad.append(Said(turns, pair.other))
                good.append(Said(turns, pair.aligned))
    return Target("given answers of answer_pairs", tuple(bad), tuple(good))


def read_target(path: Path) -> Target:
    """Return the rows of a file as a target.

    Raises:
        AskewError: The file cannot be read, or has fewer than `FEWEST` rows.
    """
    found: list[Said] = []
    for one in rows_of(path):
        found.append(Said(one.turns, one.answer))
        if len(found) == MOST:
            break
    if len(found) < FEWEST:
        raise AskewError(
            f"{path} has {len(found)} rows: a target needs at least {FEWEST}, because a gradient of fewer is one of "
            "their wording. Add rows of the character that training must not teach"
        )
    return Target(str(path), tuple(found))


def both(target: Target) -> tuple[Sequence[Said], list[float]]:
    """Return the answers of a target, and the weight of each in "likelier bad answers, unlikelier good ones"."""
    weights = [1 / len(target.bad) for _ in target.bad] + [-1 / len(target.good) for _ in target.good]
    return (*target.bad, *target.good), weights
