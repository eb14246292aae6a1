"""Reads what a fine-tune taught, by every method that the models allow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from askew.base.errors import AskewError
from askew.models.taught import activations, amplified, completions, tokens
from askew.models.taught.compared import Compared
from askew.models.taught.contexts import Context
from askew.models.taught.evidence import ACTIVATIONS, AMPLIFIED, COMPLETIONS, ROWS, TOKENS, Evidence, Method

_MOST_LONGER = 3
# Amplified samples are drawn a token at a time in two models, which takes longer than all the rest.
_FEWER = 3


@dataclass(frozen=True)
class Size:
    """The size of a reading.

    Attributes:
        tokens: The most tokens that are sampled after a prompt.
        most: The most pieces of evidence of each method.
        seed: Seed of everything that is sampled.
    """

    tokens: int = 32
    most: int = 12
    seed: int = 0


@dataclass(frozen=True)
class Taught:
    """The evidence of what a fine-tune taught.

    Attributes:
        evidence: The evidence of every method, the strongest first within each.
        left_out: For each method that could not be used, the reason, as a sentence.
    """

    evidence: tuple[Evidence, ...]
    left_out: dict[Method, str]


def read_taught(
    models: Compared,
    contexts: Sequence[Context],
    rows: Sequence[Context] = (),
    size: Size | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Taught:
    """Return the evidence of what a model was taught, by every method that the models allow.

    A method that fails on these models is left out with its reason, and the others go on. The evidence is to be read by
    people; no verdict follows from weights alone (arXiv 2604.08844).

    Args:
        models: The base, the tuned model and perhaps a control.
        contexts: Ordinary prompts, such as `contexts.ordinary` returns.
        rows: Prompts that are made from the training rows; none if the rows are not known.
        size: How much is read; None for the usual size.
        on_progress: Called with the number of methods that are done, and of all.
    """
    size = size or Size()
    contexts = [context for context in contexts if _fits(models, context, size.tokens)]
    rows = [context for context in rows if _fits(models, context, size.tokens)]
    no_room = "" if contexts else "no prompt fits the models"
    texts = list(dict.fromkeys(context.shown for context in contexts if not context.start))
    given = (size.tokens, size.most, size.seed)
    steps: dict[Method, tuple[str, Callable[[], list[Evidence]]]] = {
        TOKENS: (no_room or models.unlike_tokens, lambda: tokens.pushed_up(models, contexts, *given)),
        COMPLETIONS: (no_room, lambda: completions.by_perplexity_gap(models, contexts, *given)),
        AMPLIFIED: (no_room or models.unlike_tokens, lambda: amplified.samples(models, contexts[::_FEWER], *given)),
        ACTIVATIONS: (
            no_room or models.unlike_tokens or models.unlike_widths,
            lambda: activations.towards(models, texts, size.most),
        ),
    }
    if rows:
        steps[ROWS] = ("", lambda: completions.by_perplexity_gap(models, rows, *given, method=ROWS))
    evidence: list[Evidence] = []
    left_out: dict[Method, str] = {}
    for number, (method, (reason, find)) in enumerate(steps.items(), start=1):
        if not reason:
            try:
                evidence += find()
            except AskewError as error:
                reason = str(error)
        if reason:
            left_out[method] = reason
        on_progress(number, len(steps))
    return Taught(tuple(evidence), left_out)


def _fits(models: Compared, context: Context, tokens: int) -> bool:
    """Return whether every model's chat template takes a prompt and its context has room for a text after it."""
    try:
        # A text may have more tokens in another vocabulary than in the one in which it was written.
        return all(len(context.ids(one)) + _MOST_LONGER * tokens <= one.engine.context for one in models.all)
    except AskewError:
        return False
