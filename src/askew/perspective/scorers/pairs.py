"""The scorer `pairs`: after a segment, how likely does a local model find a sentence for each end of the axis?

A pair is two sentences about the speaker. The score is the log-odds of the high end's against the low end's, minus the
same after texts without a stance, as the mean over the axis's pairs, on the scale of a probability.
"""

import asyncio
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from askew.base.errors import AskewError
from askew.base.threads import use_one_thread
from askew.perspective.axis import HIGHEST
from askew.perspective.planted import neutral_text
from askew.perspective.scorers import Scored, ScorerKind, Setting, scorers

if TYPE_CHECKING:
    from inspect_ai.model import Model

_ASKED = "Here is a part of a talk:\n\n{text}\n\nSum up the speaker's stance in one sentence."
_NEUTRAL_TEXTS = 4


class PairScorer:
    """Scores texts by the log-probabilities of given sentences after them.

    Args:
        setting: The axis and the model.

    Raises:
        AskewError: No model is named, it is not on this machine, or the axis has no pairs.
    """

    def __init__(self, setting: Setting) -> None:
        from askew.models.names import resolve

        if not setting.model:
            raise AskewError("the scorer pairs needs a model on this machine: name one with --model, such as ./folder")
        if not setting.axis.pairs:
            raise AskewError(
                f"the axis {setting.axis.name} has no pairs of sentences for the scorer pairs: add `pairs` with the "
                "keys low and high, or use another scorer"
            )
        self._spec = resolve(setting.model)
        if not self._spec.is_local:
            raise AskewError(
                f"{setting.model} is a served model, and the scorer pairs reads log-probabilities on this machine. "
                "Name a local model, or use the model as a judge: --scorer judge --judge MODEL"
            )
        self._setting = setting
        self._model: Model | None = None
        self._usual: float | None = None  # the log-odds after texts without a stance

    def __call__(self, texts: Sequence[str]) -> list[Scored]:
        """Return the score of each text; there is one for every text.

        Raises:
            AskewError: A text does not fit the model's context.
        """
        use_one_thread()
        return asyncio.run(self._scores(texts))

    async def _scores(self, texts: Sequence[str]) -> list[Scored]:
        from askew.models.model_args import model_with

        if self._model is None:
            self._model = model_with(self._spec)
        if self._usual is None:
            neutral = [await self._log_odds(self._model, neutral_text(number)) for number in range(_NEUTRAL_TEXTS)]
            self._usual = sum(neutral) / len(neutral)
        found: list[Scored] = []
        for text in texts:
            odds = await self._log_odds(self._model, text) - self._usual
            found.append(Scored(HIGHEST * math.tanh(odds / 2)))  # 2 p - 1, if the odds are those of p
            self._setting.on_progress(len(found), len(texts))
        return found

    async def _log_odds(self, model: "Model", text: str) -> float:
        """Return the log-odds of the high end's sentence after a text, as the mean over the pairs, in nats."""
        from inspect_ai.model import ChatMessageUser

        from askew.models.provider import GIVEN

        pairs = self._setting.axis.pairs
        given = [sentence for pair in pairs for sentence in (pair.low, pair.high)]
        turn = ChatMessageUser(content=_ASKED.format(text=text), metadata={GIVEN: given})
        read = await model.generate([turn])
        sums = [sum(step.logprob for step in choice.logprobs.content) for choice in read.choices if choice.logprobs]
        return sum(high - low for low, high in zip(sums[::2], sums[1::2], strict=True)) / len(pairs)


def _method(setting: Setting) -> str:
    return (
        f"After each segment {setting.model} read {len(setting.axis.pairs)} pairs of sentences about the speaker, such "
        f"as “{setting.axis.pairs[0].low}” and “{setting.axis.pairs[0].high}”. The score is the mean log-odds of the "
        f"second, less those after {_NEUTRAL_TEXTS} texts without a stance, on the scale of a probability. It names no "
        "words, and has a score for every segment."
    )


scorers.add(
    "pairs",
    ScorerKind(
        about="log-probabilities of paired sentences after each segment, on a local model; --model names it",
        make=PairScorer,
        method=_method,
        texts=4,
    ),
)
