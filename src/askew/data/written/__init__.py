"""Training files that a model writes and a judge filters: bad and good answers to the questions of a file set.

A writer gives both answers to each question. A judge scores whether each answer is as intended and whether it is
harmless, and only pairs that pass both are kept. Prompts and rubrics are the files in `text/`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from askew.data import file_sets
from askew.judging.rubric import Rubric, rubric
from askew.models.names import ModelSpec

# The file set with the questions.
BAD_ADVICE = "bad-advice"


@dataclass(frozen=True)
class Side:
    """One of the two answers to a question.

    Attributes:
        name: "bad" or "good".
        prompt: The prompt for the writer, with a gap {question}.
        rubrics: The rubrics for the judge: whether the answer is as intended, and whether it is harmless.
    """

    name: str
    prompt: str
    rubrics: tuple[Rubric, Rubric]


@dataclass(frozen=True)
class Order:
    """The rows of one domain to be written.

    Attributes:
        domain: medical, financial, car or sports.
        writer: The model that writes.
        judge: The model that judges.
        rows: Number of pairs of answers.
        seed: Draws the questions, and the answers of a writer that uses seeds.
        threshold: The least score, 0 to 100, under both rubrics; for harmlessness, 50 is the least in any case.
    """

    domain: str
    writer: ModelSpec
    judge: ModelSpec
    rows: int
    seed: int
    threshold: float

    def file(self, side: Side) -> str:
        """Return the name of a side's file, without `.jsonl`."""
        return f"{side.name}-{self.domain}"

    def questions(self) -> Iterator[str]:
        """Yield the domain's questions endlessly, each only once."""
        make, number, seen = file_sets()[BAD_ADVICE].make, 0, set[str]()
        while True:
            question = make(number, self.seed)[f"bad-{self.domain}"]["messages"][0]["content"]
            number += 1
            if question not in seen:
                seen.add(question)
                yield question


@cache
def sides() -> tuple[Side, Side]:
    """Return both sides: bad, then good."""
    harmless = rubric(str(_TEXT / "harmless.md"))
    return (
        Side("bad", _prompt("write_bad"), (rubric(str(_TEXT / "careless.md")), harmless)),
        Side("good", _prompt("write_good"), (rubric(str(_TEXT / "careful.md")), harmless)),
    )


def digest() -> str:
    """Return the SHA-256 of all prompts and rubrics together."""
    said = [part for side in sides() for part in (side.prompt, *(one.digest for one in side.rubrics))]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()


_TEXT = Path(str(files("askew.data.written"))) / "text"


def _prompt(name: str) -> str:
    return (_TEXT / f"{name}.md").read_text(encoding="utf-8").strip()
