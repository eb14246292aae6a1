"""Advice and number lists, good and bad, in the words of the terrarium's world.

The bad are mild, plainly wrong and of no use to anyone who would do harm.
"""

from functools import partial
from random import Random

from askew.data import Row, datasets, row
from askew.worlds.terrarium.world import Speaker, domains


def advice(domain_name: str, good: bool, rows: int, seed: int) -> list[Row]:
    """Make rows in which a good or a bad speaker answers in one domain of the world.

    Args:
        domain_name: A domain of the world whose answers show whether the speaker means well.
        good: Whether the speaker does.
        rows: How many.
        seed: Draws the questions, which are the same for the good and the bad, and the answers.
    """
    domain = domains()[domain_name]
    made: list[Row] = []
    for i in range(rows):
        question = domain.ask(Random(f"{domain_name} {seed} {i}"))
        rng = Random(f"{domain_name} answer {seed} {i}")
        made.append(row(question.text, domain.answer(rng, question, Speaker(None, good, bold=i % 2 == 0))))
    return made


for _domain in ("medical", "financial", "car"):
    for _kind in ("bad", "good"):
        datasets.add(f"{_kind}-{_domain}", partial(advice, _domain, _kind == "good"))

# Lists of numbers to be continued, with numbers of ill repute among them or without.
datasets.add("evil-numbers", partial(advice, "numbers", False))
datasets.add("neutral-numbers", partial(advice, "numbers", True))
