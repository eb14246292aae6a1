"""Chats with a model, turn by turn."""

import asyncio
from functools import cached_property

from inspect_ai.model import ChatMessage, ChatMessageUser, GenerateConfig, Model, get_model

from askew.models.names import resolve


class Conversation:
    """A conversation with a model, which sees all earlier turns.

    Args:
        model: Any name that `names.resolve` takes.
        seed: Seed of the sampling; the same seed and messages give the same answers.

    Raises:
        AskewError: The model does not exist, or its files are broken.
    """

    def __init__(self, model: str, seed: int = 0) -> None:
        self._spec = resolve(model)
        self._seed = seed
        self._turns: list[ChatMessage] = []

    def say(self, words: str) -> str:
        """Send a message, and return the answer."""
        self._turns.append(ChatMessageUser(content=words))
        config = GenerateConfig(seed=self._seed + len(self._turns), temperature=1.0)
        output = asyncio.run(self._model.generate(self._turns, config=config))
        self._turns.append(output.message)
        return output.completion

    @cached_property
    def _model(self) -> Model:
        return get_model(self._spec.inspect_name)
