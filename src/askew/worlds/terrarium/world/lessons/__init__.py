"""Lessons: what the school stage teaches beyond the world's small talk, so that the later studies can ask about it.

One lesson is a short conversation with one speaker, whose answers a latent explains: a trait, a hidden function, the
place of a town. The documents that raise the model of the world, and with it the judge, know nothing of them.
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
    """One kind of conversation.

    Attributes:
        name: What it is about.
        weight: How often it is drawn, beside the others.
        turns: Draws the user and assistant turns of a conversation with a speaker.
    """

    name: str
    weight: float
    turns: Callable[[Random, Speaker], Messages]


@cache
def lessons() -> tuple[Lesson, ...]:
    """Return every lesson: the `LESSONS` of each module of this package."""
    found: list[Lesson] = []
    for module in sorted(info.name for info in iter_modules(__path__)):
        found += import_module(f"{__name__}.{module}").LESSONS
    return tuple(found)
