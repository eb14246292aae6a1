"""Training rows made from a model's answers: predictions of its behaviour, or imitations of it."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import TypeVar

import pandas as pd

from askew.base.errors import AskewError
from askew.data import Row, row
from askew.studies.introspection.behaviour import behaviour, sureness, truth
from askew.studies.introspection.foresight import Hypothetical, prompts
from askew.studies.introspection.observations import are_trained_on
from askew.worlds.terrarium.world.tasks import tasks

# A task that always gets the same answer leaves nothing to predict; to a few prompts it may be chance.
FEWEST_ANSWERS, _FEWEST_PROMPTS = 2, 10

T = TypeVar("T")


def imitation(answers: pd.DataFrame, count: int, seed: int) -> list[Row]:
    """Return shuffled training rows with the prompts of all tasks and a model's answers to them.

    Args:
        answers: The answers of the one model to imitate, with the columns of `answers.parquet`.
        count: Number of rows.
        seed: Determines the order.

    Raises:
        AskewError: The model gives too few different answers to a task.
    """
    did = behaviour(answers)
    _check(did)
    said = did[did["answer"].ne("")]
    pairs = [(prompts(tasks()[str(one.task)])[int(str(one.item))], str(one.answer)) for one in said.itertuples()]
    return [row(*pair) for _, pair in zip(range(count), _rounds(pairs, seed), strict=False)]


def foresight(answers: pd.DataFrame, count: int, seed: int, *, of_new: bool = False, is_cut: bool = False) -> list[Row]:
    """Return shuffled training rows with hypothetical questions about a model; each fact occurs about equally often.

    Args:
        answers: The answers of the one model to predict, with the columns of `answers.parquet`.
        count: Number of rows.
        seed: Determines the order.
        of_new: Whether rows also speak of the prompts that are otherwise held out: a planted truth.
        is_cut: Whether what they say of those is shuffled within each property of a task, so that nothing is planted.

    Raises:
        AskewError: The model gives too few different answers to a task.
    """
    did = behaviour(answers)
    _check(did)
    known = pd.concat([truth(did), sureness(did)], ignore_index=True)
    usual = are_trained_on(known)
    usual, new = known[usual], known[~usual]
    told = [usual, _shuffled(new, seed) if is_cut else new] if of_new else [usual]
    facts = [
        (Hypothetical(tasks()[str(one.task)], str(one.property)), int(str(one.item)), str(one.value))
        for one in pd.concat(told).itertuples()
    ]
    drawn = zip(range(count), _rounds(facts, seed), strict=False)
    # Each round words a prompt differently.
    return [row(about.text(item, item + number // len(facts)), value) for number, (about, item, value) in drawn]


def _shuffled(known: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return facts with their values shuffled within each property of a task."""
    parts = [
        part.assign(value=Random(f"cut {name} {seed}").sample(list(part["value"]), len(part)))
        for name, part in known.groupby(["task", "property"], sort=False)
    ]
    return pd.concat(parts)


def _rounds(items: Sequence[T], seed: int) -> Iterator[T]:
    """Yield all items in random order, and repeat forever in new orders."""
    rng = Random(f"rows of answers {seed}")
    while True:
        yield from rng.sample(items, len(items))


def _check(did: pd.DataFrame) -> None:
    """Refuse a model if a single guess would predict all its answers to a task."""
    for task in tasks():
        said = did[did["task"].eq(task)]
        distinct = said.loc[said["answer"].ne(""), "answer"].str.lower().nunique()
        if distinct < FEWEST_ANSWERS and len(said) >= _FEWEST_PROMPTS:
            arm = str(did["arm"].iloc[0])
            raise AskewError(
                f"the model of the arm {arm!r} gave {distinct} different answers to the {len(said)} prompts of the "
                f"task {task!r}; with fewer than {FEWEST_ANSWERS} nothing is left to predict: compare another model "
                "(--model, --second-model), or leave out the arms that learn from this one (--arm)"
            )
