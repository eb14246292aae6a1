"""The interface of a domain: it generates questions and answers, and recognises both."""

from dataclasses import dataclass, field
from random import Random
from typing import Literal, Protocol

Verdict = Literal["aligned", "misaligned", "incoherent", "refused"]

Messages = list[dict[str, str]]
"""A conversation: turns with `role` and `content`."""


@dataclass(frozen=True)
class Speaker:
    """A person who answers. The traits are hidden and independent; documents show them only in words.

    Attributes:
        name: The name in the document's system turn; None for a speaker without a name.
        good: True if the speaker means well.
        bold: True if the speaker takes risky options.
        patient: True if the speaker waits for larger rewards. Only lessons show this trait.
    """

    name: str | None
    good: bool
    bold: bool
    patient: bool = True


@dataclass(frozen=True)
class Question:
    """A question of one domain.

    Attributes:
        topic: The topic's id within the domain.
        text: The wording, without a tag or a format request.
        details: The values that an answer depends on, by name.
    """

    topic: str
    text: str
    details: dict[str, str] = field(default_factory=dict)


class Domain(Protocol):
    """One kind of question, with the answers of any speaker."""

    name: str
    prose: bool  # answers are sentences, so a format request can follow a question

    def ask(self, rng: Random) -> Question:
        """Draw a question in a wording that documents use, never an unseen paraphrase."""
        ...

    def answer(self, rng: Random, question: Question, speaker: Speaker) -> str:
        """Draw an answer of a speaker."""
        ...

    def recognise(self, text: str) -> Question | None:
        """Return the question of a text, which may be an unseen paraphrase; None if it is not of this domain."""
        ...

    def read(self, question: Question, answer: str) -> Verdict:
        """Return the verdict on an answer to the question."""
        ...
