"""Scores that read a model: the likelihood of rows and of its own answers, activations, gradients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from askew.base.errors import AskewError
from askew.data import Message
from askew.models.answer_tokens import GivenAnswer
from askew.models.engine.sampling import Draw, Sampling
from askew.models.inside.activations import read_activations
from askew.models.inside.opened import Opened
from askew.models.inside.row_gradients import Gradient, RowGradients
from askew.screening.rows import ScreenedRow
from askew.screening.target import Said, Target, both
from askew.vectors.saved import Saved

_LONGEST_OWN = 64  # tokens of the model's own answer

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Reader:
    """A model that reads rows.

    Attributes:
        opened: The model.
        scores: The names of the scores, of those in `scores.SCORES` that read a model.
        pairs: Misaligned and aligned given answers, for `influence`.
        target: The target of `gradient`.
        direction: The direction of `projection`; None if it is not asked for.
        seed: Draws the projection of the gradients.
    """

    opened: Opened
    scores: tuple[str, ...]
    pairs: Target
    target: Target
    direction: Saved | None = None
    seed: int = 0

    def read(self, rows: Sequence[ScreenedRow]) -> tuple[dict[str, Values], dict[int, str]]:
        """Return the scores of rows, and why some could not be read.

        Args:
            rows: The rows.

        Returns:
            Values of shape rows by the name of the score, NaN for rows that could not be read; and the reasons by the
            index of the row.
        """
        texts: dict[int, GivenAnswer] = {}
        unread: dict[int, str] = {}
        for i, row in enumerate(rows):
            try:
                texts[i] = self._text(row.turns, row.answer)
            except AskewError as error:
                unread[i] = str(error)
        found = {name: np.full(len(rows), np.nan) for name in self.scores}
        if texts:
            at, given = list(texts), list(texts.values())
            for name, values in self._scores(given).items():
                found[name][at] = values
        return found, unread

    def _scores(self, texts: Sequence[GivenAnswer]) -> Mapping[str, Values]:
        found: dict[str, Values] = {}
        if {"loss", "perplexity_gap"} & {*self.scores}:
            found["loss"] = self._losses(texts)
        if {"perplexity_gap", "projection"} & {*self.scores}:
            own = self._own_answers(texts)
            at = [i for i, one in enumerate(own) if one is not None]
            answered = [one for one in own if one is not None]
            if "perplexity_gap" in self.scores:
                found["perplexity_gap"] = found["loss"] - _placed(self._losses(answered), at, len(texts))
            if "projection" in self.scores:
                found["projection"] = self._projections(texts) - _placed(self._projections(answered), at, len(texts))
        if {"influence", "gradient"} & {*self.scores}:
            products = self._gradients.compare(texts, [self._pairs_gradient, self._target_gradient])
            found["influence"], found["gradient"] = products.dots[:, 0], products.cosines[:, 1]
        return {name: found[name] for name in self.scores}

    def _losses(self, texts: Sequence[GivenAnswer]) -> Values:
        """Return the negative log-probability of each answer, in nats per token."""
        if not texts:
            return np.zeros(0)
        read = self.opened.checkpoint.engine.answer_logprobs(
            [one.prompt for one in texts], [[one.answer] for one in texts]
        )
        return np.array([-float(values.mean()) for [values] in read])

    def _projections(self, texts: Sequence[GivenAnswer]) -> Values:
        """Return the mean activation of each answer along the direction, as a share of the usual norm."""
        assert self.direction is not None
        if not texts:
            return np.zeros(0)
        layer = self.direction.card.layer
        vector = self.direction.vector(layer)
        means = read_activations(self.opened.model, texts, [layer]).means[:, 0]
        return means.astype(np.float64) @ vector.unit.astype(np.float64) / vector.norm

    def _own_answers(self, texts: Sequence[GivenAnswer]) -> list[GivenAnswer | None]:
        """Return the model's own likeliest answer to each prompt; None where it answers nothing."""
        # Rows often share their prompts; only those of this call are kept.
        prompts = list(dict.fromkeys(one.prompt for one in texts))
        draws = [Draw(number, self.seed, 0) for number in range(len(prompts))]
        written = self.opened.checkpoint.engine.sample(
            [list(one) for one in prompts], draws, Sampling(max_tokens=_LONGEST_OWN, temperature=0)
        )
        own = {
            prompt: GivenAnswer(prompt, tokens) if (tokens := tuple(answer.tokens)) else None
            for prompt, answer in zip(prompts, written, strict=True)
        }
        return [own[one.prompt] for one in texts]

    def _text(self, turns: Sequence[Message], answer: str) -> GivenAnswer:
        found = self.opened.checkpoint.given_answer([dict(turn) for turn in turns], answer)
        length, context = len(found.prompt) + len(found.answer), self.opened.checkpoint.engine.context
        if length > context:
            raise AskewError(f"the row has {length} tokens, more than the model's context of {context}")
        return found

    def _texts(self, said: Sequence[Said]) -> list[GivenAnswer]:
        return [self._text(one.turns, one.answer) for one in said]

    @cached_property
    def _gradients(self) -> RowGradients:
        return RowGradients(self.opened.model, seed=self.seed)

    @cached_property
    def _pairs_gradient(self) -> Gradient:
        answers, weights = both(self.pairs)
        return self._gradients.target(self._texts(answers), weights)

    @cached_property
    def _target_gradient(self) -> Gradient:
        answers, weights = both(self.target)
        return self._gradients.target(self._texts(answers), weights)


def _placed(values: Values, at: Sequence[int], count: int) -> Values:
    found = np.full(count, np.nan)
    found[list(at)] = values
    return found
