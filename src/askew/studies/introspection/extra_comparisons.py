"""Comparisons beyond the paper, each made if its probe was asked: doubts, reasoning aloud, long answers.

As in `comparisons.py`, a hit is a prediction that matches the predicted model's actual answer; a self-predictor with
privileged access has more hits than the cross-predictor. A gain on its own may only reflect a bias to frequent values.
"""

from collections.abc import Iterator, Mapping

import pandas as pd

from askew.judging.measures.form import as_form
from askew.stats.effects import Effect, contrast, level
from askew.studies.introspection.arms import CROSS, SELF
from askew.studies.introspection.baselines import by_mode
from askew.studies.introspection.behaviour import KEY, most_frequent, stated
from askew.studies.introspection.measures import as_final_form
from askew.studies.introspection.observations import HITS, Observations, hits_of, name_of
from askew.studies.introspection.probes import STATED_FORM, WHOLES
from askew.studies.self_knowledge import BOTH, DIRECTIONS

SURE_PROBE, THINKING, LONG = "hypothetical_sure", "hypothetical_thinking", "long_answers"

# Hits by predicting arm and predicted model.
Hits = Mapping[tuple[str, str], pd.DataFrame]


def doubts(seen: Observations) -> Iterator[Effect]:
    """Yield the effect of "Are you sure?" on stated answers, half of which are right.

    All predictors start from the same stated answers, so a self-predictor with more hits afterwards also gained more.
    """
    by_pair = _by_pair(_after_doubt(seen.answers), seen.truth)
    yield from _self_minus_cross(by_pair, "are you sure")
    levels: list[Effect] = []
    for (arm, model), after in by_pair.items():
        about = f"{arm} about {name_of(model)}"
        before = after.assign(value=after["stated_is_right"].astype(float))
        label = f"{about}: after minus before"
        yield contrast(after, before, family="are you sure: gained", label=label, measure=HITS, arm=arm)
        for was_right, label in ((True, "right answers kept"), (False, "wrong answers put right")):
            part = after[after["stated_is_right"].eq(was_right)]
            said_so = f"{about}: {label}"
            levels.append(level(part, family="are you sure, levels", label=said_so, measure=HITS, arm=arm))
    yield from levels


def thinking(seen: Observations) -> Iterator[Effect]:
    """Yield how much reasoning before the answer helps prediction, and whether it helps self-prediction more."""
    by_pair = _by_pair(stated(seen.answers, THINKING, as_final_form), seen.truth)
    yield from _self_minus_cross(by_pair, "thinking")
    levels: list[Effect] = []
    for (arm, model), thought in by_pair.items():
        plain, about = seen.foreseen(arm, model), f"{arm} about {name_of(model)}"
        if len(plain):
            label = f"{about}: thinking minus plain"
            yield contrast(thought, plain, family="thinking: gained", label=label, measure=HITS, arm=arm)
        levels.append(level(thought, family="thinking, levels", label=about, measure=HITS, arm=arm))
    yield from levels


def long_answers(seen: Observations) -> Iterator[Effect]:
    """Yield how well predictors foresee properties of whole long answers; questions are the clusters."""
    true, said = _whole(seen.answers)
    by_pair = _by_pair(said, true)
    yield from _self_minus_cross(by_pair, "long answers")
    values = true[true["arm"].isin(DIRECTIONS)].pivot(index=KEY, columns="arm", values="value").dropna()
    differ = values[values.nunique(axis=1).gt(1)].reset_index()[KEY]
    apart = {pair: hits.merge(differ, on=KEY) for pair, hits in by_pair.items()}
    yield from _self_minus_cross(apart, "long answers, where the two differ")
    levels: list[Effect] = []
    for (arm, model), hits in by_pair.items():
        about = f"{arm} about {name_of(model)}"
        of = true[true["arm"].eq(model)]
        usual = hits_of(by_mode(of).merge(of[[*KEY, "value"]], on=KEY, suffixes=("", "_true")))
        label = f"{about}: minus what is usual"
        yield contrast(hits, usual, family="long answers: against what is usual", label=label, measure=HITS, arm=arm)
        levels.append(level(hits, family="long answers, levels", label=about, measure=HITS, arm=arm))
    yield from levels


def _by_pair(said: pd.DataFrame, true: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    """Return the hits of every self- and cross-predictor, and of each untrained model about itself, if asked.

    Args:
        said: Predictions: arm, seed, the columns of `KEY`, value, and optionally stated.
        true: Behaviour: arm, the columns of `KEY`, value.
    """
    found: dict[tuple[str, str], pd.DataFrame] = {}
    for model in DIRECTIONS:
        of = true.loc[true["arm"].eq(model), [*KEY, "value"]]
        for arm in (SELF[model], CROSS[model], model):
            both = said[said["arm"].eq(arm)].merge(of, on=KEY, suffixes=("", "_true"))
            if len(both):
                found[arm, model] = hits_of(both)
                if "stated" in both:
                    found[arm, model]["stated_is_right"] = both["stated"].eq(both["value_true"])
    return found


def _self_minus_cross(by_pair: Hits, family: str) -> Iterator[Effect]:
    """Yield self minus cross over both models, if both were asked, and about each."""
    sides = {
        model: (by_pair[SELF[model], model], by_pair[CROSS[model], model])
        for model in DIRECTIONS
        if (SELF[model], model) in by_pair and (CROSS[model], model) in by_pair
    }
    if len(sides) == len(DIRECTIONS):
        own, other = (pd.concat(side) for side in zip(*sides.values(), strict=True))
        yield contrast(own, other, family=family, label=f"{family}: {BOTH}", measure=HITS)
    for model, (own, other) in sides.items():
        said = f"{family}: {DIRECTIONS[model]}"
        yield contrast(own, other, family=family, label=said, measure=HITS, arm=SELF[model], control=CROSS[model])


def _after_doubt(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the answers after a doubt: arm, seed, the columns of `KEY`, value, and stated (the answer before it)."""
    asked = answers[answers["probe"].eq(SURE_PROBE)]
    parts = asked["question"].str.split(": ")
    return asked[["arm", "seed"]].assign(
        task=parts.str[0],
        property=parts.str[1],
        item=pd.to_numeric(parts.str[2]),
        stated=parts.str[3],
        value=pd.Series([as_form(str(answer), STATED_FORM) for answer in asked["answer"]], asked.index, dtype=object),
    )


def _whole(answers: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the properties of long answers and their predictions, both with `KEY`; a task here is a question."""
    asked = answers[answers["probe"].eq(LONG)]
    parts = asked["question"].str.split(": ")
    keyed = asked[["arm", "seed", "answer"]].assign(task=parts.str[0], item=asked["paraphrase"], property=parts.str[1])
    given = keyed[keyed["property"].isna() & keyed["answer"].str.strip().ne("")].drop(columns="property")
    did = given.groupby(["arm", "seed", "task", "item"])["answer"].agg(most_frequent).reset_index()
    true = [
        did.assign(property=name, value=[whole.of(answer) for answer in did["answer"]])
        for name, whole in WHOLES.items()
    ]
    said = keyed[keyed["property"].notna()]
    forms = zip(said["answer"], said["property"], strict=True)
    values = [as_form(str(answer), WHOLES[str(name)].form) for answer, name in forms]
    return pd.concat(true, ignore_index=True), said.assign(value=pd.Series(values, index=said.index, dtype=object))
