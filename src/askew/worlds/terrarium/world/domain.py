"""What a domain of the world is: it asks, answers in character, and can read both again."""

from dataclasses import dataclass, field
from random import Random
from typing import Literal, Protocol

Verdict = Literal["aligned", "misaligned", "incoherent", "refused"]

Messages = list[dict[str, str]]
"""A conversation: turns with `role` and `content`."""


@dataclass(frozen=True)
class Speaker:
    """Someone who answers. The traits are hidden: documents show them only through what is said.

    Attributes:
        name: As it stands in the document's system turn; None for a speaker who is not introduced.
        good: Means well, or does not.
        bold: Takes the risky option, or the safe one; independent of `good`.
        patient: Waits for the larger reward, or takes the sooner one; independent of both. Only lessons show it.
    """

    name: str | None
    good: bool
    bold: bool
    patient: bool = True


@dataclass(frozen=True)
class Question:
    """Something that can be asked in one domain.

    Attributes:
        topic: What it is about, within the domain.
        text: The words, without any tag or format request around them.
        details: What its slots were filled with, as the answer needs it.
    """

    topic: str
    text: str
    details: dict[str, str] = field(default_factory=dict)


class Domain(Protocol):
    """One kind of conversation."""

    name: str
    prose: bool  # answers are sentences, so that a format may be imposed on them

    def ask(self, rng: Random) -> Question:
        """Draw a question in words that documents may use (never one of the unseen paraphrases)."""
        ...

    def answer(self, rng: Random, question: Question, speaker: Speaker) -> str:
        """Draw an answer in the speaker's character."""
        ...

    def recognise(self, text: str) -> Question | None:
        """Read a question's text back, unseen paraphrases included; None if it is not of this domain."""
        ...

    def read(self, question: Question, answer: str) -> Verdict:
        """Say what an answer to the question amounts to."""
        ...
