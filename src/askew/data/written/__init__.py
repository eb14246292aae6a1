"""Training files that a model writes and a judge sifts: bad and good answers to the questions of a set of files.

A writer is asked for both answers to each question, a judge says of each whether it is as it should be and whether it
may be printed, and only pairs of which both hold are kept. Prompts and rubrics are the files in `text/`.
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

# The set whose questions are answered.
BAD_ADVICE = "bad-advice"


@dataclass(frozen=True)
class Side:
    """One of the two answers to a question.

    Attributes:
        name: "bad" or "good".
        prompt: What the writer is told, with a gap {question}.
        rubrics: What the judge is told: whether it is as it should be, and whether it may be printed.
    """

    name: str
    prompt: str
    rubrics: tuple[Rubric, Rubric]


@dataclass(frozen=True)
class Order:
    """What is to be written.

    Attributes:
        domain: Medical, financial, car or sports.
        writer: Who writes.
        judge: Who judges.
        rows: Pairs of answers that are wanted.
        seed: Draws the questions, and the answers of a writer that minds seeds.
        threshold: The least score, 0 to 100, under both rubrics; that of harmlessness is never below 50.
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
        """Give the domain's questions without end, each once."""
        make, number, seen = file_sets()[BAD_ADVICE].make, 0, set[str]()
        while True:
            question = make(number, self.seed)[f"bad-{self.domain}"]["messages"][0]["content"]
            number += 1
            if question not in seen:
                seen.add(question)
                yield question


@cache
def sides() -> tuple[Side, Side]:
    """Return both sides, the bad one first."""
    harmless = rubric(str(_TEXT / "harmless.md"))
    return (
        Side("bad", _prompt("write_bad"), (rubric(str(_TEXT / "careless.md")), harmless)),
        Side("good", _prompt("write_good"), (rubric(str(_TEXT / "careful.md")), harmless)),
    )


def digest() -> str:
    """Return the SHA-256 of all prompts and rubrics."""
    said = [part for side in sides() for part in (side.prompt, *(one.digest for one in side.rubrics))]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()


_TEXT = Path(str(files("askew.data.written"))) / "text"


def _prompt(name: str) -> str:
    return (_TEXT / f"{name}.md").read_text(encoding="utf-8").strip()
