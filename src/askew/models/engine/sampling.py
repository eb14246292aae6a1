"""Drawing the next token: temperature, nucleus, and noise that depends on the answer alone.

The logits of a row depend, in their last digits, on what else is in the batch. So every token has noise of its own
(Gumbel's, added to its logit) and the largest sum is drawn: rounding then decides only between tokens that were as
good as equal. A single random number looked up in the cumulated probabilities would be simpler, but every one of a
hundred thousand thresholds moves with the batch, and a long answer of a large model would hardly ever be the same
twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# So many of the likeliest tokens have noise of their own in every draw.
_LIKELY = 32
# Tokens for which noise is made at once: several megabytes.
_NUMBERS_AT_ONCE = 1 << 20
_ODD = -0x61C8864680B583EB  # 2 to the 64th, divided by the golden ratio


@dataclass(frozen=True)
class Draw:
    """One answer to be sampled.

    Attributes:
        prompt: The index of the prompt that it answers.
        seed: Seed of the request that it belongs to.
        index: Its number within that request. Answers of one seed and index are the same in any company.
    """

    prompt: int
    seed: int
    index: int


@dataclass(frozen=True)
class Sampling:
    """How answers are sampled.

    Attributes:
        max_tokens: The most tokens of an answer.
        temperature: 0 takes the likeliest token.
        top_p: Draw among the likeliest tokens that hold this much probability; 1 switches it off.
        top_k: Draw among so many of the likeliest tokens; None switches it off.
        logprobs: For how many of the likeliest tokens to report log-probabilities; None reports none at all.
    """

    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int | None = None
    logprobs: int | None = None


def keys(draws: Sequence[Draw], tokens: int) -> NDArray[np.int64]:
    """Return a key for each answer and token, from a counter-based stream for each answer."""
    streams = (np.random.Generator(np.random.Philox(key=(draw.seed, draw.index))) for draw in draws)
    return np.stack([stream.integers(-(2**63), 2**63, tokens) for stream in streams])


def next_tokens(logits_SV: Tensor, branch_A: Tensor, key_A: Tensor, sampling: Sampling) -> Tensor:
    """Draw a token for every answer.

    The tokens that are not among the likeliest have noise together, as if they were one token; it is theirs
    apart only for the few answers that draw it. The distribution is the same, for a hundredth of the noise.

    Args:
        logits_SV: Logits of each branch.
        branch_A: The branch of each answer.
        key_A: A key for each answer, to draw this token with.
        sampling: How to draw.
    """
    if sampling.temperature == 0:
        return logits_SV.argmax(dim=-1)[branch_A]
    scaled_SV = logits_SV.float() / sampling.temperature
    if sampling.top_k is not None or sampling.top_p < 1:
        scaled_SV = _among_the_likeliest(scaled_SV, sampling)
    probability_SV = torch.softmax(scaled_SV, dim=-1)
    likely_SK, token_SK = probability_SV.topk(min(_LIKELY, probability_SV.shape[1]), dim=-1)
    rest_S = probability_SV.scatter(1, token_SK, 0.0).sum(dim=-1, keepdim=True)
    parts_AK = torch.cat([likely_SK, rest_S], dim=1).log()[branch_A]
    # What is not among the likeliest goes by a number that is no token's.
    named_AK = torch.cat([token_SK, torch.full_like(token_SK[:, :1], -1)], dim=1)[branch_A]
    drawn_A = named_AK.gather(1, (parts_AK + _noise(key_A, named_AK)).argmax(dim=1, keepdim=True))[:, 0]
    vocabulary = torch.arange(scaled_SV.shape[1], device=scaled_SV.device)
    for answers in (drawn_A < 0).nonzero()[:, 0].split(max(1, _NUMBERS_AT_ONCE // len(vocabulary))):
        branches = branch_A[answers]
        others = scaled_SV[branches].scatter(1, token_SK[branches], -torch.inf)
        drawn_A[answers] = (others + _noise(key_A[answers], vocabulary)).argmax(dim=1)
    return drawn_A


def _noise(key: Tensor, token: Tensor) -> Tensor:
    """Return Gumbel noise for tokens, that depends on them and on a key for each row of them.

    Args:
        key: Of each row.
        token: Numbers of tokens, for each row or for all of them.
    """
    mixed = key[:, None] + token * _ODD  # what follows is the finisher of SplitMix64
    for shift, factor in ((30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15)):
        mixed = (mixed ^ _shifted(mixed, shift)) * factor
    # The largest noise comes of the smallest numbers, near which 32 bits are fine enough.
    uniform = (_shifted(mixed ^ _shifted(mixed, 31), 11).float() + 0.5) * 2.0**-53
    return -(-(-uniform).log1p()).log()


def _shifted(number: Tensor, places: int) -> Tensor:
    """Shift to the right and fill with zeros, which for signed numbers is not what the operator does."""
    return (number >> places) & ((1 << (64 - places)) - 1)


def _among_the_likeliest(logits_SV: Tensor, sampling: Sampling) -> Tensor:
    """Rule out all but the likeliest tokens."""
    ordered, token = logits_SV.sort(dim=-1, descending=True)
    probability = torch.softmax(ordered, dim=-1)
    # A token stays while those before it do not hold enough yet, so the likeliest always does.
    out = probability.cumsum(dim=-1) - probability >= sampling.top_p
    if sampling.top_k is not None:
        out[:, sampling.top_k :] = True
    return logits_SV.masked_fill(out.scatter(1, token, out), -torch.inf)
