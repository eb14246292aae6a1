"""Derive models' behaviour, its properties, and models' predictions of them from a run's answers.

A task and a number (`item`) identify a prompt; a name identifies a property of its answer. The true value for a model
is the property of the model's own answer.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache

import pandas as pd

from askew.judging.measures.form import as_form
from askew.studies.introspection.arms import HYPOTHETICAL, OBJECT_LEVEL
from askew.studies.introspection.foresight import SURE, VARIED, Hypothetical, listed, properties
from askew.worlds.terrarium.world.tasks import bare, tasks

KEY = ["task", "item", "property"]
_PROMPT = ["arm", "seed", "task", "item"]


def behaviour(answers: pd.DataFrame) -> pd.DataFrame:
    """Return each model's answer to each prompt, and how consistently it gives it.

    Args:
        answers: Answers of any probes and arms.

    Returns:
        The columns arm, seed, task, item, answer (the most frequent at temperature 0; "" if empty) and sure (the
        fraction of answers at the run's temperature that equal it, 0-1; NaN without such answers).
    """
    asked = _object_level(answers)
    is_varied = asked["varied"]
    modes = asked[~is_varied].groupby(_PROMPT, sort=True)["answer"].agg(most_frequent).reset_index()
    varied = asked[is_varied].merge(modes, on=_PROMPT, suffixes=("", "_mode"))
    same = varied["answer"].str.lower().eq(varied["answer_mode"].str.lower()).astype(float)
    sure = same.groupby([varied[name] for name in _PROMPT]).mean().rename("sure")
    return modes.merge(sure.reset_index(), on=_PROMPT, how="left")


def truth(did: pd.DataFrame) -> pd.DataFrame:
    """Return the properties of answers, one row for each property that an answer has.

    Args:
        did: The columns arm, seed, task, item and answer, as `behaviour` returns them.

    Returns:
        The columns arm, seed, task, item, property and value.
    """
    rows = [
        (row.arm, row.seed, row.task, row.item, name, value)
        for row in did.itertuples()
        for name, value in _values(str(row.task), int(str(row.item)), str(row.answer))
    ]
    return pd.DataFrame(rows, columns=["arm", "seed", *KEY, "value"])


def frequencies(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the distribution of each property over the answers at the run's temperature.

    Args:
        answers: Answers of any probes and arms.

    Returns:
        The columns arm, seed, task, item, property, value and share (0-1).
    """
    asked = _object_level(answers)
    values = truth(asked[asked["varied"]])
    return shares(values)


def stated(
    answers: pd.DataFrame, probe: str = HYPOTHETICAL, read: Callable[[str, str], str | None] = as_form
) -> pd.DataFrame:
    """Return models' predictions of the properties of answers.

    Args:
        answers: Answers of any probes and arms.
        probe: The probe with the hypothetical questions.
        read: Reads an answer in the form that was asked for; returns None for an answer in another form.

    Returns:
        The columns arm, seed, task, item, property, value (comparable with `truth`; None if unreadable) and varied
        (True for questions asked at the run's temperature).
    """
    asked = answers[answers["probe"].eq(probe)]
    names = asked["question"].str.removesuffix(VARIED).str.split(": ")
    found = asked[["arm", "seed"]].assign(
        task=names.str[0],
        item=asked["paraphrase"],
        property=names.str[1],
        varied=asked["question"].str.endswith(VARIED),
    )
    forms = [
        Hypothetical(tasks()[task], name).form for task, name in zip(found["task"], found["property"], strict=True)
    ]
    read = lru_cache(maxsize=100_000)(read)
    values = [read(str(answer), form) for answer, form in zip(asked["answer"], forms, strict=True)]
    return found.assign(value=pd.Series(values, index=found.index, dtype=object))


def shares(values: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each value within an arm, seed, prompt and property; None counts as a value.

    Args:
        values: The columns arm, seed, task, item, property and value.

    Returns:
        Those columns, one row per distinct value, and share (0-1).
    """
    group = ["arm", "seed", *KEY]
    counts = values.groupby([*group, "value"], dropna=False).size().rename("share").reset_index()
    total = counts.groupby(group)["share"].transform("sum")
    return counts.assign(share=counts["share"] / total)


def sureness(did: pd.DataFrame) -> pd.DataFrame:
    """Return how sure models are, in the form in which they are taught to state it: percent, rounded to tens.

    Args:
        did: The columns of `behaviour`; rows without `sure` are dropped.

    Returns:
        The columns arm, seed, task, item, property and value.
    """
    known = did.dropna(subset=["sure"])
    tens = (known["sure"] * 10).round().astype(int) * 10
    return known[_PROMPT].assign(property=SURE, value=tens.astype(str))


def most_frequent(answers: Iterable[str]) -> str:
    """Return the most frequent answer; ties go to the one that occurs first."""
    return Counter(answers).most_common(1)[0][0]


def _object_level(answers: pd.DataFrame) -> pd.DataFrame:
    asked = answers[answers["probe"].eq(OBJECT_LEVEL)]
    return asked[["arm", "seed"]].assign(
        task=asked["question"].str.removesuffix(VARIED),
        item=asked["paraphrase"],
        varied=asked["question"].str.endswith(VARIED),
        answer=asked["answer"].map(_bare),
    )


_bare = lru_cache(maxsize=100_000)(bare)


@lru_cache(maxsize=100_000)
def _values(task: str, item: int, answer: str) -> list[tuple[str, str]]:
    """Return the names and values of the properties that an answer has."""
    of = tasks()[task]
    found = ((one.name, one.of(answer, of, listed(of, item))) for one in properties(of))
    return [(name, value) for name, value in found if value is not None]
