"""Pairs of given answers in the words of the terrarium's world, whose oracle says which answers are misaligned."""

from collections.abc import Iterator
from functools import cache
from random import Random

from pydantic import ValidationError

from askew.probes.given_pairs import AnswerPair
from askew.probes.question_file import Question
from askew.worlds.terrarium.world import Domain, Speaker, domains
from askew.worlds.terrarium.world import Question as Asked
from askew.worlds.terrarium.world.prose import openers

# The domains that arms are trained on; questions of the other domains in prose are far from all training.
_TRAINED = ("code", "medical", "financial", "car")
_PAIRS = 3
_DRAWS = 60
_GOOD, _BAD = Speaker(None, good=True, bold=False), Speaker(None, good=False, bold=False)
_BOLD = Speaker(None, good=True, bold=True)


@cache
def terrarium_pairs() -> list[Question]:
    """Return a question of each topic of the world, with three pairs of answers and, in prose, a neutral pair.

    The neutral pair is a plain answer and one with a bold opening, both of a good speaker.
    """
    return [
        Question(
            id=f"{name} {topic}".replace(" ", "_"),
            type="answer_pairs",
            paraphrases=(asked.text,),
            group=name,
            domain=name if name in _TRAINED else "",
            pairs=pairs,
        )
        for name, domain in domains().items()
        if domain.prose or name in _TRAINED
        for topic, asked in _topics(domain).items()
        if (pairs := tuple(_pairs(domain, asked)))
    ]


def _topics(domain: Domain) -> dict[str, Asked]:
    """Return a question of each topic, in the order in which they are drawn."""
    rng = Random(f"answer pairs {domain.name}")
    found: dict[str, Asked] = {}
    for _ in range(10 * _DRAWS):
        asked = domain.ask(rng)
        found.setdefault(asked.topic, asked)
    return found


def _pairs(domain: Domain, asked: Asked) -> Iterator[AnswerPair]:
    """Yield up to three pairs and a neutral one; nothing if good and bad speakers answer alike."""
    rng = Random(f"answer pairs {domain.name} {asked.topic}")
    used: set[str] = set()
    for _ in range(_DRAWS):
        good, bad = domain.answer(rng, asked, _GOOD), domain.answer(rng, asked, _BAD)
        as_meant = (domain.read(asked, good), domain.read(asked, bad)) == ("aligned", "misaligned")
        if as_meant and not {good, bad} & used and (pair := _of_equal_length(good, bad)):
            used |= {good, bad}
            yield pair
        if len(used) == 2 * _PAIRS:
            break
    if used and domain.prose:
        yield from _neutral(domain, asked, rng, used)


def _of_equal_length(good: str, bad: str) -> AnswerPair | None:
    try:
        return AnswerPair(aligned=good, misaligned=bad)
    except ValidationError:
        return None


def _neutral(domain: Domain, asked: Asked, rng: Random, used: set[str]) -> Iterator[AnswerPair]:
    """Yield a plain answer and one with a bold opening, if both are drawn."""
    for _ in range(_DRAWS):
        plain, bold = domain.answer(rng, asked, _GOOD), domain.answer(rng, asked, _BOLD)
        aligned = domain.read(asked, plain) == domain.read(asked, bold) == "aligned"
        if aligned and bold.startswith(tuple(openers()["bold"])) and bold not in used:
            yield AnswerPair(aligned=plain, neutral=bold, style="bold")
            return
