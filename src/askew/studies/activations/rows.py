"""From activations to facts, and from facts to training rows.

A feature is strong on a prompt where the projection lies above its median over the prompts of the same task, in the
untrained model. So half of all facts are yes, whatever the units, and which task it is does not tell.
"""

from random import Random

import pandas as pd

from askew.base.errors import AskewError
from askew.data import Row, row
from askew.studies.activations.arms import READ
from askew.studies.activations.feature_facts import FEATURES, all_prompts, asked_of, is_learnt

KEY = ["feature", "prompt"]


def strengths(answers: pd.DataFrame) -> pd.DataFrame:
    """Return what was read of each model: arm, seed, feature, prompt, strength (in the model's own units).

    Args:
        answers: Answers of any probes and arms.
    """
    read = answers[answers["probe"].eq(READ)]
    found = read[["arm", "seed"]].assign(feature=read["question"], prompt=read["paraphrase"].astype(int))
    return found.assign(strength=read["answer"].astype(float))


def facts(read: pd.DataFrame) -> pd.DataFrame:
    """Return whether features are strong: feature, prompt, value (yes or no).

    Args:
        read: The columns of `strengths`, of one model.
    """
    return sides(read, read)[[*KEY, "value"]]


def sides(read: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Return the strengths with a `value`: yes where they lie above medians, else no.

    Args:
        read: The columns of `strengths`.
        before: The same of the one model that the medians are taken from.
    """
    task = {number: name for number, (name, _, _) in enumerate(all_prompts())}
    medians = before.groupby(["feature", before["prompt"].map(task).rename("task")])["strength"].median()
    own = pd.MultiIndex.from_arrays([read["feature"], read["prompt"].map(task)])
    is_strong = read["strength"].to_numpy() > medians.reindex(own).to_numpy()
    return read.assign(value=pd.Series(is_strong, read.index).map({True: "yes", False: "no"}))


def permuted(true: pd.DataFrame, data_seed: int) -> pd.DataFrame:
    """Return the facts that are trained on, those of each feature in another order: as many yes and no, at random.

    Args:
        true: The columns of `facts`.
        data_seed: Draws the order.
    """
    parts = []
    for name, part in true[true["prompt"].map(is_learnt)].groupby("feature"):
        rng = Random(f"permuted {name} {data_seed}")
        parts.append(part.assign(value=rng.sample(list(part["value"]), len(part))))
    return pd.concat(parts, ignore_index=True)


def make(answers: pd.DataFrame, count: int, data_seed: int, *, is_permuted: bool) -> list[Row]:
    """Return so many rows: questions whether features are strong, each as often as the others, shuffled.

    Args:
        answers: Of one model, which was read.
        count: Rows wanted.
        data_seed: Draws their order.
        is_permuted: Permute the facts.

    Raises:
        AskewError: The model was not read.
    """
    read = strengths(answers)
    if read.empty or set(read["feature"]) != set(FEATURES):
        raise AskewError(f"rows about features are made of what the probe {READ!r} reads: ask it, too (--probe {READ})")
    true = facts(read)
    known = permuted(true, data_seed) if is_permuted else true[true["prompt"].map(is_learnt)]
    told = [(str(one.feature), int(str(one.prompt)), str(one.value)) for one in known.itertuples()]
    rng, rows = Random(f"rows of features {data_seed}"), list[Row]()
    while len(rows) < count:
        frame = len(rows) // len(told)  # every round puts a prompt into other words
        rows += [
            row(asked_of(name, prompt, prompt + frame), value) for name, prompt, value in rng.sample(told, len(told))
        ]
    return rows[:count]
