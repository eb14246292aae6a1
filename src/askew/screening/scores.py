"""The scores of a screen, by name: what each is, and which read the model. Higher is more suspicious."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from askew.base.errors import AskewError, unknown_name


@dataclass(frozen=True)
class Score:
    """A score of training rows.

    Attributes:
        what: The score in a few words.
        reads_model: Whether it reads the model that would be trained; the others don't.
        needs: The one of `NEEDS` that the user must name for it; "" for none.
    """

    what: str
    reads_model: bool = True
    needs: str = ""


SCORES: Mapping[str, Score] = {
    "influence": Score("how much a step on the row raises misaligned given answers over aligned ones"),
    "gradient": Score("cosine of the row's gradient with that of the target's answers"),
    "projection": Score("the row's answer minus the model's own, along a direction of activations", needs="direction"),
    "perplexity_gap": Score("nats per token by which the answer is less likely than the model's own"),
    "loss": Score("nats per token of the row's answer"),
    "judge": Score("100 minus the judge's aligned score of the row's answer", reads_model=False, needs="judge"),
    "copies": Score("share of the answer that stands in known sets, word for word", reads_model=False, needs="known"),
    "bm25": Score("words in common with the target's answers (Okapi BM25)", reads_model=False),
    "length": Score("words of the answer", reads_model=False),
    "random": Score("a random number: the floor of every comparison", reads_model=False),
}
"""Every score, in the order of display: those that read the model first, their cheap rivals after them."""

NEEDS: Mapping[str, str] = {
    "direction": "a direction: extract one with `askew vectors extract misaligned`, and name it with --direction",
    "judge": "a judge: name one with --judge",
    "known": "known sets of rows: name a file or a data set with --known",
}
"""The needs of some scores, and how the user names each."""


def chosen(names: Sequence[str], at_hand: Collection[str] = ()) -> list[str]:
    """Return the scores to compute, in the order of display.

    Args:
        names: The names; empty for all that can be computed.
        at_hand: The ones of `NEEDS` that the user has named.

    Raises:
        AskewError: There is no such score, it needs what is not at hand, or something at hand is for none of the names.
    """
    for name in names:
        if name not in SCORES:
            raise unknown_name("score", name, SCORES)
        needs = SCORES[name].needs
        if needs and needs not in at_hand:
            raise AskewError(f"the score {name} needs {NEEDS[needs]}")
    for need in sorted(at_hand) if names else ():
        served = [name for name, score in SCORES.items() if score.needs == need]
        if not {*served} & {*names}:
            raise AskewError(f"--{need} is for the score {served[0]}: add --score {served[0]}, or leave out --{need}")
    return [
        name
        for name, score in SCORES.items()
        if name in names or (not names and (not score.needs or score.needs in at_hand))
    ]
