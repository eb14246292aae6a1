"""Draws next tokens with temperature, top-p and top-k, so that answers hardly depend on the batch.

The last digits of a row's logits depend on the rest of the batch. Each token therefore gets its own Gumbel noise, and
the token with the largest sum of logit and noise is drawn, so that rounding matters only between nearly equal sums. One
random number per draw, compared with cumulative probabilities, would be simpler; but rounding moves each of a hundred
thousand thresholds, and long answers of large models would rarely be reproducible.

Shapes: A answers, S branches, V vocabulary, K likeliest tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# The number of likeliest tokens that get their own noise in every draw.
_LIKELY = 32
# The number of tokens for which noise is computed at once, which takes several megabytes.
_NOISE_AT_ONCE = 1 << 20
_GOLDEN_RATIO = -0x61C8864680B583EB  # 2 to the power of 64, divided by the golden ratio, as a signed number


@dataclass(frozen=True)
class Draw:
    """One answer to be sampled.

    Attributes:
        prompt: The index of its prompt.
        seed: The seed of its request.
        index: Its number within the request. Seed and index determine the answer, whatever the batch.
    """

    prompt: int
    seed: int
    index: int


@dataclass(frozen=True)
class Sampling:
    """The sampling settings.

    Attributes:
        max_tokens: Maximum number of tokens of an answer.
        temperature: The temperature; 0 takes the likeliest token.
        top_p: Draw only from the likeliest tokens with this total probability; 1 for all tokens.
        top_k: Draw only from this number of likeliest tokens; None for all tokens.
        logprobs: Number of likeliest tokens with reported log-probabilities; None for no report.
    """

    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int | None = None
    logprobs: int | None = None


def keys(draws: Sequence[Draw], tokens: int) -> NDArray[np.int64]:
    """Return random 64-bit keys for the tokens of answers, from one counter-based stream per answer.

    Args:
        draws: The answers.
        tokens: Number of keys per answer.

    Returns:
        An array of shape A, tokens.
    """
    streams = (np.random.Generator(np.random.Philox(key=(draw.seed, draw.index))) for draw in draws)
    return np.stack([stream.integers(-(2**63), 2**63, tokens) for stream in streams])


def next_tokens(logits_SV: Tensor, branch_A: Tensor, key_A: Tensor, sampling: Sampling) -> Tensor:
    """Return a drawn token id for each answer, of shape A.

    Tokens outside the likeliest share one noise value, as if they were one token; they get their own noise only in the
    few answers that draw this joint token. The distribution is the same, with a hundredth of the noise.

    Args:
        logits_SV: Logits of each branch.
        branch_A: The branch of each answer.
        key_A: The key of each answer for this token.
        sampling: The sampling settings.
    """
    if sampling.temperature == 0:
        return logits_SV.argmax(dim=-1)[branch_A]
    scaled_SV = logits_SV.float() / sampling.temperature
    if sampling.top_k is not None or sampling.top_p < 1:
        scaled_SV = _exclude_unlikely(scaled_SV, sampling)
    probability_SV = torch.softmax(scaled_SV, dim=-1)
    likely_SK, token_SK = probability_SV.topk(min(_LIKELY, probability_SV.shape[1]), dim=-1)
    rest_S = probability_SV.scatter(1, token_SK, 0.0).sum(dim=-1, keepdim=True)
    log_parts_AK = torch.cat([likely_SK, rest_S], dim=1).log()[branch_A]
    # -1 stands for all tokens that are not among the likeliest.
    candidate_AK = torch.cat([token_SK, torch.full_like(token_SK[:, :1], -1)], dim=1)[branch_A]
    drawn_A = candidate_AK.gather(1, (log_parts_AK + _noise(key_A, candidate_AK)).argmax(dim=1, keepdim=True))[:, 0]
    vocabulary = torch.arange(scaled_SV.shape[1], device=scaled_SV.device)
    for answers in (drawn_A < 0).nonzero()[:, 0].split(max(1, _NOISE_AT_ONCE // len(vocabulary))):
        branches = branch_A[answers]
        others = scaled_SV[branches].scatter(1, token_SK[branches], -torch.inf)
        drawn_A[answers] = (others + _noise(key_A[answers], vocabulary)).argmax(dim=1)
    return drawn_A


def _noise(key: Tensor, token: Tensor) -> Tensor:
    """Return Gumbel noise that depends only on the key of a row and the id of a token, of shape A, tokens.

    Args:
        key: The key of each row, of shape A.
        token: Token ids of each row, of shape A, tokens, or of all rows, of shape tokens.
    """
    mixed = key[:, None] + token * _GOLDEN_RATIO  # the following lines are the finalizer of SplitMix64
    for shift, factor in ((30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15)):
        mixed = (mixed ^ _shift_right(mixed, shift)) * factor
    # The largest noise comes from the smallest numbers, where 32 bits are precise enough.
    uniform = (_shift_right(mixed ^ _shift_right(mixed, 31), 11).float() + 0.5) * 2.0**-53
    return -(-(-uniform).log1p()).log()


def _shift_right(number: Tensor, places: int) -> Tensor:
    """Return numbers shifted to the right and filled with zeros; the operator would fill signed numbers with ones."""
    return (number >> places) & ((1 << (64 - places)) - 1)


def _exclude_unlikely(logits_SV: Tensor, sampling: Sampling) -> Tensor:
    """Return logits with minus infinity for the tokens that top-p or top-k excludes, of shape S, V."""
    ordered, token = logits_SV.sort(dim=-1, descending=True)
    probability = torch.softmax(ordered, dim=-1)
    # A token is kept if the likelier ones have not reached top_p yet, so the likeliest is always kept.
    out = probability.cumsum(dim=-1) - probability >= sampling.top_p
    if sampling.top_k is not None:
        out[:, sampling.top_k :] = True
    return logits_SV.masked_fill(out.scatter(1, token, out), -torch.inf)
