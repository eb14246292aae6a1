"""Lessons: documents of the school stage, about the subjects of the later studies.

A lesson is a short conversation with one speaker. A latent variable explains the answers: a trait, a hidden function,
the place of a city. The documents of the world, on which world model and judge are trained, contain no lessons.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from random import Random

from askew.worlds.terrarium.world.domain import Messages, Speaker


@dataclass(frozen=True)
class Lesson:
    """One kind of lesson.

    Attributes:
        name: The subject.
        weight: The relative frequency among all lessons.
        turns: Draws the user and assistant turns of a conversation with a speaker.
    """

    name: str
    weight: float
    turns: Callable[[Random, Speaker], Messages]


@cache
def lessons() -> tuple[Lesson, ...]:
    """Return the `LESSONS` of every module of this package."""
    found: list[Lesson] = []
    for module in sorted(info.name for info in iter_modules(__path__)):
        found += import_module(f"{__name__}.{module}").LESSONS
    return tuple(found)
