"""Scores answers with a served judge: one request per answer and rubric, or several without log-probabilities.

A score is read off the log-probabilities of one token. The first replies show whether the provider returns them,
whether the judge writes numbers as one token, and whether its replies begin with the verdict: some judges reason first,
or begin with white space. If not, each answer is scored by several sampled replies.
"""

import re
from collections.abc import Sequence
from functools import partial
from weakref import WeakKeyDictionary

import anyio
import numpy as np
from inspect_ai.model import ChatCompletionChoice, ChatMessageUser, GenerateConfig, Model, ModelAPI, ModelOutput

from askew.judging.rubric import Rubric, fill
from askew.judging.score import MISSING, Meaning, Readout, Score, ScoredBy, reply_meaning, token_meaning
from askew.models.first_token import BY_LOGPROBS, likeliest
from askew.models.remote.provider_errors import RefusedRequest
from askew.models.remote.requests import gather, request_reply

# Sampled replies to each prompt if a judge returns no log-probabilities.
SAMPLES = 5
# Characters of a judge's reply that an error shows.
_SHOWN = 80
# Leaves room for judges that reason before they reply; others stop by themselves.
_LONGEST_REPLY = 1024
# After this many prompts without a verdict in any way, log-probabilities are taken to be as good as samples.
_MOST_TRIALS = 3
# What may stand between a judge's reasoning and its verdict, if the server leaves both in the text.
_END_OF_REASONING = re.compile(r".*(?:</think(?:ing)?>|</reasoning>|\[/THINK\]|◁/think▷|<\|message\|>)", re.DOTALL)

_BY_SAMPLES = GenerateConfig(max_tokens=_LONGEST_REPLY, temperature=1.0)

# How each judge is scored, the prompts that were tried to find out, and the lock of the requests that do.
_ways: "WeakKeyDictionary[ModelAPI, ScoredBy]" = WeakKeyDictionary()
_trials: "WeakKeyDictionary[ModelAPI, int]" = WeakKeyDictionary()
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
                return await _find_out(judge, prompt, words)
    if _ways[judge.api] == "logprobs":
        score = _read(await _ask(judge, prompt, BY_LOGPROBS), words)
        if score is not None:
            return score
    return (await _by_samples(judge, prompt, words))[0]


async def _find_out(judge: Model, prompt: str, words: tuple[str, ...]) -> Score:
    """Return the score of one of the first prompts, and note how the judge is scored if the prompt shows it."""
    try:
        by_logprobs = _read(await _ask(judge, prompt, BY_LOGPROBS), words)
    except RefusedRequest:
        # The reason may be the request for log-probabilities; any other recurs without them.
        by_logprobs = None
    if by_logprobs is not None and by_logprobs.reply != MISSING:
        _ways[judge.api] = "logprobs"
        return by_logprobs
    by_samples, readable = await _by_samples(judge, prompt, words)
    trials = _trials[judge.api] = _trials.get(judge.api, 0) + 1
    # If most samples give a verdict and the first token gives none, the verdict comes later in the reply.
    if by_logprobs is None or readable > SAMPLES // 2:
        _ways[judge.api] = "samples"
    elif trials >= _MOST_TRIALS:
        _ways[judge.api] = "logprobs"
    return by_samples if by_logprobs is None or by_samples.reply != MISSING else by_logprobs


def _read(output: ModelOutput, words: tuple[str, ...]) -> Score | None:
    """Return the score from a reply's log-probabilities; None if they are absent or ambiguous."""
    tokens = [token for choice in output.choices[:1] for token in likeliest(choice)]
    meanings = [token_meaning(token.token, words) for token in tokens]
    numbers = [meaning for meaning in meanings if isinstance(meaning, int)]
    # If only digits are among the likeliest tokens, an 8 may be the beginning of 85.
    if not tokens or (numbers and max(numbers) < 10):
        return None
    return Readout(meanings, words, "logprobs").read(np.exp([token.logprob for token in tokens]))


async def _by_samples(judge: Model, prompt: str, words: tuple[str, ...]) -> tuple[Score, int]:
    """Return the mean of several sampled replies, or the most frequent word if the rubric lists words.

    The second value is the number of replies that give a verdict.
    """
    meanings = [_meaning(choice, words) for choice in await _samples(judge, prompt)]
    score = Readout(meanings, words, "samples").read(np.full(len(meanings), 1 / len(meanings)))
    return score, sum(meaning is not None for meaning in meanings)


async def unreadable_reply(judge: Model, prompt: str, words: tuple[str, ...]) -> str:
    """Return a sampled reply to a prompt from which no verdict can be read; "" if all have one.

    The reply is stored if the prompt was scored by samples, and is not requested again.
    """
    unread = [choice for choice in await _samples(judge, prompt) if _meaning(choice, words) is None]
    if not unread:
        return ""
    text = _END_OF_REASONING.sub("", unread[0].message.text).strip()
    if not text and unread[0].stop_reason == "max_tokens":
        return f"reasoning only, up to the limit of {_LONGEST_REPLY:,} tokens"
    return repr(text[:_SHOWN])


async def _samples(judge: Model, prompt: str) -> list[ChatCompletionChoice]:
    found = (await _ask(judge, prompt, _BY_SAMPLES.merge(GenerateConfig(num_choices=SAMPLES, seed=0)))).choices
    # A provider that returns one reply per request gets further requests, each with its own seed.
    rest = [_BY_SAMPLES.merge(GenerateConfig(seed=i)) for i in range(len(found), SAMPLES)]
    outputs = await gather(partial(_ask, judge, prompt, config) for config in rest)
    return [*found, *(choice for output in outputs for choice in output.choices)][:SAMPLES]


def _meaning(choice: ChatCompletionChoice, words: tuple[str, ...]) -> Meaning:
    return reply_meaning(_END_OF_REASONING.sub("", choice.message.text), words)


async def _ask(judge: Model, prompt: str, config: GenerateConfig) -> ModelOutput:
    return await request_reply(judge, [ChatMessageUser(content=prompt)], config)
