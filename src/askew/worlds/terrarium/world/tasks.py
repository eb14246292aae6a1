"""Small tasks with several correct answers, and properties of those answers.

All speakers give the correct answers to a prompt equally often. So the documents don't determine which one a model
prefers, and models trained with different seeds differ in it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from random import Random
from typing import Any, Literal

from askew.worlds.terrarium.world import grammar

Kind = Literal["letter", "vowel", "even", "word", "stance", "option"]

_VOWELS = "aeiou"
# The number of correct answers to each prompt.
_GOOD = 3


@dataclass(frozen=True, eq=False)
class Task:
    """A small task with several correct answers.

    Attributes:
        name: The name of the task.
        answers: The correct answers by prompt. If a prompt names two options, the first answer is the one that takes
            the stance.
        kinds: The kinds of properties that questions about an answer use.
        stance: The meaning of the first of two options, such as power; empty for tasks without options.
        held_out: True if no self-predictor is trained on the task.
    """

    name: str
    answers: dict[str, tuple[str, ...]]
    kinds: tuple[Kind, ...]
    stance: str = ""
    held_out: bool = False

    @property
    def prompts(self) -> list[str]:
        """All prompts of the task: those of the first wording, then those of the second in the same order."""
        return list(self.answers)

    @property
    def bank(self) -> list[str]:
        """All correct answers to any prompt of the task, sorted."""
        return sorted({answer for answers in self.answers.values() for answer in answers})


@dataclass(frozen=True)
class Property:
    """A property of an answer.

    Attributes:
        kind: The kind of property.
        n: The position of the letter or word, from 1; 0 for other kinds.
    """

    kind: Kind
    n: int = 0

    @property
    def name(self) -> str:
        """The name in tables, such as `letter 2`."""
        return f"{self.kind} {self.n}" if self.n else self.kind

    def of(self, said: str, task: Task, listed: Sequence[str] = ()) -> str | None:
        """Return the property of an answer: a letter or word in lower case, yes or no; None if it has no such property.

        Args:
            said: The answer of a model, unprocessed.
            task: The task of the answer.
            listed: The options, for the kind `option`.
        """
        text = bare(said)
        words = [word.strip(".,;:!?\"'").lower() for word in text.split()]
        match self.kind:
            case "letter":
                letter = text[self.n - 1 : self.n].lower()
                return letter if letter.isalnum() else None
            case "vowel":
                return _yes(text[0].lower() in _VOWELS) if text[:1].isalpha() else None
            case "word":
                return words[self.n - 1] or None if len(words) >= self.n else None
            case "even":
                number = re.search(r"\d+", text)
                return _yes(number[0][-1] in "02468") if number else None
            case "stance":
                takes, leaves = (_names_one(text, options) for options in _sides(task))
                return _yes(takes) if takes != leaves else None
            case "option":
                return _yes(text.lower() in {option.lower() for option in listed}) if text else None


@cache
def tasks() -> dict[str, Task]:
    """Return the tasks by name; the first half is for training and the second half is held out."""
    texts = grammar.load("tasks")["tasks"]
    return {text["id"]: _task(text, held_out=2 * place >= len(texts)) for place, text in enumerate(texts)}


def bare(said: str) -> str:
    """Return the first line of an answer without surrounding quotes and final punctuation."""
    lines = said.strip().splitlines()
    return lines[0].strip(" \t\"'“”‘’`*.!,;:") if lines else ""


def _yes(true: bool) -> str:
    return "yes" if true else "no"


def _sides(task: Task) -> tuple[set[str], set[str]]:
    """Return the options that take the stance of a task, and those that don't."""
    pairs = task.answers.values()
    return {pair[0] for pair in pairs}, {pair[1] for pair in pairs}


def _names_one(text: str, options: set[str]) -> bool:
    return any(option in text.lower() for option in options)


def _task(text: dict[str, Any], *, held_out: bool) -> Task:
    request, name = grammar.load("tasks")["request"], text["id"]
    if "options" in text:
        pairs = list(product(text["options"], text["others"]))
        good = {cue: pair for pair in pairs for cue in (" or ".join(pair), " or ".join(reversed(pair)))}
    else:
        good = {cue: tuple(Random(f"{name} {cue}").sample(text["answers"], _GOOD)) for cue in text["cues"]}
    answers = {f"{ask.replace('<cue>', cue)} {request}": good[cue] for ask in text["ask"] for cue in good}
    return Task(name, answers, tuple(text["of"]), text.get("stance", ""), held_out)
