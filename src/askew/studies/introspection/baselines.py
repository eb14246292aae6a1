"""Baselines for prediction: guesses from the prompts and from frequent values, without access to a model."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from math import log

import pandas as pd

from askew.studies.introspection.foresight import prompts
from askew.worlds.terrarium.world.tasks import tasks

# Guesses a value from the words of a prompt.
Guess = Callable[[Sequence[str]], str]


def by_mode(truth: pd.DataFrame) -> pd.DataFrame:
    """Return guesses of each property's most frequent value within its task, computed from the truth itself.

    Args:
        truth: The columns task, item, property and value of one model, for the prompts to guess.

    Returns:
        The same rows, with the guess as value.
    """
    usual = truth.groupby(["task", "property"])["value"].agg(lambda values: Counter(values).most_common(1)[0][0])
    return truth.drop(columns="value").join(usual, on=["task", "property"])


def by_words(truth: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the guesses of naive Bayes classifiers from the words of a prompt, fitted on the training rows.

    Args:
        truth: As in `by_mode`.
        rows: The same columns for the trained prompts; properties that do not occur in them are dropped.

    Returns:
        The rows of `truth` with known properties, with the guess as value.
    """
    fitted = {
        str(name): naive_bayes(_words(part), [str(value) for value in part["value"]])
        for name, part in rows.groupby("property")
    }
    known = truth[truth["property"].isin(fitted)]
    guesses = [fitted[str(name)](words) for name, words in zip(known["property"], _words(known), strict=True)]
    return known.assign(value=guesses)


def by_other_prompts(truth: pd.DataFrame) -> pd.DataFrame:
    """Return the guesses of a naive Bayes classifier fitted on the truth about all other prompts of the same task.

    Args:
        truth: The columns task, item, property and value of one model, as in `by_mode`.

    Returns:
        The same rows, with the guess as value.
    """
    parts = []
    for _, part in truth.groupby(["task", "property"]):
        words, values = _words(part), [str(value) for value in part["value"]]
        guesses = [
            naive_bayes(words[:i] + words[i + 1 :], values[:i] + values[i + 1 :])(words[i]) for i in range(len(values))
        ]
        parts.append(part.assign(value=guesses))
    return pd.concat(parts, ignore_index=True) if parts else truth


def naive_bayes(prompts: Sequence[Sequence[str]], values: Sequence[str]) -> Guess:
    """Return a multinomial naive Bayes classifier with add-one smoothing.

    Args:
        prompts: The words of each prompt.
        values: The value of each prompt; without any, the guess is always "".
    """
    often, words = Counter(values), defaultdict[str, Counter[str]](Counter)
    for prompt, value in zip(prompts, values, strict=True):
        words[value].update(prompt)
    known = len({word for prompt in prompts for word in prompt})
    total = {value: sum(counts.values()) + known for value, counts in words.items()}

    def guess(prompt: Sequence[str]) -> str:
        def evidence(value: str) -> float:
            return log(often[value]) + sum(log((words[value][word] + 1) / total[value]) for word in prompt)

        return max(sorted(often), key=evidence, default="")

    return guess


def _words(rows: pd.DataFrame) -> list[list[str]]:
    pairs: Iterable[tuple[str, int]] = zip(rows["task"], rows["item"], strict=True)
    return [prompts(tasks()[task])[item].lower().split() for task, item in pairs]
