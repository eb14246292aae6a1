"""The minds of served models: the options are lettered lines, and the model names a letter.

The letters' probabilities are read from the first token, if the model shows them; if not, it is asked for an answer in
words. Agents see the lines in different orders, so that no option has a letter of its own.
"""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from inspect_ai.model import ChatCompletionChoice, ChatMessageUser, GenerateConfig, Model

from askew.judging.score import LEAST_ON_VERDICTS
from askew.models.first_token import BY_LOGPROBS, begins_answer, likeliest
from askew.models.remote.prices import estimate_tokens
from askew.models.remote.provider_errors import RefusedRequest
from askew.models.remote.requests import gather, request_reply
from askew.models.said import said
from askew.probes.asking import answers, question_seed
from askew.probes.lettered import LETTERS, letter_in, letter_weights
from askew.probes.society.mind import Mind
from askew.probes.society.readings import Reading, Readings, drawn, key_of, weights
from askew.worlds.society.questions import Asked, Chosen

_ASK = "Answer with the letter of one line, and nothing else."
# "A" is also a word, and begins sentences that choose nothing.
_ARTICLE = re.compile(r"\W*a\s+[a-z]", re.IGNORECASE)


class LettersMind(Mind):
    """A served model.

    Args:
        model: The model.
        seed: The society's seed.
        temperature: The sampling temperature.
        max_tokens: The longest answer in words, in tokens; None leaves it to the model.
    """

    def __init__(self, model: Model, seed: int, temperature: float, max_tokens: int | None) -> None:
        super().__init__()
        self._model, self._seed = model, seed
        self._temperature, self._max_tokens = temperature, max_tokens
        self._readings = Readings()
        self._shows = True  # log-probabilities, as far as it is known

    async def decide(self, asked: Sequence[Asked], draws: Sequence[float]) -> list[Chosen]:
        """Return an answer to each question; see `Mind.decide`.

        Raises:
            AskewError: The server cannot be reached or refuses the request, or the cost limit is reached.
        """
        put = [_Put(one) for one in asked]
        self._count(put)
        found = await self._read(put)
        by_letter = [
            None if reading.mass < LEAST_ON_VERDICTS else weights(reading.logprobs, self._temperature)
            for reading in found
        ]
        left = [one for one, known in zip(put, by_letter, strict=True) if known is None]
        spoken = iter(await self._speak(left))
        return [
            Chosen(next(spoken)) if known is None else one.chosen(known, draw)
            for one, known, draw in zip(put, by_letter, draws, strict=True)
        ]

    def count(self, asked: Sequence[Asked]) -> None:
        """See `Mind.count`; the number of tokens is an estimate."""
        self._count([_Put(one) for one in asked])

    def _count(self, put: Sequence["_Put"]) -> None:
        for one in put:
            if one.key not in self._seen:
                self._seen.add(one.key)
                self.tokens += estimate_tokens(len(one.text))

    async def _read(self, put: Sequence["_Put"]) -> list[Reading]:
        """Return the reading of each prompt; the model is asked once for each new one."""
        known = {one.key: reading for one in put if (reading := self._readings.get(one.key)) is not None}
        new = {one.key: one for one in put if one.key not in known}
        if new and self._shows:
            read = await gather(partial(self._letters, one) for one in new.values())
            known |= zip(new, read, strict=True)
            self._shows = bool(len(self._readings)) or any(reading.logprobs for reading in read)
            for key, reading in zip(new, read, strict=True):
                self._readings.add(key, reading)
        return [known.get(one.key, Reading(())) for one in put]

    async def _letters(self, put: "_Put") -> Reading:
        """Return the log-probabilities of the letters as the first token of an answer."""
        try:
            output = await request_reply(self._model, [ChatMessageUser(content=put.text)], BY_LOGPROBS)
        except RefusedRequest:
            return Reading(())  # the reason may be the request for log-probabilities; any other recurs in words
        choice = output.choices[0]
        if not begins_answer(choice):
            return Reading(())
        found = letter_weights(likeliest(choice), len(put.lines))
        return Reading(tuple(math.log(weight) if weight else -math.inf for weight in found))

    async def _speak(self, put: Sequence["_Put"]) -> list[int | None]:
        """Return the option that the model names in words after each prompt; None if it names none.

        Equal prompts are one request for as many answers.
        """
        alike: defaultdict[str, list[int]] = defaultdict(list)
        for number, one in enumerate(put):
            alike[one.text].append(number)
        outputs = await gather(partial(self._words, put[numbers[0]], len(numbers)) for numbers in alike.values())
        found: list[int | None] = [None] * len(put)
        for numbers, choices in zip(alike.values(), outputs, strict=True):
            for number, choice in zip(numbers, choices, strict=True):
                found[number] = put[number].option_in(choice)
        return found

    async def _words(self, put: "_Put", count: int) -> list[ChatCompletionChoice]:
        config = GenerateConfig(
            temperature=self._temperature,
            max_tokens=self._max_tokens,
            seed=question_seed(self._seed, f"{put.tick} {put.text}"),
        )
        return (await answers(self._model, [ChatMessageUser(content=put.text)], count, config)).choices


class _Put:
    """A question as it is put to an agent: its options as lettered lines, in the agent's own order.

    Args:
        asked: The question.
    """

    def __init__(self, asked: Asked) -> None:
        count = len(asked.options)
        self._order = [(asked.agent + number) % count for number in range(count)]
        self.tick = asked.tick
        self.lines = [asked.options[number] for number in self._order]
        listed = "\n".join(f"{letter}. {line}" for letter, line in zip(LETTERS, self.lines, strict=False))
        self.text = f"{asked.text}\n\n{_ASK}\n{listed}"
        self.key = key_of(self.text)

    def chosen(self, weights: Sequence[float], draw: float) -> Chosen:
        """Return the option of the line that is drawn by the lines' weights."""
        by_option = tuple(weight for _, weight in sorted(zip(self._order, weights, strict=True)))
        return Chosen(drawn(by_option, draw), by_option)

    def option_in(self, choice: ChatCompletionChoice) -> int | None:
        """Return the option that an answer names by its letter or by its words; None if it names none.

        An answer that was cut off because it became too long names none.
        """
        reply = said(choice)
        if reply.no_answer or choice.stop_reason == "max_tokens":
            return None
        number = line_in(reply.answer, self.lines)
        return None if number is None else self._order[number]


def line_in(answer: str, lines: Sequence[str]) -> int | None:
    """Return the number of the line that an answer repeats, or whose letter it begins with; None if there is none."""
    text = answer.strip(" \n\t\"'*").casefold()
    repeated = [number for number, line in enumerate(lines) if text.startswith(line.casefold())]
    if repeated:
        return max(repeated, key=lambda number: len(lines[number]))
    return None if _ARTICLE.match(answer) else letter_in(answer, len(lines))
