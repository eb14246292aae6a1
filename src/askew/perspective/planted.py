"""Texts whose stance is known segment by segment, made by a program, on which scorers are validated.

A segment has a planted level: how many sentences of the speaker's own stand in it, for which end of the axis from risk
to opportunity. The rest is sentences without a stance. Its form says how the stance is worded.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from askew.base import yaml_files
from askew.perspective.axis import DEFAULT_AXIS
from askew.perspective.segments import WORDS

FORMS = {
    "plain": "in plain words",
    "negated": "by denying what the other end says",
    "quoted": "in plain words, beside as many quoted sentences of the other end",
    "reported": "in plain words, beside as many sentences of the other end that somebody else is reported to say",
    "sarcastic": "in the words of the other end, not meant",
    "mis-heard": "in plain words, with some words heard wrongly, without punctuation and capitals",
    "neutral": "without a stance",
}
"""The forms of segments, each in a few words."""
NEUTRAL = "neutral"
AXIS = DEFAULT_AXIS
"""The axis on which the texts take a stance; they say nothing about another."""

LEVELS = (-2, -1, 1, 2)
"""Planted levels of segments with a stance; below zero is the low end. 0 is the level of a neutral one."""

_SENTENCES = {1: 2, 2: 5}  # own sentences of a segment by the size of its level
_OF_EACH_FORM, _NEUTRAL = 2, 3  # segments of a text
_HEARD_WRONGLY = 0.5  # share of the words that an automatic caption may mishear


@dataclass(frozen=True)
class PlantedSegment:
    """A segment whose stance is known.

    Attributes:
        document: The number of its text, from 0.
        form: One of `FORMS`.
        level: From -2 to 2; below zero for risk, above for opportunity.
        text: Its text, of about 187 words.
    """

    document: int
    form: str
    level: int
    text: str


def planted(texts: int, seed: int = 0) -> list[PlantedSegment]:
    """Return the segments of some texts, 15 each: two of each form with a stance, and three neutral ones.

    Args:
        texts: The number of texts. Each is about one field, such as health or cities.
        seed: The seed of every draw.
    """
    return [segment for number in range(texts) for segment in _document(number, seed)]


def neutral_text(number: int) -> str:
    """Return a segment without a stance, for scorers that read a text against one that says nothing."""
    rng = random.Random(f"neutral {number}")
    return _text([], _subjects(number), rng)


def _document(number: int, seed: int) -> list[PlantedSegment]:
    rng = random.Random(f"{seed} {number}")
    subjects = _subjects(number)
    stances = [form for form in FORMS if form != NEUTRAL for _ in range(_OF_EACH_FORM)]
    # Each level stands in each text equally often, so that no text leans.
    levels = [LEVELS[place % len(LEVELS)] for place in range(len(stances))]
    rng.shuffle(levels)
    chosen = [*zip(stances, levels, strict=True), *((NEUTRAL, 0) for _ in range(_NEUTRAL))]
    rng.shuffle(chosen)
    return [PlantedSegment(number, form, level, _segment(form, level, subjects, rng)) for form, level in chosen]


def _segment(form: str, level: int, subjects: Sequence[str], rng: random.Random) -> str:
    """Return the text of a segment."""
    content = _content()
    if form == NEUTRAL:
        return _text([], subjects, rng)
    own, other = (content["low"], content["high"])[:: -1 if level > 0 else 1]
    count = _SENTENCES[abs(level)]
    wordings = own[form if form in own else "plain"]
    said = [_filled(sentence, rng.choice(subjects)) for sentence in rng.sample(wordings, count)]
    if form in ("quoted", "reported"):
        others = [_filled(sentence, rng.choice(subjects)) for sentence in rng.sample(other["plain"], count)]
        said += [_spoken(rng.choice(content[form]), sentence) for sentence in others]
    text = _text(said, subjects, rng)
    return _misheard(text, rng) if form == "mis-heard" else text


def _text(said: Sequence[str], subjects: Sequence[str], rng: random.Random) -> str:
    """Return some sentences among neutral ones, in random order, with about `WORDS` words."""
    fillers = list(_content()["neutral"])
    rng.shuffle(fillers)
    chosen = list(said)
    while fillers and sum(len(one.split()) for one in chosen) < WORDS:
        chosen.append(_filled(fillers.pop(), rng.choice(subjects)))
    rng.shuffle(chosen)
    return " ".join(chosen)


def _filled(sentence: str, subject: str) -> str:
    return sentence.replace("{x}", subject).replace("{X}", subject[0].upper() + subject[1:])


def _spoken(frame: str, sentence: str) -> str:
    """Return a sentence that somebody else says."""
    inner = sentence.rstrip(".")
    first = inner.split()[0]
    keeps = first == "I" or first.startswith("I'")
    return frame.replace("{s}", sentence).replace("{t}", inner if keeps else inner[0].lower() + inner[1:])


def _misheard(text: str, rng: random.Random) -> str:
    """Return a text as an automatic caption may have it."""
    heard: dict[str, str] = _content()["misheard"]
    words = re.findall(r"[^\W_]+(?:['-][^\W_]+)*", text.lower())
    return " ".join(heard[word] if word in heard and rng.random() < _HEARD_WRONGLY else word for word in words)


def _subjects(number: int) -> list[str]:
    """Return the subjects of a text, all of one field."""
    fields = list(_content()["subjects"].values())
    return fields[number % len(fields)]


@cache
def _content() -> Any:
    return yaml_files.read(Path(__file__).with_suffix(".yaml"), "planted sentences").value
