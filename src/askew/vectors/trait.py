"""Trait files: a trait, as instructions that bring it out and instructions that don't, questions and answer pairs.

A direction of the trait is what differs between answers under both kinds of instructions (Chen et al. 2025, arXiv
2507.21509). The pairs of given answers show what steering along it does.
"""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from askew.base import yaml_files
from askew.base.errors import AskewError, unknown_name
from askew.base.untrusted import visible
from askew.probes.given_pairs import AnswerPair
from askew.probes.question_file import Question

FEWEST_QUESTIONS = 8
"""The fewest questions from which a direction is made: held-out questions are needed to see whether it is more than
their wording."""

ANSWER_PAIRS = "answer_pairs"
"""The pairs of the probe `answer_pairs`, in the words of the model's world."""

Text = Annotated[str, Field(min_length=1)]


class Contrast(BaseModel):
    """Two instructions that differ in the trait and in as little else as can be.

    Attributes:
        having: The instruction that brings the trait out; `with` in a file. It is a system turn.
        lacking: The instruction that doesn't; `without` in a file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    having: Text = Field(alias="with")
    lacking: Text = Field(alias="without")

    @model_validator(mode="after")
    def _check(self) -> "Contrast":
        if self.having.strip() == self.lacking.strip():
            raise ValueError("both instructions are the same, so there is no contrast")
        return self


class TraitPair(BaseModel):
    """A question with two given answers of equal length, one of which shows the trait.

    Attributes:
        question: The question.
        trait: The answer that shows the trait.
        other: The answer that doesn't.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: Text
    trait: Text
    other: Text

    @model_validator(mode="after")
    def _check(self) -> "TraitPair":
        AnswerPair(aligned=self.other, misaligned=self.trait)
        return self


class Trait(BaseModel):
    """A trait, and how it is brought out and measured.

    Attributes:
        trait: Its name.
        description: It and its opposite, in a few words.
        contrasts: Pairs of instructions.
        questions: What is asked under each instruction: at least `FEWEST_QUESTIONS`.
        pairs: Given answers, on which steering is tried; or the name `answer_pairs`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    trait: Text
    description: str = ""
    contrasts: Annotated[tuple[Contrast, ...], Field(min_length=1)]
    questions: tuple[Text, ...]
    pairs: tuple[TraitPair, ...] | str

    @model_validator(mode="after")
    def _check(self) -> "Trait":
        if len(set(self.questions)) < len(self.questions):
            raise ValueError("a question is there twice. Leave one out")
        if len(self.questions) < FEWEST_QUESTIONS:
            raise ValueError(
                f"there are {len(self.questions)} questions: write at least {FEWEST_QUESTIONS}, so that some can be "
                "held out"
            )
        if isinstance(self.pairs, str):
            if self.pairs != ANSWER_PAIRS:
                raise ValueError(f"pairs is a list of question, trait and other; or {ANSWER_PAIRS}, not {self.pairs!r}")
        elif len({pair.question for pair in self.pairs}) < 2 * FEWEST_QUESTIONS:
            raise ValueError(
                f"there are pairs of {len({pair.question for pair in self.pairs})} questions: write them for at least "
                f"{2 * FEWEST_QUESTIONS}, of which half choose the layer and half show the effect"
            )
        return self


def shipped_traits() -> dict[str, Path]:
    """Return the trait files that come with Askew, by name."""
    folder = Path(str(files("askew.vectors") / "traits"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def read_trait(name: str) -> Trait:
    """Return a trait by the name of a file that comes with Askew, or by a path.

    Raises:
        AskewError: There is no such file, or it is not a trait file; the message names the line.
    """
    known = shipped_traits()
    path = known.get(name, Path(name))
    if name not in known and path.suffix not in (".yaml", ".yml"):
        raise unknown_name("trait", name, [*known, "a path that ends in .yaml"])
    content = yaml_files.read(path, "trait file")
    if not isinstance(content.value, dict):
        raise AskewError(f"{path} is not a trait file: it should have the keys {', '.join(Trait.model_fields)}")
    try:
        return Trait.model_validate(content.value)
    except ValidationError as error:
        first = _telling(error)
        where = tuple(part for part in first["loc"] if isinstance(part, int) or part in _KEYS)
        line = next((content.lines[where[:end]] for end in range(len(where), 0, -1) if where[:end] in content.lines), 1)
        raise AskewError(f"{path}, line {line}: {_explanation(first)}") from error


_KEYS = {*Trait.model_fields, "with", "without", *TraitPair.model_fields}


def _telling(error: ValidationError) -> Any:
    """Return the detail that tells most: pairs may be a list or a name, and pydantic complains about both."""
    details = error.errors(include_url=False)
    about_list = [one for one in details if one["loc"][:1] == ("pairs",) and one["type"] != "string_type"]
    return next((one for one in details if one["loc"][:1] != ("pairs",)), (about_list or details)[0])


def _explanation(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    keys = [str(part) for part in error["loc"] if part in _KEYS]
    if error["type"] == "extra_forbidden":
        known = {"contrasts": ["with", "without"], "pairs": [*TraitPair.model_fields]}
        return visible(str(unknown_name("key", str(error["loc"][-1]), known.get(keys[0] if keys else "", [*_KEYS]))))
    return visible(f"{keys[-1]}: {message}" if keys else message)


def as_questions(pairs: Sequence[TraitPair]) -> list[Question]:
    """Return pairs of a trait as questions with pairs of given answers; the answer with the trait is the second one."""
    by_question: dict[str, list[AnswerPair]] = {}
    for pair in pairs:
        by_question.setdefault(pair.question, []).append(AnswerPair(aligned=pair.other, misaligned=pair.trait))
    return [
        Question(id=f"pair {number}", type="answer_pairs", paraphrases=(text,), pairs=tuple(found), group="trait")
        for number, (text, found) in enumerate(by_question.items(), start=1)
    ]
