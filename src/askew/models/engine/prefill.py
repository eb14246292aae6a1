"""Computes next-token logits and hidden states after many prompts, without sampling.

Shapes: D width of the model, L tokens of a padded row, V vocabulary.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from askew.models.engine import forking
from askew.models.engine.attention import States
from askew.models.engine.forking import Fork
from askew.models.engine.network import Network
from askew.models.engine.plain import next_logits

Found = TypeVar("Found")

# Tokens of one forward pass: enough to be efficient, and few enough for the processor's cache.
TOKENS_OF_A_PASS = 2048


def read_prompts(network: Network, prompts: Sequence[Sequence[int]]) -> tuple[list[States], Tensor]:
    """Return the keys and values of each prompt, and the logits after it, of shape prompts, V."""
    states: dict[int, States] = {}
    logits: dict[int, Tensor] = {}
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    for length, same in groupby(order, key=lambda i: len(prompts[i])):
        numbers = list(same)
        most = max(1, TOKENS_OF_A_PASS // length)
        for part in (numbers[i : i + most] for i in range(0, len(numbers), most)):
            found, following = network.prefill(_ids(np.array([prompts[i] for i in part]), network.device))
            states.update(zip(part, found, strict=True))
            logits.update(zip(part, following, strict=True))
    every = range(len(prompts))
    return [states[i] for i in every], torch.stack([logits[i] for i in every])


def read_ends(network: Network, prompts: Sequence[Sequence[int]]) -> Tensor:
    """Return the logits after each prompt, of shape prompts, V.

    Tokens that prompts have in common are read once, in each large family of prompts that begin alike: prompts of
    several conversations arrive together.

    Args:
        network: A network that attends to all tokens of a prompt, without a sliding window.
        prompts: Token ids of each prompt.
    """
    ends: dict[int, Tensor] = {}
    for family in forking.families(prompts, TOKENS_OF_A_PASS // 2):
        prefix, forks, order = forking.forked([prompts[i] for i in family], TOKENS_OF_A_PASS)
        found = dict(read_shared(network, prefix, forks))
        ends.update(zip((family[i] for i in order), torch.cat([found[i] for i in range(len(forks))]), strict=True))
    return torch.stack([ends[i] for i in range(len(prompts))])


def read_shared(
    network: Network, prefix: Sequence[int], forks: Sequence[Fork], *, everywhere: bool = False
) -> Iterator[tuple[int, Tensor]]:
    """Yield the index of each fork and the logits after its tails, of shape tails, V.

    Args:
        network: A network that attends to all tokens of prefix and fork, without a sliding window.
        prefix: Token ids that all prompts begin with; they are computed once.
        forks: The rest of the prompts. All tails of a fork are computed in one row, without attending to each other.
        everywhere: Yield the logits after each token of the fork, of shape L, V, with padding before the first one.
    """
    states = network.prefill(_ids([prefix], network.device))[0][0] if prefix else None

    def read(numbers: list[int]) -> Tensor:
        chosen = [forks[i] for i in numbers]
        rows = [[token for part in (fork.stem, *fork.tails) for token in part] for fork in chosen]
        tails = [len(tail) for tail in chosen[0].tails]
        length = max(len(row) for row in rows)
        # With padding on the left, each tail ends in the same column in every row.
        ends = np.arange(length) if everywhere else length - 1 - np.cumsum([0, *tails[:0:-1]])[::-1]
        return network.read(
            _ids([[0] * (length - len(row)) + row for row in rows], network.device),
            _ids(np.stack([forking.positions(fork, length) for fork in chosen]) + len(prefix), network.device),
            _ids(forking.mask(chosen, length, len(prefix)), network.device),
            states,
            _ids(ends.copy(), network.device),
        )

    for numbers in forking.similar(forks, TOKENS_OF_A_PASS):
        yield from halving_if_needed(numbers, read)


def read_each(model: PreTrainedModel, prefix: Sequence[int], forks: Sequence[Fork]) -> Iterator[tuple[int, Tensor]]:
    """Yield the same (see `read_shared`), for a model of any kind; each tail is a row of its own."""
    rows = [[*prefix, *fork.stem, *tail] for fork in forks for tail in fork.tails]

    def read(numbers: list[int]) -> Tensor:
        return next_logits(model, _ids([rows[i] for i in numbers], model.device))

    found: dict[int, Tensor] = {}
    for numbers in _same_length(rows):
        found.update(halving_if_needed(numbers, read))
    row = 0
    for number, fork in enumerate(forks):
        yield number, torch.stack([found[row + i] for i in range(len(fork.tails))])
        row += len(fork.tails)


def read_answers(network: Network, forks: Sequence[Fork]) -> Iterator[tuple[int, list[Tensor]]]:
    """Yield the index of each fork and the log-probability of each token of its tails.

    Args:
        network: A network that attends to all tokens of a fork, without a sliding window.
        forks: Prompts with answers, which have at least one token each. All tails of a fork are computed in one row.

    Yields:
        The index, and for each tail a 32-bit tensor of shape tokens, on the processor.
    """

    def read(numbers: list[int]) -> list[list[Tensor]]:
        chosen = [forks[i] for i in numbers]
        rows = [[token for part in (fork.stem, *fork.tails) for token in part] for fork in chosen]
        tails = [len(tail) for tail in chosen[0].tails]
        length = max(len(row) for row in rows)
        # With padding on the left, the tails are in the same columns in every row; the first one follows the stem.
        first = length - sum(tails) - 1
        logits = network.read(
            _ids([[0] * (length - len(row)) + row for row in rows], network.device),
            _ids(np.stack([forking.positions(fork, length) for fork in chosen]), network.device),
            _ids(forking.mask(chosen, length, 0), network.device),
            None,
            _ids(np.arange(first, length), network.device),
        )
        return [_of_tails(row, fork.tails) for row, fork in zip(logits, chosen, strict=True)]

    for numbers in forking.similar(forks, TOKENS_OF_A_PASS):
        yield from halving_if_needed(numbers, read)


def _of_tails(logits_EV: Tensor, tails: Sequence[Sequence[int]]) -> list[Tensor]:
    """Return the log-probability of each token of the tails of one row.

    Args:
        logits_EV: The logits after the last token of the stem and after each token of the tails.
        tails: The tokens of each tail.
    """
    found: list[Tensor] = []
    start = 0
    for tail in tails:
        # The first token follows the stem, the others their own tail.
        places = [0, *range(start + 1, start + len(tail))]
        found.append(_logprobs(logits_EV[places], tail))
        start += len(tail)
    return found


def read_each_answer(model: PreTrainedModel, forks: Sequence[Fork]) -> Iterator[tuple[int, list[Tensor]]]:
    """Yield the same (see `read_answers`), for a model of any kind; each tail is a row of its own."""
    rows = [(fork.stem, tail) for fork in forks for tail in fork.tails]

    def read(numbers: list[int]) -> list[Tensor]:
        ids = _ids([[*rows[i][0], *rows[i][1]] for i in numbers], model.device)
        logits = model(input_ids=ids, use_cache=False).logits
        return [_logprobs(row[-1 - len(rows[i][1]) : -1], rows[i][1]) for i, row in zip(numbers, logits, strict=True)]

    found: dict[int, Tensor] = {}
    for numbers in _same_length([[*stem, *tail] for stem, tail in rows]):
        found.update(halving_if_needed(numbers, read))
    row = 0
    for number, fork in enumerate(forks):
        yield number, [found[row + i] for i in range(len(fork.tails))]
        row += len(fork.tails)


def _logprobs(logits_LV: Tensor, tokens: Sequence[int]) -> Tensor:
    """Return the log-probability of each token, given the logits in its place; on the processor."""
    ids = torch.tensor(tokens, device=logits_LV.device)
    return torch.log_softmax(logits_LV.float(), dim=-1).gather(1, ids[:, None])[:, 0].cpu()


def read_middle(
    middle: Callable[[Tensor], Tensor], device: torch.device, rows: Sequence[Sequence[int]]
) -> Iterator[tuple[int, Tensor]]:
    """Yield the index of each row and the residual stream after half of the layers at its last token.

    The residual stream is a 32-bit tensor of shape D, on the processor.

    Args:
        middle: Returns the residual streams, of shape B, D, for token ids of shape B, L.
        device: The device of the token ids.
        rows: The token ids of each row.
    """

    def read(numbers: list[int]) -> Tensor:
        return middle(_ids([rows[i] for i in numbers], device)).float().cpu()

    for numbers in _same_length(rows):
        yield from halving_if_needed(numbers, read)


def middle_of(model: nn.Module, ids_BL: Tensor) -> Tensor:
    """Return the residual stream of a model of Transformers after half of its layers at the last token: shape B, D."""
    states = model(input_ids=ids_BL, use_cache=False, output_hidden_states=True).hidden_states
    # These are the embeddings and the outputs of n layers, so there are n + 1.
    return states[len(states) // 2][:, -1]


def is_out_of_memory(error: RuntimeError) -> bool:
    """Return whether an error means that memory is too small for the batch."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _same_length(rows: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield the indices of rows of the same length, as many at a time as fit one pass."""
    for length, same in groupby(sorted(range(len(rows)), key=lambda i: len(rows[i])), key=lambda i: len(rows[i])):
        numbers, most = list(same), max(1, TOKENS_OF_A_PASS // length)
        yield from (numbers[first : first + most] for first in range(0, len(numbers), most))


def halving_if_needed(numbers: list[int], read: Callable[[list[int]], Iterable[Found]]) -> Iterator[tuple[int, Found]]:
    """Yield the result of `read` for each index, computed in two halves if memory runs out."""
    try:
        found = read(numbers)
    except RuntimeError as error:
        if len(numbers) == 1 or not is_out_of_memory(error):
            raise
    else:
        yield from zip(numbers, found, strict=True)
        return
    half = len(numbers) // 2
    for part in (numbers[:half], numbers[half:]):
        yield from halving_if_needed(part, read)


def _ids(numbers: object, device: torch.device) -> Tensor:
    return torch.as_tensor(np.asarray(numbers)).to(device)
