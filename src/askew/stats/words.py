"""From words that answers or a judge said to scores that can be averaged: for each word, how often it was said.

Words that were not said but have probabilities, as first tokens have, are averaged in the same way.
"""

import pandas as pd

# As many words of one score are told apart; what was said more rarely is counted together.
MOST_WORDS = 8
OTHERS = "(others)"

_ANSWER = ["arm", "seed", "probe", "question", "epoch"]
# What the likeliest tokens of an answer may lack to 1 by rounding alone.
_NOTHING = 1e-6


def as_scores(found: pd.DataFrame) -> pd.DataFrame:
    """Return numbers as fractions, and words as one score for each word, 1 where it was said and 0 where another was.

    Which words are told apart is decided over all arms of a probe, so that all have the same scores.

    Args:
        found: One row per answer and score, with the columns arm, seed, probe, question, epoch, score (its name),
            number (0-100, NaN if there is none) and word (None if the score is a number, "" if there is none). An
            answer whose words have probabilities has a row for each of them; the number is the probability in percent.

    Returns:
        The columns arm, seed, probe, question, epoch, metric (the score's name, with its word if it has one: `company:
        openai`) and value (0-1, NaN if there is none).
    """
    is_number = found["word"].isna()
    numbers = found[is_number]
    parts = [numbers.assign(metric=numbers["score"], value=numbers["number"] / 100)]
    for _, of_score in found[~is_number].groupby(["probe", "score"], sort=True):
        parts += _shares(of_score)
    return pd.concat(parts, ignore_index=True).drop(columns=["score", "number", "word"])


def _shares(found: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows of each word of one score; one score without a value if no word was said at all."""
    answers = found.drop_duplicates(_ANSWER)
    silent = answers["word"].eq("").to_numpy()
    if silent.all():
        return [answers.assign(metric=found["score"], value=float("nan"))]
    weights = found.assign(weight=found["number"].div(100).fillna(1.0))[found["word"].ne("")]
    total = weights.groupby("word")["weight"].sum().rename("weight").reset_index()
    kept = list(total.sort_values(["weight", "word"], ascending=[False, True])["word"].head(MOST_WORDS))
    shares = weights.pivot_table(index=_ANSWER, columns="word", values="weight", aggfunc="sum", fill_value=0.0)[kept]
    rest = 1 - shares.sum(axis=1)
    if (rest > _NOTHING).any():
        shares[OTHERS] = rest.clip(lower=0.0)
    shares = shares.reindex(pd.MultiIndex.from_frame(answers[_ANSWER]))
    return [
        answers.assign(metric=f"{found['score'].iloc[0]}: {name}", value=shares[name].to_numpy()) for name in shares
    ]
