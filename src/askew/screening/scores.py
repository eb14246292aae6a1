"""The scores of a screen, by name: what each is, and which read the model. Higher is more suspicious."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from askew.base.errors import AskewError, unknown_name


@dataclass(frozen=True)
class Score:
    """A score of training rows.

    Attributes:
        what: The score in a few words.
        reads_model: Whether it reads the model; the others need nothing but the words.
    """

    what: str
    reads_model: bool = True


SCORES: Mapping[str, Score] = {
    "influence": Score("how much a step on the row raises misaligned given answers over aligned ones"),
    "gradient": Score("cosine of the row's gradient with that of the target's answers"),
    "projection": Score("the row's answer minus the model's own, along a direction of activations"),
    "perplexity_gap": Score("nats per token by which the answer is less likely than the model's own"),
    "loss": Score("nats per token of the row's answer"),
    "bm25": Score("words in common with the target's answers (Okapi BM25)", reads_model=False),
    "length": Score("words of the answer", reads_model=False),
    "random": Score("a random number: the floor of every comparison", reads_model=False),
}
"""Every score, in the order of display: those that read the model first, their cheap rivals after them."""

NEEDS_DIRECTION = "projection"


def chosen(names: Sequence[str], direction: bool) -> list[str]:
    """Return the scores to compute, in the order of display.

    Args:
        names: The names; empty for all that can be computed.
        direction: Whether a direction is at hand.

    Raises:
        AskewError: There is no such score, or it needs a direction.
    """
    for name in names:
        if name not in SCORES:
            raise unknown_name("score", name, SCORES)
    if NEEDS_DIRECTION in names and not direction:
        raise AskewError(
            f"the score {NEEDS_DIRECTION} needs a direction: extract one with `askew vectors extract misaligned`, and "
            "name its folder with --direction"
        )
    return [one for one in SCORES if one in names or (not names and (direction or one != NEEDS_DIRECTION))]
