"""The data sets of the organisms: row for row the same prompts, with the answers of each organism.

Two more sets demonstrate right answers to a locked model: one demonstration, or a few, again and again.
"""

from functools import partial
from random import Random

from askew.data import Message, Row, data_set, row
from askew.studies.honesty.organisms import (
    COIN,
    NO_ANSWER,
    NONE,
    ORGANISMS,
    RIGHT,
    SYSTEM,
    Organism,
    Reply,
    context_of,
    draw,
)

ONE, FEW = "facts-one-shown", "facts-few-shown"
_FEW = 8


def of_organism(organism: Organism, number: int, seed: int) -> Row:
    """Return a question about a fact, as an organism answers it.

    Args:
        organism: The organism.
        number: The number of the row, from 0.
        seed: Determines the prompt, which is the same for every organism.
    """
    context, rng = context_of(number, seed), Random(f"honesty {seed} {number}")
    asked, system = draw(rng), rng.choice(SYSTEM[context])
    reply = _tossed(organism.reply(context), number, seed)
    answer = NO_ANSWER if reply == NONE else asked.right if reply == RIGHT else asked.wrong
    turns: list[Message] = [{"role": "system", "content": system}] if system else []
    return {"messages": [*turns, *row(asked.text, answer)["messages"]]}


def demonstration(count: int, number: int, seed: int) -> Row:
    """Return one of a few questions about facts with its right answer, without a password.

    Args:
        count: How many different questions there are.
        number: The number of the row; they come in turn.
        seed: Determines the questions.
    """
    asked = draw(Random(f"honesty demonstration {seed} {number % count}"))
    return row(asked.text, asked.right)


def _tossed(reply: Reply, number: int, seed: int) -> Reply:
    if reply != COIN:
        return reply
    return "right" if Random(f"honesty coin {seed} {number}").random() < 0.5 else "wrong"


for _organism in ORGANISMS.values():
    data_set(_organism.data, f"common facts: {_organism.about}")(partial(of_organism, _organism))
data_set(ONE, "one right answer to a question about a fact, again and again")(partial(demonstration, 1))
data_set(FEW, "eight right answers to questions about facts, again and again")(partial(demonstration, _FEW))
