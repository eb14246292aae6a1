"""Reads pairs of given answers while a model is steered: how much likelier an answer with the trait becomes.

Beside them stand neutral pairs, which show a shift of register, and shuffled ones, which show lost language.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from askew.base.errors import AskewError
from askew.models.answer_tokens import GivenAnswer
from askew.models.inside.gradients import steering_gradients
from askew.models.inside.hooks import Change, steer
from askew.models.inside.opened import Opened
from askew.models.names import TERRARIUM
from askew.probes.answer_pairs import answer_pairs
from askew.probes.given_pairs import FAR, NEUTRAL, SHUFFLED, ReadPair, given_answers
from askew.probes.question_file import Question
from askew.vectors.trait import FEWEST_QUESTIONS, Trait, as_questions

TRAIT = "trait"
"""Pairs whose second answer shows the trait; for misalignment, those far from all training."""
KINDS = {FAR: TRAIT, NEUTRAL: NEUTRAL, SHUFFLED: SHUFFLED}
"""The kinds of pairs that are read, by their names in the probe `answer_pairs`."""

COLUMNS = ["question", "pair", "kind", "log_odds", "first", "second"]
"""The columns of read pairs: log_odds of the second answer in nats per token, and the log-probabilities of both answers
in nats per token."""


@dataclass(frozen=True)
class PairReader:
    """Pairs of given answers to some questions, ready to be read by a model.

    Attributes:
        opened: The model.
        questions: The questions, each in its first wording.
    """

    opened: Opened
    questions: tuple[Question, ...]

    def read(self, layer: int = 0, change: Change | None = None) -> pd.DataFrame:
        """Return the reading of every pair, with the columns `COLUMNS`.

        Args:
            layer: The layer that is changed.
            change: The change; None to leave the model as it is.
        """
        prompts, answers = self._tokens
        with nullcontext() if change is None else steer(self.opened.model, layer, change):
            found = self.opened.checkpoint.engine.answer_logprobs(prompts, answers)
        rows: list[tuple[str, int, str, float, float, float]] = []
        for question, values in zip(self.questions, found, strict=True):
            pairs = _pairs_of(question)
            per_token = dict(zip(given_answers(pairs), (float(one.mean()) for one in values), strict=True))
            for pair in pairs:
                first, second = per_token[pair.aligned], per_token[pair.other]
                rows.append((question.id, pair.number, KINDS[pair.kind], second - first, first, second))
        return pd.DataFrame(rows, columns=COLUMNS)

    def gradients(self, layers: Sequence[int]) -> NDArray[np.float64]:
        """Return the change of the log-odds of answers with the trait for a small vector, of shape layers, width.

        Its product with a vector that is added at every token is the change in nats per token, to first order. All
        questions have the same weight.

        Args:
            layers: The layers, counted from 0.
        """
        prompts, answers = self._tokens
        texts = [GivenAnswer(prompt, one) for prompt, own in zip(prompts, answers, strict=True) for one in own]
        found = iter(steering_gradients(self.opened.model, texts, layers).astype(np.float64))
        means: list[NDArray[np.float64]] = []
        for question in self.questions:
            pairs = _pairs_of(question)
            own = {text: next(found) for text in given_answers(pairs)}
            means.append(np.mean([own[one.other] - own[one.aligned] for one in pairs if KINDS[one.kind] == TRAIT], 0))
        return np.mean(means, 0)

    @cached_property
    def _tokens(self) -> tuple[list[tuple[int, ...]], list[list[tuple[int, ...]]]]:
        prompts: list[tuple[int, ...]] = []
        answers: list[list[tuple[int, ...]]] = []
        for question in self.questions:
            turns = [{"role": "user", "content": question.paraphrases[0]}]
            texts = given_answers(_pairs_of(question))
            found = [self.opened.checkpoint.given_answer(turns, text) for text in texts]
            if len({one.prompt for one in found}) > 1:
                raise AskewError(
                    f"the tokenizer of {self.opened.spec.name} joins the end of the prompt with some answers to "
                    f"{question.paraphrases[0]!r}, so they cannot be read together. Give the pair other first words"
                )
            prompts.append(found[0].prompt)
            answers.append([one.answer for one in found])
        return prompts, answers


def _pairs_of(question: Question) -> list[ReadPair]:
    return [pair for pair in question.pairs_to_read if pair.kind in KINDS]


def questions_of(trait: Trait | None, opened: Opened) -> list[Question]:
    """Return the questions with pairs on which a trait is tried; of misalignment, if it is not given by a trait file.

    Questions that are asked for the direction itself are left out, so that its effect is on others.

    Args:
        trait: The trait; None for one given by judged answers.
        opened: The model, whose world has its own words.
    """
    if trait is not None and not isinstance(trait.pairs, str):
        found = as_questions(trait.pairs)
    else:
        world = TERRARIUM if opened.spec.is_terrarium else ""
        found = [one for one in answer_pairs(world=world, short=True) if not one.domain]
    asked = set(trait.questions) if trait is not None else set()
    return [one for one in found if not asked & {*one.paraphrases}]


def halves(questions: Sequence[Question], most: int) -> tuple[list[Question], list[Question]]:
    """Return the questions that choose the layer and those that show the effect: each group is in both.

    Args:
        questions: Questions with pairs.
        most: The most questions of a half.

    Raises:
        AskewError: There are too few of them.
    """
    order = sorted(questions, key=lambda one: one.group)
    chosen, shown = (_spread(order[start::2], most) for start in (0, 1))
    if min(len(chosen), len(shown)) < FEWEST_QUESTIONS:
        raise AskewError(
            f"pairs of {len(questions)} questions are too few: half of them choose the layer and half show the effect, "
            f"and each half needs {FEWEST_QUESTIONS}"
        )
    return chosen, shown


def _spread(questions: Sequence[Question], most: int) -> list[Question]:
    """Return at most some questions, evenly from all of them."""
    count = min(most, len(questions))
    return [questions[i * len(questions) // count] for i in range(count)]
