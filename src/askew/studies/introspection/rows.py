"""Training rows that are made of answers: what a model would say, asked about or said."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import TypeVar

import pandas as pd

from askew.base.errors import AskewError
from askew.data import Row, row
from askew.studies.introspection.behaviour import behaviour, sureness, truth
from askew.studies.introspection.foresight import Hypothetical, is_trained_on, prompts
from askew.worlds.terrarium.world.tasks import tasks

# Of a task that is always answered alike there is nothing to foresee.
FEWEST_ANSWERS = 2

T = TypeVar("T")


def make(answers: pd.DataFrame, count: int, seed: int, *, foresight: bool) -> list[Row]:
    """Return so many rows, each as often as the others, shuffled.

    Args:
        answers: Of one model, which is foreseen, or imitated.
        count: Rows wanted.
        seed: Draws their order.
        foresight: Make hypothetical questions about the training tasks and the answers that the model's behaviour
            gives them; else the tasks themselves, all of them, with the model's answers.

    Raises:
        AskewError: The model answers a task in too few ways.
    """
    did = behaviour(answers)
    _check(did)
    if not foresight:
        said = did[did["answer"].ne("")]
        pairs = [(prompts(tasks()[str(one.task)])[int(str(one.item))], str(one.answer)) for one in said.itertuples()]
        return [row(*pair) for _, pair in zip(range(count), _rounds(pairs, seed), strict=False)]
    known = pd.concat([truth(did), sureness(did)], ignore_index=True)
    facts = [
        (Hypothetical(tasks()[str(one.task)], str(one.property)), int(str(one.item)), str(one.value))
        for one in known.itertuples()
        if is_trained_on(tasks()[str(one.task)], int(str(one.item)))
    ]
    drawn = zip(range(count), _rounds(facts, seed), strict=False)
    # Every round puts a prompt into other words.
    return [row(about.text(item, item + number // len(facts)), value) for number, (about, item, value) in drawn]


def _rounds(items: Sequence[T], seed: int) -> Iterator[T]:
    """Yield all items in some order, and again in another, without end."""
    rng = Random(f"rows of answers {seed}")
    while True:
        yield from rng.sample(items, len(items))


def _check(did: pd.DataFrame) -> None:
    """Refuse a model of whose answers to a task a single guess would do."""
    for task in tasks():
        said = did[did["task"].eq(task)]
        distinct = said.loc[said["answer"].ne(""), "answer"].str.lower().nunique()
        if distinct < FEWEST_ANSWERS:
            arm = str(did["arm"].iloc[0])
            raise AskewError(
                f"the model of the arm {arm!r} has {distinct} different answers to the {len(said)} prompts of the task "
                f"{task!r}, and fewer than {FEWEST_ANSWERS} leave nothing to foresee: compare another model "
                "(--model, --second-model), or leave out the arms that learn from this one (--arm)"
            )
