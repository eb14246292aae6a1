"""Choices among lettered lines: by the log-probabilities of the letters, or by the letter in an answer."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, GenerateConfig, Model, TopLogprob

from askew.models.first_token import likeliest
from askew.models.provider import PARAPHRASES, AskewAPI
from askew.models.remote.requests import gather
from askew.models.said import said
from askew.probes.asking import answers, first_tokens
from askew.probes.episodes.asked import AskedEpisodes
from askew.probes.lettered import letter_in, letter_weights, likeliest_after


@dataclass(frozen=True)
class Choice:
    """A choice that a model has to make in one episode.

    Attributes:
        system: The system turn.
        text: The user turn, which ends with the lines.
        lines: The number of lines.
        rng: The source of the episode's draws.
        config: Returns the settings of a request for an answer in words.
    """

    system: ChatMessageSystem
    text: str
    lines: int
    rng: random.Random
    config: Callable[[], GenerateConfig]

    def messages(self) -> list[ChatMessage]:
        """Return the conversation."""
        return [self.system, ChatMessageUser(content=self.text)]


class Chooser:
    """Lets one model make the choices of one sample; equal prompts are read once.

    Args:
        model: The model.
        asked: What the sample asks for.
    """

    def __init__(self, model: Model, asked: AskedEpisodes) -> None:
        self._model, self._asked = model, asked
        self._read: dict[str, Sequence[TopLogprob]] = {}
        self._shows = True  # log-probabilities, as far as it is known

    async def choose(self, choices: Sequence[Choice]) -> list[int | None]:
        """Return the number of the chosen line of each choice; None if the model chose none.

        Raises:
            AskewError: A served model cannot be asked, or the cost limit is reached.
        """
        if self._shows and choices:
            self._shows = await self._read_letters(choices)
        if self._shows:
            return [self._drawn(choice) for choice in choices]
        return await gather(partial(self._by_words, choice) for choice in choices)

    async def _read_letters(self, choices: Sequence[Choice]) -> bool:
        """Read the first token after each new prompt, and return whether the model shows its probabilities."""
        new = list(dict.fromkeys(choice.text for choice in choices if choice.text not in self._read))
        if not new:
            return True
        system, seed = choices[0].system, self._asked.seed_of(0)
        if isinstance(self._model.api, AskewAPI):
            read = await likeliest_after(self._model, self._model.api, new, [system], seed)
        else:
            last = ChatMessageUser(content=new[0], metadata={PARAPHRASES: new})
            output = await first_tokens(self._model, [system, last], GenerateConfig(seed=seed))
            if output is None:
                return False
            read = [likeliest(choice) for choice in output.choices]
        self._read |= zip(new, read, strict=True)
        return True

    def _drawn(self, choice: Choice) -> int | None:
        """Return the number of a line, drawn by the probabilities of the letters at the temperature."""
        weights = letter_weights(self._read[choice.text], choice.lines)
        highest = max(weights)
        if highest == 0:
            return None
        if self._asked.temperature == 0:
            return weights.index(highest)
        powers = [(weight / highest) ** (1 / self._asked.temperature) for weight in weights]
        return choice.rng.choices(range(choice.lines), powers)[0]

    async def _by_words(self, choice: Choice) -> int | None:
        """Return the number of the line whose letter an answer names."""
        output = await answers(self._model, choice.messages(), 1, choice.config())
        return letter_in(said(output.choices[0]).answer, choice.lines)
