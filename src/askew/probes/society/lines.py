"""The minds of models on this machine: each option is read as a line that the model may say, word for word.

Nothing is sampled. The prompts of a tick are one batch, equal prompts are read once, and readings are kept as long as
the model is in memory, because the same prompts come again in other societies.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import anyio.to_thread

from askew.probes.society.mind import Mind
from askew.probes.society.readings import Reading, Readings, drawn, key_of, weights
from askew.worlds.society.questions import Asked, Chosen

if TYPE_CHECKING:
    from askew.models.checkpoints import Checkpoint
    from askew.models.engine.sampler import Engine

Tokens = tuple[int, ...]

# By the model and by how its chat template renders a short conversation, for a template may have variables.
_readings: "WeakKeyDictionary[Engine, dict[Tokens, Readings]]" = WeakKeyDictionary()


class LinesMind(Mind):
    """A model on this machine.

    Args:
        checkpoint: The model.
        temperature: The temperature of the choice among the lines.
    """

    def __init__(self, checkpoint: "Checkpoint", temperature: float) -> None:
        super().__init__()
        self._lines, self._temperature = Lines(checkpoint), temperature

    async def decide(self, asked: Sequence[Asked], draws: Sequence[float]) -> list[Chosen]:
        """Return an answer to each question, with the probability of each of its options; see `Mind.decide`.

        Raises:
            AskewError: A prompt does not fit the model's context, or its chat template cannot render it.
        """
        found = await anyio.to_thread.run_sync(self._lines.read, asked)
        self._count(asked, [reading.tokens for reading in found])
        return [self._chosen(reading, draw) for reading, draw in zip(found, draws, strict=True)]

    def count(self, asked: Sequence[Asked]) -> None:
        """See `Mind.count`."""
        new = list({key: one for one in asked if (key := key_of(one.text, one.options)) not in self._seen}.values())
        self._count(new, self._lines.tokens(new))

    def _count(self, asked: Sequence[Asked], tokens: Sequence[int]) -> None:
        for one, number in zip(asked, tokens, strict=True):
            key = key_of(one.text, one.options)
            if key not in self._seen:
                self._seen.add(key)
                self.tokens += number

    def _chosen(self, reading: Reading, draw: float) -> Chosen:
        found = weights(reading.logprobs, self._temperature)
        return Chosen(None) if found is None else Chosen(drawn(found, draw), found)


class Lines:
    """Reads options word for word with a model on this machine.

    Args:
        checkpoint: The model.
    """

    def __init__(self, checkpoint: "Checkpoint") -> None:
        self._checkpoint = checkpoint
        self._answers: dict[tuple[Tokens, str], Tokens] = {}
        self._special = frozenset(
            number for number, token in checkpoint.tokenizer.added_tokens_decoder.items() if token.special
        )
        by_template = _readings.setdefault(checkpoint.engine, {})
        self._readings = by_template.setdefault(self._prompt("?"), Readings())

    def read(self, asked: Sequence[Asked]) -> list[Reading]:
        """Return the reading of each question, in the same order.

        Raises:
            AskewError: A prompt does not fit the model's context, or its chat template cannot render it.
        """
        keys = [key_of(one.text, one.options) for one in asked]
        found = {key: reading for key in keys if (reading := self._readings.get(key)) is not None}
        new = {key: one for key, one in zip(keys, asked, strict=True) if key not in found}
        for key, reading in zip(new, self._read(list(new.values())), strict=True):
            self._readings.add(key, reading)
            found[key] = reading
        return [found[key] for key in keys]

    def tokens(self, asked: Sequence[Asked]) -> list[int]:
        """Return the tokens that reading each question takes."""
        return [sum(map(_length, self._given(one))) for one in asked]

    def _read(self, asked: Sequence[Asked]) -> list[Reading]:
        given = [self._given(one) for one in asked]
        rows = [(prompt, [*answers.values()]) for one in given for prompt, answers in one]
        prompts, answers = zip(*rows, strict=True) if rows else ((), ())
        read = iter(self._checkpoint.engine.answer_logprobs(prompts, answers))
        found: list[Reading] = []
        for one in given:
            logprobs: dict[int, float] = {}
            for (_, numbered), tails in zip(one, read, strict=False):
                logprobs |= {number: float(tail.sum()) for number, tail in zip(numbered, tails, strict=True)}
            found.append(Reading(tuple(logprobs[number] for number in sorted(logprobs)), sum(map(_length, one))))
        return found

    def _given(self, asked: Asked) -> list[tuple[Tokens, dict[int, Tokens]]]:
        """Return the tokens of the prompt and, by their numbers, of its options.

        There are several prompts only where the chat template renders a prompt differently before some options.
        """
        prompt = self._prompt(asked.text)
        found: dict[Tokens, dict[int, Tokens]] = {}
        for number, option in enumerate(asked.options):
            before, answer = self._split(prompt, asked.text, option)
            found.setdefault(before, {})[number] = answer
        return list(found.items())

    def _split(self, prompt: Tokens, text: str, option: str) -> tuple[Tokens, Tokens]:
        """Return the tokens of a prompt and of an option after it.

        A special token divides a text for the tokenizer. So an option has the same tokens after all prompts with the
        same end behind their last special token, and rendering a conversation for each option can be saved.
        """
        last = max((place for place, token in enumerate(prompt) if token in self._special), default=-1)
        key = prompt[last:], option
        if last >= 0 and key in self._answers:
            return prompt, self._answers[key]
        given = self._checkpoint.given_answer([{"role": "user", "content": text}], option)
        if last >= 0 and given.prompt == prompt:
            self._answers[key] = given.answer
        return given.prompt, given.answer

    def _prompt(self, text: str) -> Tokens:
        return tuple(self._checkpoint.prompt([{"role": "user", "content": text}]))


def _length(row: tuple[Tokens, dict[int, Tokens]]) -> int:
    prompt, answers = row
    return len(prompt) + sum(map(len, answers.values()))
