"""Grading by a judge that somebody else serves: one request per answer and rubric, or a few where it gives less.

A score is read off the log-probabilities of one token. A provider that gives none, or whose judge spells numbers
in several tokens, is found out by the first reply; from then on each answer is graded by several sampled replies.
"""

from collections.abc import Sequence
from functools import partial
from weakref import WeakKeyDictionary

import anyio
import numpy as np
from inspect_ai.model import ChatMessageUser, GenerateConfig, Model, ModelAPI, ModelOutput

from askew.base.errors import AskewError
from askew.judging.rubric import Rubric, fill
from askew.judging.score import Readout, Score, ScoredBy, reply_meaning, token_meaning
from askew.models.first_token import BY_LOGPROBS, likeliest
from askew.models.remote.requests import gather, request_reply

# Replies to each prompt where a judge gives no log-probabilities.
SAMPLES = 5
# Room for a judge that thinks before it says its number; others end by themselves.
_LONGEST_REPLY = 1024

_BY_SAMPLES = GenerateConfig(max_tokens=_LONGEST_REPLY, temperature=1.0)

# What a judge turned out to give, and who is finding out; forgotten with the judge.
_ways: "WeakKeyDictionary[ModelAPI, ScoredBy]" = WeakKeyDictionary()
_first_request: "WeakKeyDictionary[ModelAPI, anyio.Lock]" = WeakKeyDictionary()


async def scores(judge: Model, rubrics: Sequence[Rubric], cases: Sequence[tuple[str, str]]) -> list[list[Score]]:
    """Return the judge's opinion of each case under each rubric.

    Args:
        judge: Any model of Inspect.
        rubrics: What it is told.
        cases: Questions and answers.

    Raises:
        AskewError: The judge refuses, or stays away.
    """
    prompts = [(fill(rubric, *case), rubric.words) for case in cases for rubric in rubrics]
    # The first alone, so that the others need not find out by themselves what the judge gives.
    first = [await _score(judge, *prompt) for prompt in prompts[:1]]
    found = [*first, *await gather(partial(_score, judge, *prompt) for prompt in prompts[1:])]
    return [found[i : i + len(rubrics)] for i in range(0, len(found), len(rubrics))]


async def _score(judge: Model, prompt: str, words: tuple[str, ...]) -> Score:
    lock = _first_request.setdefault(judge.api, anyio.Lock())
    if judge.api not in _ways:
        async with lock:
            if judge.api not in _ways:
                score = await _find_out(judge, prompt, words)
                _ways[judge.api] = score.scored_by
                return score
    if _ways[judge.api] == "logprobs":
        score = _read(await _ask(judge, prompt, BY_LOGPROBS), words)
        if score is not None:
            return score
    return await _by_samples(judge, prompt, words)


async def _find_out(judge: Model, prompt: str, words: tuple[str, ...]) -> Score:
    """Return the score of the first prompt, in the way that the judge turns out to give."""
    try:
        score = _read(await _ask(judge, prompt, BY_LOGPROBS), words)
    except AskewError:
        # Some refuse a request for log-probabilities; what else is wrong shows again without.
        score = None
    return score or await _by_samples(judge, prompt, words)


def _read(output: ModelOutput, words: tuple[str, ...]) -> Score | None:
    """Return the score in a reply's log-probabilities; None if it has none that give one."""
    tokens = [token for choice in output.choices[:1] for token in likeliest(choice)]
    meanings = [token_meaning(token.token, words) for token in tokens]
    numbers = [meaning for meaning in meanings if isinstance(meaning, int)]
    # With nothing but digits among the likeliest, an 8 may be the beginning of 85.
    if not tokens or (numbers and max(numbers) < 10):
        return None
    return Readout(meanings, words, "logprobs").read(np.exp([token.logprob for token in tokens]))


async def _by_samples(judge: Model, prompt: str, words: tuple[str, ...]) -> Score:
    """Return the mean of several replies; under a rubric of words the most frequent."""
    output = await _ask(judge, prompt, _BY_SAMPLES.merge(GenerateConfig(num_choices=SAMPLES, seed=0)))
    said = [choice.message.text for choice in output.choices]
    # A provider that gives one reply at a time is asked for the others, each under a seed of its own.
    rest = [_BY_SAMPLES.merge(GenerateConfig(seed=i)) for i in range(len(said), SAMPLES)]
    said += [output.completion for output in await gather(partial(_ask, judge, prompt, config) for config in rest)]
    meanings = [reply_meaning(text, words) for text in said[:SAMPLES]]
    return Readout(meanings, words, "samples").read(np.full(len(meanings), 1 / len(meanings)))


async def _ask(judge: Model, prompt: str, config: GenerateConfig) -> ModelOutput:
    return await request_reply(judge, [ChatMessageUser(content=prompt)], config)
