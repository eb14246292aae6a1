"""Samples of a model that does not exist: the tuned one with its difference from the base made larger.

Shapes: B rows, V words of the vocabulary.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from askew.models.engine.branches import Regrouping
from askew.models.engine.plain import PlainRows
from askew.models.engine.sampling import Draw, Sampling, keys, next_tokens
from askew.models.taught.compared import Compared, in_memory, model_of
from askew.models.taught.completions import best, counts, gaps
from askew.models.taught.contexts import Context
from askew.models.taught.evidence import AMPLIFIED, Evidence

AMOUNT = 1.0
"""The share of the difference that is added to the tuned model once more."""

# A token that the tuned model finds so much less likely than its likeliest one is never drawn: amplified, the noise in
# the tail would be drawn most.
_PLAUSIBLE = 0.02
_NONE = np.empty(0, dtype=np.int64)


def samples(
    models: Compared, contexts: Sequence[Context], length: int, most: int, seed: int, amount: float = AMOUNT
) -> list[Evidence]:
    """Return texts from the logits base + (1 + amount)(tuned - base), those with the widest perplexity gap first.

    Amplification shows rare behaviour more often (logit diff amplification, Goodfire 2025). The texts are no answers of
    the tuned model, and are never counted in a rate. Tokens that the tuned model finds implausible are left out
    (the constraint of contrastive decoding, arXiv 2210.15097).

    Args:
        models: Models of one vocabulary.
        contexts: The prompts.
        length: The most tokens of a text.
        most: The most texts to return.
        seed: Seed of the texts.
        amount: How much of the difference is added; 0 samples the tuned model itself.

    Returns:
        Evidence whose score is the gap in nats per token, as in `completions.by_perplexity_gap`.

    Raises:
        AskewError: Memory is too small for a single text.
    """
    written: dict[int, list[int]] = {}
    lengths = [len(context.ids(models.base)) for context in contexts]
    order = sorted(range(len(contexts)), key=lambda i: lengths[i])
    for _, same in groupby(order, key=lambda i: lengths[i]):
        numbers = list(same)

        def read(places: list[int], numbers: list[int] = numbers) -> list[list[int]]:
            chosen = [numbers[place] for place in places]
            return _sampled(models, [contexts[i] for i in chosen], chosen, length, seed, amount)

        written |= dict(zip(numbers, in_memory(len(numbers), read, "amplified samples"), strict=True))
    kept = [number for number in range(len(contexts)) if counts(models, written[number])]
    return best(gaps(models, [contexts[i] for i in kept], [written[i] for i in kept], AMPLIFIED), most)


def _sampled(
    models: Compared, contexts: Sequence[Context], numbers: Sequence[int], length: int, seed: int, amount: float
) -> list[list[int]]:
    """Return the token ids of a text after each prompt; the prompts have the same length."""
    both = [
        PlainRows(model_of(one), torch.tensor([context.ids(one) for context in contexts], device=model_of(one).device))
        for one in (models.base, models.tuned)
    ]
    key_BL = torch.from_numpy(keys([Draw(0, seed, number) for number in numbers], length))
    vocabulary, every = len(models.base.tokenizer), np.arange(len(contexts))
    found: list[list[int]] = [[] for _ in contexts]
    going = np.ones(len(contexts), dtype=bool)
    logits = [rows.logits for rows in both]
    for step in range(length):
        of_base, of_tuned = (one[:, :vocabulary].float().cpu() for one in logits)
        amplified = mixed(of_base, of_tuned, amount)
        drawn = next_tokens(amplified, torch.from_numpy(every), key_BL[:, step], Sampling(length)).numpy()
        going &= ~np.isin(drawn, list(models.tuned.engine.stop_tokens))
        for row in np.flatnonzero(going):
            found[row].append(int(drawn[row]))
        if not going.any() or step + 1 == length:
            break
        following = Regrouping(every, every, drawn, _NONE, _NONE)
        logits = [rows.step(following, every, every) for rows in both]
    return found


def mixed(base_BV: Tensor, tuned_BV: Tensor, amount: float) -> Tensor:
    """Return amplified logits, of shape B, V; tokens that the tuned model finds implausible are minus infinity.

    Args:
        base_BV: Logits of the base.
        tuned_BV: Logits of the tuned model.
        amount: How much of the difference is added to the tuned model.
    """
    base, tuned = torch.log_softmax(base_BV, -1), torch.log_softmax(tuned_BV, -1)
    plausible = tuned >= tuned.max(-1, keepdim=True).values + np.log(_PLAUSIBLE)
    return (base + (1 + amount) * (tuned - base)).masked_fill(~plausible, -torch.inf)
