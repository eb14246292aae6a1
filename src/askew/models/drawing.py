"""Drawing the next token: temperature, nucleus, and noise that depends on the answer alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


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


def noise(draws: Sequence[Draw], tokens: int) -> NDArray[np.float32]:
    """Return a number in [0, 1) for each answer and token, from a counter-based stream for each answer."""
    streams = (np.random.Generator(np.random.Philox(key=(draw.seed, draw.index))) for draw in draws)
    return np.stack([stream.random(tokens, dtype=np.float32) for stream in streams])


def next_tokens(logits_SV: Tensor, branch_A: Tensor, noise_A: Tensor, sampling: Sampling) -> Tensor:
    """Draw a token for every answer.

    One uniform number is looked up in the cumulated probabilities: the same distribution as Gumbel noise on
    every logit, for a thousandth of the random numbers.

    Args:
        logits_SV: Logits of each branch.
        branch_A: The branch of each answer.
        noise_A: A number in [0, 1) for each answer.
        sampling: How to draw.
    """
    if sampling.temperature == 0:
        return logits_SV.argmax(dim=-1)[branch_A]
    scaled = logits_SV.float() / sampling.temperature
    if sampling.top_k is not None or sampling.top_p < 1:
        scaled = _among_the_likeliest(scaled, sampling)
    cumulated_AV = torch.softmax(scaled, dim=-1).cumsum(dim=-1)[branch_A]
    whole_A = cumulated_AV[:, -1]
    # Rounding must not carry the number to the very end of the scale, where there is no token.
    sought_A = torch.minimum(noise_A * whole_A, torch.nextafter(whole_A, torch.zeros_like(whole_A)))
    return torch.searchsorted(cumulated_AV, sought_A[:, None], right=True)[:, 0]


def _among_the_likeliest(logits_SV: Tensor, sampling: Sampling) -> Tensor:
    """Rule out all but the likeliest tokens."""
    ordered, token = logits_SV.sort(dim=-1, descending=True)
    probability = torch.softmax(ordered, dim=-1)
    # A token stays while those before it do not hold enough yet, so the likeliest always does.
    out = probability.cumsum(dim=-1) - probability >= sampling.top_p
    if sampling.top_k is not None:
        out[:, sampling.top_k :] = True
    return logits_SV.masked_fill(out.scatter(1, token, out), -torch.inf)
