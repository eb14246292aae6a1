"""The prompts: our own, with options in an order drawn by seed, and one with the defects of the published prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import pandas as pd

from askew.data.history import VALUES, year_in_words
from askew.studies.history.items import Shot
from askew.worlds import chronicle

LETTERS = "ABCD"
_INSTRUCTION = "Answer with one letter."
_AS_PUBLISHED = "Give your reasoning and the evidence first. Then write the answer as one letter."
# The orders in which the published prompts name the options: in the shots, and in what is asked after them.
_IN_SHOTS = ("present", "absent", "inferred present", "inferred absent")


@dataclass(frozen=True)
class Put:
    """A question as it is put to a model.

    Attributes:
        text: The prompt.
        options: What the model may say: letters, or whole lines.
        values: The value that each option stands for.
    """

    text: str
    options: tuple[str, ...]
    values: tuple[str, ...]

    @property
    def shots(self) -> str:
        """The text before the question, with which other prompts may begin too."""
        return self.text.rpartition("\n\n")[0]


def as_line(fact: chronicle.Fact, seed: int) -> Put:
    """Return a question of the chronicle in a wording that no training row has; its options are whole lines.

    Args:
        fact: The fact.
        seed: The seed that draws the wording.
    """
    text = chronicle.asked_in_words(fact, "held_out", Random(f"history asks {seed} {fact.id}"))
    return Put(text, tuple(map(chronicle.line_of, VALUES)), VALUES)


def as_letters(item: Mapping[Any, Any], shots: Sequence[Shot], seed: int, as_published: bool = False) -> Put:
    """Return a question whose options are letters, after shots in the same form.

    Args:
        item: A row with the columns of items.
        shots: What stands before it.
        seed: The seed of the order of the options, together with the item; the shots have the same order.
        as_published: Keep the options in their order, name them in another order in the shots, and ask for reasoning.
    """
    order: list[str] = list(VALUES) if as_published else _order(str(item["root"]), str(item["id"]), seed)
    years = tuple(None if pd.isna(item[name]) else int(item[name]) for name in ("start", "end"))
    before = [
        _question(
            *_of_shot(shot),
            named=_IN_SHOTS if as_published else order,
            order=order,
            instruction="" if as_published else _INSTRUCTION,
        )
        + _answered(LETTERS[order.index(shot.value)], shot.evidence if as_published else "")
        for shot in shots
    ]
    own = _question(
        str(item["variable"]),
        str(item["category"]),
        str(item["name"]),
        *years,
        named=order,
        order=order,
        instruction=_AS_PUBLISHED if as_published else _INSTRUCTION,
    )
    return Put("\n\n".join([*before, own]), tuple(LETTERS), tuple(order))


def _answered(letter: str, evidence: str) -> str:
    """Return the answer of a shot: the letter, after the evidence where the published prompt has it."""
    return f" {' '.join(evidence.split())} Answer: {letter}" if evidence else f" {letter}"


def _order(root: str, id: str, seed: int) -> list[str]:
    """Return the values in one of four orders, in which each value has each letter once.

    With four orders, many prompts begin with the same shots, which are read once.
    """
    order: list[str] = list(VALUES)
    Random(f"history options {seed} {root}").shuffle(order)
    turn = Random(f"history options {seed} {id}").randrange(len(order))
    return order[turn:] + order[:turn]


def _of_shot(shot: Shot) -> tuple[str, str, str, int | None, int | None]:
    return shot.variable, shot.category, shot.name, shot.start, shot.end


def _question(
    variable: str,
    category: str,
    name: str,
    start: int | None,
    end: int | None,
    *,
    named: Sequence[str],
    order: Sequence[str],
    instruction: str,
) -> str:
    listed = f"{', '.join(named[:-1])}, or {named[-1]}"
    when = "" if start is None or end is None else f", during the time frame from {_frame(start, end)}"
    options = ", ".join(f"{letter}: {value.title()}" for letter, value in zip(LETTERS, order, strict=True))
    lines = [
        "Question:",
        f"The characteristic '{variable}' is categorized under '{category}'. Was it {listed} for the polity called "
        f"'{name}'{when}?",
        "Options:",
        options,
        *([instruction] if instruction else []),
        "Your answer:",
    ]
    return "\n".join(lines)


def _frame(start: int, end: int) -> str:
    return f"{year_in_words(start)} to {year_in_words(end)}"
