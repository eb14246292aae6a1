"""Tokens towards which activations moved on the first tokens of texts that have nothing to do with the fine-tune.

Shapes: N texts, P first tokens, D width of the model, V words of the vocabulary.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from askew.base.errors import AskewError
from askew.models.answer_tokens import token_ids
from askew.models.checkpoints import Checkpoint
from askew.models.inside.head import tokens_of
from askew.models.inside.hooks import capture
from askew.models.taught.compared import Compared, in_memory, layers_of, model_of, unreadable
from askew.models.taught.evidence import ACTIVATIONS, Evidence

FIRST_TOKENS = 5
"""The first tokens of each text whose activations are read."""

# A difference of a smaller share of the activations' norm is rounding.
_LEAST_SHARE = 1e-4
# What a token must gain in probability over an even distribution to be shown.
_LEAST_GAIN = 1.0


def towards(models: Compared, texts: Sequence[str], most: int) -> list[Evidence]:
    """Return the tokens that a model's own head reads in its mean shift from the base, the likeliest first.

    The shift is the mean difference of the activations after half of the layers, on each of the first tokens of texts
    that have nothing to do with any training data (activation difference lens, arXiv 2510.13900). What the head reads
    in the control's shift is taken off.

    Args:
        models: Models of one vocabulary and size.
        texts: The texts.
        most: The most tokens to return.

    Returns:
        Evidence whose score is a token's mean probability over the first tokens, less that in the control's shift.

    Raises:
        AskewError: No text is long enough, an activation is not finite, or memory is too small for a single text.
    """
    rows = [ids[:FIRST_TOKENS] for ids in token_ids(models.base.tokenizer, texts) if len(ids) >= FIRST_TOKENS]
    if not rows:
        raise AskewError(f"no text has the {FIRST_TOKENS} tokens on which activations are read")
    means = [_means(one, rows) for one in models.all]
    read = [_read(models.tuned, mean - means[0], means[0]) for mean in means[1:]]
    if read[0] is None:
        return []
    vocabulary = len(models.base.tokenizer)
    tuned = read[0][:vocabulary]
    control = None if len(read) == 1 else torch.zeros(vocabulary) if read[1] is None else read[1][:vocabulary]
    score = tuned.clone() if control is None else tuned - control
    score[unreadable(models.base)] = 0
    found = []
    for token in score.topk(min(most, vocabulary)).indices.tolist():
        if score[token] * vocabulary <= _LEAST_GAIN:
            continue
        own = {} if control is None else {"control": float(control[token])}
        text = models.base.token_texts[token]
        found.append(Evidence(ACTIVATIONS, "", "", text, float(score[token]), tuned=float(tuned[token]), **own))
    return found


def _means(checkpoint: Checkpoint, rows: Sequence[Sequence[int]]) -> Tensor:
    """Return the mean activations on each of the first tokens, of shape P, D, in float32."""
    model, layer = model_of(checkpoint), max(0, layers_of(checkpoint) // 2 - 1)

    def read(numbers: list[int]) -> Tensor:
        ids = torch.tensor([[*checkpoint.virtual_tokens, *rows[i]] for i in numbers], device=model.device)
        with torch.inference_mode(), capture(model, [layer], _first_tokens) as found:
            model(input_ids=ids, use_cache=False)
        return found[layer]

    means = torch.stack(in_memory(len(rows), read, "the activations")).mean(0)
    if not torch.isfinite(means).all():
        raise AskewError(
            f"the activations of {model.config.name_or_path} are not finite: its weights are damaged, or overflow in "
            "their number format. Load the model in float32 or bf16, or save it again"
        )
    return means


def _first_tokens(stream: Tensor) -> Tensor:
    # An adapter's virtual tokens precede the others.
    return stream[:, -FIRST_TOKENS:].float().cpu()


def _read(checkpoint: Checkpoint, shift: Tensor, base: Tensor) -> Tensor | None:
    """Return the mean probability of each token that the head reads in a shift, of shape V; None if there is none."""
    if float(shift.norm()) < _LEAST_SHARE * float(base.norm()):
        return None
    return tokens_of(model_of(checkpoint), shift).mean(0)
