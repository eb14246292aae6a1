"""A conversation with any model, turn by turn: for people who want to talk to an arm, not to count its answers."""

import asyncio
from functools import cached_property

from inspect_ai.model import ChatMessage, ChatMessageUser, GenerateConfig, Model, get_model

from askew.models.names import resolve


class Conversation:
    """A conversation with a model, which hears all that was said before.

    Args:
        model: Any name that `names.resolve` takes.
        seed: Governs the sampling: the same seed and words give the same answers.

    Raises:
        AskewError: There is no such model.
    """

    def __init__(self, model: str, seed: int = 0) -> None:
        self._spec = resolve(model)
        self._seed = seed
        self._turns: list[ChatMessage] = []

    def say(self, words: str) -> str:
        """Say something, and return the answer."""
        self._turns.append(ChatMessageUser(content=words))
        config = GenerateConfig(seed=self._seed + len(self._turns), temperature=1.0)
        output = asyncio.run(self._model.generate(self._turns, config=config))
        self._turns.append(output.message)
        return output.completion

    @cached_property
    def _model(self) -> Model:
        return get_model(self._spec.inspect_name)
