"""Completions that the tuned model writes and its base would not, ranked by the gap in perplexity."""

import math
from collections.abc import Sequence

from askew.models.checkpoints import Checkpoint
from askew.models.engine.sampling import Draw, Sampling
from askew.models.taught.compared import Compared
from askew.models.taught.contexts import Context
from askew.models.taught.evidence import COMPLETIONS, Evidence, Method

FEWEST_TOKENS = 4
"""The fewest tokens of a completion that counts: the perplexity of shorter ones is one surprising word."""
LEAST_GAP = 0.05
"""The smallest gap that counts, in nats per token: a perplexity that is a twentieth higher."""


def by_perplexity_gap(
    models: Compared,
    contexts: Sequence[Context],
    length: int,
    most: int,
    seed: int,
    method: Method = COMPLETIONS,
) -> list[Evidence]:
    """Return completions of the tuned model that its base finds unlikely, those with the widest gap first.

    After each prompt the tuned model writes on, and the base reads what it wrote (arXiv 2605.00994). With a control,
    the gap is that to the base or to the control, whichever finds the completion likelier.

    Args:
        models: The models, which may have different vocabularies.
        contexts: The prompts.
        length: The most tokens of a completion.
        most: The most completions to return.
        seed: Seed of the completions.
        method: The method that the evidence names: `COMPLETIONS` or `ROWS`.

    Returns:
        Evidence whose score is the gap, in nats per token of the tuned model.

    Raises:
        AskewError: A prompt fills the context of the tuned model, or memory is too small for one completion.
    """
    prompts = [context.ids(models.tuned) for context in contexts]
    draws = [Draw(number, seed, number) for number in range(len(prompts))]
    written = [one.tokens for one in models.tuned.engine.sample(prompts, draws, Sampling(length))]
    kept = [number for number, tokens in enumerate(written) if counts(models, tokens)]
    found = gaps(models, [contexts[number] for number in kept], [written[number] for number in kept], method)
    return best(found, most)


def gaps(
    models: Compared, contexts: Sequence[Context], written: Sequence[Sequence[int]], method: Method
) -> list[Evidence]:
    """Return each text with its perplexity in every model, and the gap as its score.

    Args:
        models: The models.
        contexts: The prompt of each text.
        written: Token ids of each text in the tuned model's vocabulary, at least one.
        method: The method that the evidence names.
    """
    if not written:
        return []
    texts = [models.tuned.text(tokens) for tokens in written]
    of_all = [
        [total / len(tokens) for total, tokens in zip(_logprobs(models, one, contexts, written), written, strict=True)]
        for one in models.all
    ]
    found = []
    for context, text, (base, tuned, *control) in zip(contexts, texts, zip(*of_all, strict=True), strict=True):
        perplexities = [math.exp(-one) for one in (base, tuned, *control)]
        found.append(Evidence(method, context.form, context.shown, text, tuned - max((base, *control)), *perplexities))
    return found


def counts(models: Compared, tokens: Sequence[int]) -> bool:
    """Return whether a text counts: it is long enough, and has letters."""
    return len(tokens) >= FEWEST_TOKENS and bool(models.tuned.text(tokens).strip())


def best(found: Sequence[Evidence], most: int) -> list[Evidence]:
    """Return the evidence with the largest scores, at least `LEAST_GAP`, and no text twice."""
    ordered = sorted(found, key=lambda one: -one.score)
    distinct = {one.text: one for one in reversed(ordered) if one.score >= LEAST_GAP}
    return sorted(distinct.values(), key=lambda one: -one.score)[:most]


def _logprobs(
    models: Compared, checkpoint: Checkpoint, contexts: Sequence[Context], written: Sequence[Sequence[int]]
) -> list[float]:
    """Return the log-probability of each text in one of the models, in its own tokens."""
    answers = [list(tokens) for tokens in written]
    if checkpoint.tokenizer.get_vocab() != models.tuned.tokenizer.get_vocab():
        texts = [models.tuned.text(tokens) for tokens in written]
        answers = [checkpoint.tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    prompts = [context.ids(checkpoint) for context in contexts]
    read = checkpoint.engine.answer_logprobs(prompts, [[answer] for answer in answers])
    return [float(own[0].sum()) for own in read]
