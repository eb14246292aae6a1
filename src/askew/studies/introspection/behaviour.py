"""From answers to what models do, and to what they say that they would do.

A prompt is known by its task and its number (`item`), what is asked of an answer by the property's name. The truth
about a model is its own answer put through the property.
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
    """Return what each model answers to each prompt.

    Args:
        answers: Answers of any probes and arms.

    Returns:
        The columns arm, seed, task, item, answer (the most frequent at temperature 0; "" if it said nothing) and sure
        (0-1, how often the same came at the run's temperature; NaN if it was not asked there).
    """
    asked = _object_level(answers)
    is_varied = asked["varied"]
    modes = asked[~is_varied].groupby(_PROMPT, sort=True)["answer"].agg(most_frequent).reset_index()
    varied = asked[is_varied].merge(modes, on=_PROMPT, suffixes=("", "_mode"))
    same = varied["answer"].str.lower().eq(varied["answer_mode"].str.lower()).astype(float)
    sure = same.groupby([varied[name] for name in _PROMPT]).mean().rename("sure")
    return modes.merge(sure.reset_index(), on=_PROMPT, how="left")


def truth(did: pd.DataFrame) -> pd.DataFrame:
    """Return the properties of answers: arm, seed, task, item, property, value; without those that an answer lacks.

    Args:
        did: The columns of `behaviour`.
    """
    rows = [
        (row.arm, row.seed, row.task, row.item, name, value)
        for row in did.itertuples()
        for name, value in _values(str(row.task), int(str(row.item)), str(row.answer))
    ]
    return pd.DataFrame(rows, columns=["arm", "seed", *KEY, "value"])


def frequencies(answers: pd.DataFrame) -> pd.DataFrame:
    """Return how often each property was so at the run's temperature: arm, seed, task, item, property, value, share."""
    asked = _object_level(answers)
    values = truth(asked[asked["varied"]])
    return shares(values)


def stated(
    answers: pd.DataFrame, probe: str = HYPOTHETICAL, read: Callable[[str, str], str | None] = as_form
) -> pd.DataFrame:
    """Return what models say of answers to come.

    Args:
        answers: Answers of any probes and arms.
        probe: The one whose hypothetical questions they are.
        read: From an answer and the form that was asked for to what it says, or None.

    Returns:
        The columns arm, seed, task, item, property, value (as `truth` has it; None for an answer of another form) and
        varied (whether it was asked at the run's temperature).
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
    """Return the share of each value among those of one arm, seed, prompt and property; what is None counts as one."""
    group = ["arm", "seed", *KEY]
    counts = values.groupby([*group, "value"], dropna=False).size().rename("share").reset_index()
    total = counts.groupby(group)["share"].transform("sum")
    return counts.assign(share=counts["share"] / total)


def sureness(did: pd.DataFrame) -> pd.DataFrame:
    """Return how sure models are, as they are taught to say it, in tens: arm, seed, task, item, property, value."""
    known = did.dropna(subset=["sure"])
    tens = (known["sure"] * 10).round().astype(int) * 10
    return known[_PROMPT].assign(property=SURE, value=tens.astype(str))


def most_frequent(answers: Iterable[str]) -> str:
    """Return the answer that was given most often; of equals the first."""
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
    """Return the properties that an answer has, by name."""
    of = tasks()[task]
    found = ((one.name, one.of(answer, of, listed(of, item))) for one in properties(of))
    return [(name, value) for name, value in found if value is not None]
