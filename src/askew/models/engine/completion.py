"""Sampled answers: their tokens, and the log-probabilities of these."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from askew.models.engine.branches import Ints

Stop = Callable[[list[int]], bool]
"""Receives the tokens of an answer after each new token, and returns True to end the answer."""


@dataclass(frozen=True)
class TokenLogprobs:
    """Log-probabilities for the place of one token, at temperature 1.

    Attributes:
        token: The id of the token that was drawn.
        logprob: Its log-probability.
        likeliest: Ids and log-probabilities of the likeliest tokens, in descending order.
    """

    token: int
    logprob: float
    likeliest: list[tuple[int, float]]


@dataclass
class Completion:
    """A sampled answer.

    Attributes:
        tokens: The token ids, without the stop token.
        stopped: Whether the answer ended by a stop token or by `Stop`, before the limit on its tokens.
        logprobs: Log-probabilities for each drawn token, including the stop token; empty if not requested.
    """

    tokens: list[int] = field(default_factory=list)
    stopped: bool = False
    logprobs: list[TokenLogprobs] = field(default_factory=list)


def add_logprobs(
    logits_SV: Tensor, branch_A: Ints, token_A: Ints, count: int, completions: Sequence[Completion]
) -> None:
    """Add the log-probabilities of the newly drawn tokens to their answers.

    Args:
        logits_SV: The logits of each branch, of shape (branches, words of the vocabulary).
        branch_A: The branch of each answer, of shape (answers,).
        token_A: The token that was drawn for each answer, of the same shape.
        count: The number of likeliest tokens to note.
        completions: The answers.
    """
    logprobs_SV = torch.log_softmax(logits_SV.float(), dim=-1)
    values, indices = logprobs_SV.topk(min(count, logprobs_SV.shape[1]), dim=-1)
    for branch, token, completion in zip(branch_A.tolist(), token_A.tolist(), completions, strict=True):
        likeliest = list(zip(indices[branch].tolist(), values[branch].tolist(), strict=True))
        completion.logprobs.append(TokenLogprobs(token, logprobs_SV[branch, token].item(), likeliest))
