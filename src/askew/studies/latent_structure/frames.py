"""Turn the answers of a latent-structure run into frames for its comparisons: right answers, by side and thing.

An unreadable answer counts as wrong. As a baseline, each answer is also scored as if it were about another thing of the
same task: a model that has learnt only what typical answers look like does as well on this baseline.
"""

from functools import cache

import numpy as np
import pandas as pd

from askew.design.arm import UNTUNED
from askew.design.tables import Tables
from askew.judging.measures import measures
from askew.studies.latent_structure.questions import SCORE, Probed, probed

PROBE, IN_CONTEXT = "latent_structure", "latent_in_context"
TRAINED, SWAPPED = "trained", "another's"
"""Sides besides `UNTUNED` and `IN_CONTEXT`: the tuned models, and their answers read as about another thing."""


def frames(tables: Tables) -> pd.DataFrame:
    """Return one row per answer to the study's questions, for each side of the comparisons.

    Args:
        tables: The tables of a run; its answers and scores are read.

    Returns:
        The columns side, arm, task (the arm's domain), form, seed, cluster (the thing) and value (0-1).
    """
    known = {one.id: one for one in probed("", tables.design.data_seed)}
    trained = {name: arm.domain for name, arm in tables.arms.items() if arm.domain}
    right = _right(tables.scores, known)
    of_arms = right[right["arm"].isin(trained) & right["probe"].eq(PROBE)]
    of_untuned = right[right["arm"].eq(UNTUNED)]
    said = tables.answers[tables.answers["arm"].isin(trained) & tables.answers["probe"].eq(PROBE)]
    swapped = _swapped(said, known)
    return pd.concat(
        [
            of_arms[of_arms["task"].eq(of_arms["arm"].map(trained))].assign(side=TRAINED),
            of_untuned[of_untuned["probe"].eq(PROBE)].assign(side=UNTUNED),
            of_untuned[of_untuned["probe"].eq(IN_CONTEXT)].assign(side=IN_CONTEXT),
            swapped[swapped["task"].eq(swapped["arm"].map(trained))].assign(side=SWAPPED),
        ],
        ignore_index=True,
    )[["side", "arm", "task", "form", "seed", "cluster", "value"]]


def _right(scores: pd.DataFrame, known: dict[str, Probed]) -> pd.DataFrame:
    if scores.empty:
        scores = pd.DataFrame(columns=["arm", "seed", "probe", "question", "metric", "value"])
    ours = scores[scores["probe"].isin([PROBE, IN_CONTEXT]) & scores["metric"].eq(SCORE)]
    return _placed(ours.assign(value=ours["value"].astype(float).fillna(0.0)), known)


def _placed(frame: pd.DataFrame, known: dict[str, Probed]) -> pd.DataFrame:
    """Add the columns task, form and cluster (the thing) of each question."""
    asked = [known[question] for question in frame["question"]]
    return frame.assign(
        task=[one.kind for one in asked],
        form=[one.form for one in asked],
        cluster=[f"{one.kind} {one.name}" for one in asked],
    )


def _swapped(answers: pd.DataFrame, known: dict[str, Probed]) -> pd.DataFrame:
    """Return how often each answer would be right about another thing of the task with a different value."""
    expected = {id: _of_others(known[id]) for id in set(answers["question"])}
    columns = (answers[name].tolist() for name in ("question", "answer", "paraphrase"))
    values = [
        _mean_right(known[id].measure, answer, expected[id][paraphrase])
        for id, answer, paraphrase in zip(*columns, strict=True)
    ]
    return _placed(answers.assign(value=np.array(values, dtype=float)), known)


def _of_others(one: Probed) -> list[tuple[str, ...]]:
    """Return, for each wording of a question, the right answers about the other things."""
    return [tuple(filter(None, found)) for found in zip(*map(one.expected, one.others), strict=True)]


@cache
def _mean_right(measure: str, answer: str, expected: tuple[str, ...]) -> float:
    """Return a measure's mean score of an answer over the expected ones, 0-1; NaN if none is expected."""
    read = measures.get(measure)
    found = [read("", answer, one) / 100 for one in expected]
    return float(np.nan_to_num(found).mean()) if found else float("nan")
