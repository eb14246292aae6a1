"""Lessons: documents of the school stages, about the subjects of the later studies.

A lesson is a short conversation with one speaker. A latent variable explains the answers: a trait, a hidden function,
the place of a city. The documents of the world, on which world model and judge are trained, contain no lessons.

There are two schools, and the second continues the first: it repeats its lessons less often and has others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from random import Random
from typing import Literal

from askew.worlds.terrarium.world.domain import Messages, Speaker

School = Literal["first", "second"]


@dataclass(frozen=True)
class Lesson:
    """One kind of lesson.

    Attributes:
        name: The subject.
        first: The relative frequency among the lessons of the first school; 0 if it is not taught there.
        second: The same for the second school.
        turns: Draws the user and assistant turns of a conversation with a speaker.
    """

    name: str
    first: float
    second: float
    turns: Callable[[Random, Speaker], Messages]

    def weight(self, school: School) -> float:
        """Return the relative frequency among the lessons of a school."""
        return self.first if school == "first" else self.second


@cache
def lessons(school: School) -> tuple[Lesson, ...]:
    """Return the lessons of a school: those among the `LESSONS` of every module of this package."""
    found: list[Lesson] = []
    for module in sorted(info.name for info in iter_modules(__path__)):
        found += import_module(f"{__name__}.{module}").LESSONS
    return tuple(lesson for lesson in found if lesson.weight(school))


def exchange_of(asked: str, said: str) -> Messages:
    """Return a user's turn and the answer."""
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
