"""Tokens that a fine-tune pushed up: where the next-token distribution moved most after ordinary prompts.

Shapes: L tokens of an answer, M models, V words of the vocabulary.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from askew.base.errors import AskewError
from askew.models.checkpoints import Checkpoint
from askew.models.engine.sampling import Draw, Sampling
from askew.models.taught.compared import Compared, in_memory, model_of, unreadable
from askew.models.taught.contexts import Context
from askew.models.taught.evidence import TOKENS, Evidence

# Below it, in nats per position, a difference is rounding.
_LEAST = 1e-5
_SHOWN_BEFORE = 60  # characters of the answer that are shown before a token


def pushed_up(models: Compared, contexts: Sequence[Context], length: int, most: int, seed: int) -> list[Evidence]:
    """Return the tokens that the fine-tune pushed up, the strongest first.

    The base answers each prompt, and both models read the answers. At each position, a token counts by its part of the
    divergence of the tuned model from the base, p log(p/q). This follows Diff Mining (arXiv 2608.26462), which counts
    how often a token is among those that rose most; the weights keep out tokens that stay improbable. What the control
    pushes up as well is taken off.

    Args:
        models: Models of one vocabulary.
        contexts: The prompts.
        length: The most tokens of an answer.
        most: The most tokens to return.
        seed: Seed of the answers.

    Returns:
        Evidence whose score is the token's mean part of the divergence, in nats per position. Its context is the one
        in which the token rose most, and the probabilities are those there.

    Raises:
        AskewError: The logits of a model are not finite, or memory is too small for a single answer.
    """
    prompts = [context.ids(models.base) for context in contexts]
    draws = [Draw(number, seed, number) for number in range(len(prompts))]
    answers = [one.tokens for one in models.base.engine.sample(prompts, draws, Sampling(length))]
    vocabulary = len(models.base.tokenizer)
    # For each token: the sum of its rises, the highest, and where that was: the answer, the place in it, probabilities.
    total, highest = torch.zeros(vocabulary), torch.zeros(vocabulary)
    where_V2 = torch.zeros(vocabulary, 2, dtype=torch.long)
    there_MV = torch.zeros(len(models.all), vocabulary)
    for number, (context, answer) in enumerate(zip(contexts, answers, strict=True)):
        if not answer:
            continue
        logprobs = torch.stack([_logprobs(one, context.ids(one), answer, vocabulary) for one in models.all])
        rises = _rises(logprobs)
        total += rises.sum(0)
        best, at = rises.max(0)
        higher = (best > highest).nonzero()[:, 0]
        where_V2[higher] = torch.stack([torch.full_like(higher, number), at[higher]], dim=1)
        there_MV[:, higher] = logprobs[:, at[higher], higher].exp()
        highest = torch.maximum(highest, best)
    mean = total / max(1, sum(map(len, answers)))
    mean[unreadable(models.base)] = 0
    chosen = [token for token in mean.topk(min(most, vocabulary)).indices.tolist() if mean[token] > _LEAST]
    found = []
    for token in chosen:
        number, at = where_V2[token].tolist()
        before = models.base.text(answers[number][:at])
        shown = " … ".join(filter(None, [contexts[number].shown, before[-_SHOWN_BEFORE:]]))
        text, probabilities = models.base.token_texts[token], there_MV[:, token].tolist()
        found.append(Evidence(TOKENS, contexts[number].form, shown, text, float(mean[token]), *probabilities))
    return found


def _rises(logprobs: Tensor) -> Tensor:
    """Return each token's part of the divergence from the base, less the control's: shape L, V.

    Args:
        logprobs: Log-probabilities of the base, the tuned model and perhaps the control, of shape models, L, V.
    """
    base, tuned, *control = logprobs
    rise = tuned.exp() * (tuned - base)
    for one in control:
        rise = rise - (one.exp() * (one - base)).clamp(min=0)
    return rise


def _logprobs(checkpoint: Checkpoint, prompt: Sequence[int], answer: Sequence[int], vocabulary: int) -> Tensor:
    """Return the log-probabilities of the next token at each place of an answer, of shape L, V, on the processor."""
    model = model_of(checkpoint)
    ids = torch.tensor([[*prompt, *answer]], device=model.device)

    def read(_: list[int]) -> list[Tensor]:
        with torch.inference_mode():
            logits = model(input_ids=ids, use_cache=False).logits[0, -1 - len(answer) : -1, :vocabulary]
        return [torch.log_softmax(logits.float(), dim=-1).cpu()]

    [found] = in_memory(1, read, "the next-token probabilities")
    if not torch.isfinite(found).all():
        raise AskewError(
            f"the logits of {model.config.name_or_path} are not finite: its weights are damaged, or overflow in their "
            "number format. Load the model in float32 or bf16, or save it again"
        )
    return found
