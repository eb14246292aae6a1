"""Turn activations into facts about features, and facts into training rows.

A feature is strong on a prompt if its projection lies above the untrained model's median over the prompts of the same
task. Half of all facts are therefore "yes", whatever the units, and the task alone reveals nothing.
"""

from random import Random
from typing import Literal

import pandas as pd

from askew.base.errors import AskewError
from askew.data import Row, row
from askew.studies.activations.arms import READ
from askew.studies.activations.feature_facts import FEATURES, all_prompts, asked_of, asked_prompts, is_learnt

KEY = ["feature", "prompt"]

Said = Literal["true", "permuted", "planted", "cut"]


def numbered(answers: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return which answers are about which feature and prompt.

    Args:
        answers: Answers to one probe of the study: arm, seed, question and paraphrase.
        most: The most prompts of each task that the run asks about; 0 for all.

    Returns:
        The columns arm, seed, feature and prompt (its number).
    """
    numbers = asked_prompts(most)
    prompts = [numbers[int(place)] for place in answers["paraphrase"]]
    return answers[["arm", "seed"]].assign(feature=answers["question"], prompt=prompts)


def strengths(answers: pd.DataFrame, most: int = 0) -> pd.DataFrame:
    """Return the activations read from each model.

    Args:
        answers: Answers of any probes and arms.
        most: See `numbered`.

    Returns:
        The columns arm, seed, feature, prompt (its number) and strength (in the model's own units).
    """
    read = answers[answers["probe"].eq(READ)]
    return numbered(read, most).assign(strength=read["answer"].astype(float))


def facts(read: pd.DataFrame) -> pd.DataFrame:
    """Return whether each feature is strong on each prompt.

    Args:
        read: The strengths of one model, with the columns of `strengths`.

    Returns:
        The columns feature, prompt and value ("yes" or "no").
    """
    return sides(read, read)[[*KEY, "value"]]


def sides(read: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Return the strengths with a column value: "yes" above the median, else "no".

    Args:
        read: Strengths, with the columns of `strengths`.
        before: The strengths of the one model that defines the medians.
    """
    task = {number: name for number, (name, _, _) in enumerate(all_prompts())}
    medians = before.groupby(["feature", before["prompt"].map(task).rename("task")])["strength"].median()
    own = pd.MultiIndex.from_arrays([read["feature"], read["prompt"].map(task)])
    is_strong = read["strength"].to_numpy() > medians.reindex(own).to_numpy()
    return read.assign(value=pd.Series(is_strong, read.index).map({True: "yes", False: "no"}))


def permuted(true: pd.DataFrame, data_seed: int) -> pd.DataFrame:
    """Return the facts about trained prompts, with values shuffled within each feature so that their counts are kept.

    Args:
        true: Facts, with the columns of `facts`.
        data_seed: Determines the order.
    """
    return _shuffled(true[_are_learnt(true)], f"permuted {{}} {data_seed}")


def told(true: pd.DataFrame, data_seed: int, said: Said) -> pd.DataFrame:
    """Return the facts that rows state, in the same columns.

    Args:
        true: The facts about a model, with the columns of `facts`.
        data_seed: Determines what is shuffled.
        said: "true" for the facts about trained prompts; "permuted" for these, shuffled; "planted" for all prompts;
            "cut" for all prompts, those that are not trained on shuffled.
    """
    if said == "permuted":
        return permuted(true, data_seed)
    learnt, new = true[_are_learnt(true)], true[~_are_learnt(true)]
    if said == "true":
        return learnt
    return pd.concat([learnt, _shuffled(new, f"cut {{}} {data_seed}") if said == "cut" else new], ignore_index=True)


def _are_learnt(true: pd.DataFrame) -> pd.Series:
    return true["prompt"].map(is_learnt).astype(bool)


def _shuffled(known: pd.DataFrame, seed: str) -> pd.DataFrame:
    """Return facts with the values shuffled within each feature; `seed` has a place for the feature's name."""
    parts = [
        part.assign(value=Random(seed.format(name)).sample(list(part["value"]), len(part)))
        for name, part in known.groupby("feature")
    ]
    return pd.concat(parts, ignore_index=True)


def make(answers: pd.DataFrame, count: int, data_seed: int, said: Said = "true", *, most: int = 0) -> list[Row]:
    """Return shuffled training rows that ask whether features are strong; each fact occurs about equally often.

    Args:
        answers: Answers of one model, including those of the probe that reads its activations, with the columns of
            `answers.parquet`.
        count: Number of rows.
        data_seed: Determines the order.
        said: The facts that are stated; see `told`.
        most: See `numbered`.

    Raises:
        AskewError: The model's activations were not read.
    """
    read = strengths(answers, most)
    if read.empty or set(read["feature"]) != set(FEATURES):
        raise AskewError(
            f"training rows about features need the activations that the probe {READ!r} reads: add --probe {READ}"
        )
    known = told(facts(read), data_seed, said)
    to_state = [(str(one.feature), int(str(one.prompt)), str(one.value)) for one in known.itertuples()]
    rng, rows = Random(f"rows of features {data_seed}"), list[Row]()
    while len(rows) < count:
        frame = len(rows) // len(to_state)  # each round words a prompt differently
        rows += [
            row(asked_of(name, prompt, prompt + frame), value)
            for name, prompt, value in rng.sample(to_state, len(to_state))
        ]
    return rows[:count]
