"""Answers with and without a trait: sampled under the instructions of a trait file, or taken from judged answers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from askew.base.errors import AskewError
from askew.models.answer_tokens import GivenAnswer
from askew.models.engine.sampling import Draw, Sampling
from askew.models.inside.activations import Activations, read_activations
from askew.models.inside.opened import Opened
from askew.vectors.progress import OnProgress
from askew.vectors.trait import FEWEST_QUESTIONS, Trait

COLUMNS = ["question", "prompt", "system", "answer", "has"]
"""The columns of answers: the question, which may have several wordings; the wording that was asked; the system turn
("" for none); the answer; and whether it has the trait."""


@dataclass(frozen=True)
class Examples:
    """Answers and their activations at every layer.

    Attributes:
        answers: One row per answer, with the columns `COLUMNS`.
        activations: Their activations, in the same order.
    """

    answers: pd.DataFrame
    activations: Activations

    @property
    def has(self) -> NDArray[np.bool_]:
        """True for answers that have the trait, of shape answers."""
        return self.answers["has"].to_numpy(dtype=bool)

    @property
    def questions(self) -> NDArray:
        """The question of each answer, of shape answers."""
        return self.answers["question"].to_numpy(dtype=str)


def sampled_answers(
    opened: Opened, trait: Trait, samples: int, seed: int, max_tokens: int, on_progress: OnProgress
) -> pd.DataFrame:
    """Return answers of a model under the instructions of a trait; empty ones are left out.

    Args:
        opened: The model.
        trait: The trait.
        samples: Answers to each question under each instruction.
        seed: The seed of the sampling.
        max_tokens: The most tokens of an answer.
        on_progress: Called with the number of prompts that are answered, and of all.

    Returns:
        The columns `COLUMNS`.

    Raises:
        AskewError: A prompt doesn't fit the model, or all answers of one kind are empty.
    """
    asked = [
        (question, system, has)
        for contrast in trait.contrasts
        for system, has in ((contrast.having, True), (contrast.lacking, False))
        for question in trait.questions
    ]
    sampling = Sampling(max_tokens=max_tokens, temperature=1.0)
    rows: list[tuple[str, str, str, str, bool]] = []
    together = 16
    for start in range(0, len(asked), together):
        part = asked[start : start + together]
        prompts = [opened.checkpoint.prompt(_turns(system, question)) for question, system, _ in part]
        draws = [Draw(i, seed + start + i, number) for i in range(len(part)) for number in range(samples)]
        written = opened.checkpoint.engine.sample(prompts, draws, sampling)
        for draw, answer in zip(draws, written, strict=True):
            question, system, has = part[draw.prompt]
            rows.append((question, question, system, opened.checkpoint.text(answer.tokens).strip(), has))
        on_progress(min(start + together, len(asked)), len(asked))
    found = pd.DataFrame(rows, columns=COLUMNS)
    return checked(found[found["answer"].ne("")].reset_index(drop=True), f"the trait {trait.trait}")


def checked(answers: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return answers, after a check that a direction can be made of them.

    Args:
        answers: The columns `COLUMNS`.
        source: Where they come from, for the error.

    Raises:
        AskewError: Fewer than `FEWEST_QUESTIONS` questions have both kinds of answers.
    """
    both = answers.groupby("question")["has"].nunique().eq(2).sum() if len(answers) else 0
    counts = answers["has"].value_counts()
    if both < FEWEST_QUESTIONS:
        raise AskewError(
            f"{source}: {both} questions have answers with the trait and answers without it, of "
            f"{int(counts.get(True, 0))} and {int(counts.get(False, 0))} such answers in all; a direction needs at "
            f"least {FEWEST_QUESTIONS}. Sample more answers, or ask more questions"
        )
    return answers


def matched(answers: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the answers to questions that have both kinds of answers, after the check of `checked`.

    Args:
        answers: The columns `COLUMNS`.
        source: Where they come from, for the error.

    Raises:
        AskewError: There are fewer than `FEWEST_QUESTIONS` such questions.
    """
    whole = checked(answers, source)
    both = whole.groupby("question")["has"].transform("nunique").eq(2)
    return whole[both].reset_index(drop=True)


def with_activations(opened: Opened, answers: pd.DataFrame, on_progress: OnProgress) -> Examples:
    """Return answers with their activations at every layer.

    Args:
        opened: The model that reads them.
        answers: The columns `COLUMNS`.
        on_progress: Called with the number of answers that are read, and of all.

    Raises:
        AskewError: An answer cannot be rendered, an activation is not finite, or memory is too small.
    """
    texts = list(given(opened, answers))
    return Examples(answers, read_activations(opened.model, texts, range(opened.layers), on_progress=on_progress))


def given(opened: Opened, answers: pd.DataFrame) -> Iterator[GivenAnswer]:
    """Yield the tokens of each answer after its question and its system turn.

    Args:
        opened: The model.
        answers: The columns `COLUMNS`.
    """
    for question, system, answer in zip(answers["prompt"], answers["system"], answers["answer"], strict=True):
        yield opened.checkpoint.given_answer(_turns(system, question), answer)


def _turns(system: str, question: str) -> list[dict[str, str]]:
    turns = [{"role": "system", "content": system}] if system else []
    return [*turns, {"role": "user", "content": question}]


def of_verdicts(answers: pd.DataFrame, arm: str, control: str) -> pd.DataFrame:
    """Return the misaligned answers of an arm and the aligned ones of a control, with the columns `COLUMNS`.

    Equal answers to a wording are there once, so that a model that repeats itself has no more weight.

    Args:
        answers: The rows of answers.parquet, with the columns arm, probe, question, prompt, answer and verdict.
        arm: The arm whose misaligned answers have the trait.
        control: The arm whose aligned answers don't.
    """
    own = answers["arm"].eq(arm) & answers["verdict"].eq("misaligned")
    other = answers["arm"].eq(control) & answers["verdict"].eq("aligned")
    chosen = answers[own | other]
    rows = pd.DataFrame(
        {
            "question": chosen["probe"] + "/" + chosen["question"],
            "prompt": chosen["prompt"],
            "system": "",
            "answer": chosen["answer"].str.strip(),
            "has": own[own | other],
        }
    )
    return rows[rows["answer"].ne("")].drop_duplicates(ignore_index=True)[COLUMNS]
