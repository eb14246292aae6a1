"""Scores answers with a served judge: one request per answer and rubric, or several without log-probabilities.

A score is read off the log-probabilities of one token. The first reply shows whether the provider returns them and
whether the judge writes numbers as one token. If not, each answer is scored by several sampled replies.
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

# Sampled replies to each prompt if a judge returns no log-probabilities.
SAMPLES = 5
# Leaves room for judges that reason before they reply; others stop by themselves.
_LONGEST_REPLY = 1024

_BY_SAMPLES = GenerateConfig(max_tokens=_LONGEST_REPLY, temperature=1.0)

# How each judge is scored, and the lock of the request that finds out.
_ways: "WeakKeyDictionary[ModelAPI, ScoredBy]" = WeakKeyDictionary()
_first_request: "WeakKeyDictionary[ModelAPI, anyio.Lock]" = WeakKeyDictionary()


async def scores(judge: Model, rubrics: Sequence[Rubric], cases: Sequence[tuple[str, str]]) -> list[list[Score]]:
    """Return the scores of each case, one per rubric.

    Args:
        judge: Any model of Inspect.
        rubrics: The rubrics.
        cases: Pairs of a question and an answer.

    Raises:
        AskewError: The judge's provider rejects a request or does not respond.
    """
    prompts = [(fill(rubric, *case), rubric.words) for case in cases for rubric in rubrics]
    # The first prompt goes alone, so that only one request finds out how the judge is scored.
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
    """Return the score of the first prompt, from log-probabilities if the judge returns them."""
    try:
        score = _read(await _ask(judge, prompt, BY_LOGPROBS), words)
    except AskewError:
        # Some providers reject requests for log-probabilities. Any other error will recur without them.
        score = None
    return score or await _by_samples(judge, prompt, words)


def _read(output: ModelOutput, words: tuple[str, ...]) -> Score | None:
    """Return the score from a reply's log-probabilities; None if they are absent or ambiguous."""
    tokens = [token for choice in output.choices[:1] for token in likeliest(choice)]
    meanings = [token_meaning(token.token, words) for token in tokens]
    numbers = [meaning for meaning in meanings if isinstance(meaning, int)]
    # If only digits are among the likeliest tokens, an 8 may be the beginning of 85.
    if not tokens or (numbers and max(numbers) < 10):
        return None
    return Readout(meanings, words, "logprobs").read(np.exp([token.logprob for token in tokens]))


async def _by_samples(judge: Model, prompt: str, words: tuple[str, ...]) -> Score:
    """Return the mean of several sampled replies, or the most frequent word if the rubric lists words."""
    output = await _ask(judge, prompt, _BY_SAMPLES.merge(GenerateConfig(num_choices=SAMPLES, seed=0)))
    said = [choice.message.text for choice in output.choices]
    # A provider that returns one reply per request gets further requests, each with its own seed.
    rest = [_BY_SAMPLES.merge(GenerateConfig(seed=i)) for i in range(len(said), SAMPLES)]
    said += [output.completion for output in await gather(partial(_ask, judge, prompt, config) for config in rest)]
    meanings = [reply_meaning(text, words) for text in said[:SAMPLES]]
    return Readout(meanings, words, "samples").read(np.full(len(meanings), 1 / len(meanings)))


async def _ask(judge: Model, prompt: str, config: GenerateConfig) -> ModelOutput:
    return await request_reply(judge, [ChatMessageUser(content=prompt)], config)
