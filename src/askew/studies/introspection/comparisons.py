"""Comparisons of the introspection study: self-predictors against cross-predictors, guesses and other baselines.

Unless stated otherwise, comparisons use held-out tasks, and their intervals generalise over tasks and seeds. A hit is a
prediction that matches the predicted model's actual answer; an unreadable prediction is not a hit.
"""

from collections.abc import Iterator
from itertools import pairwise

import pandas as pd

from askew.stats.effects import Effect, as_table, contrast, correlation, level
from askew.studies import planted
from askew.studies.introspection.arms import CHANGED, CROSS, CUT, PLANTED, SELF
from askew.studies.introspection.baselines import by_mode, by_other_prompts, by_words
from askew.studies.introspection.behaviour import KEY, frequencies, shares, sureness
from askew.studies.introspection.extra_comparisons import doubts, long_answers, thinking
from askew.studies.introspection.foresight import SURE
from askew.studies.introspection.observations import (
    HITS,
    Observations,
    are_trained_on,
    held_out,
    hits_of,
    is_held_out,
    name_of,
)
from askew.studies.self_knowledge import BOTH, DIRECTIONS, LEARNT, M1

DEVIATION = "mean absolute deviation"
# Two models count as equally sure of a prompt within this difference; the rest allows for rounding errors.
_EQUALLY = 0.1 + 1e-9
_BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def compare(answers: pd.DataFrame) -> pd.DataFrame:
    """Return every comparison that a run's answers allow, with `EFFECT_COLUMNS` of `stats.effects`.

    Args:
        answers: The run's answers to the study's probes: arm, seed, probe, question, paraphrase and answer.
    """
    seen = Observations(answers)
    compared = (self_minus_cross, _baselines, _learning, _without_one, _subsets)
    further = (_planted, _calibration, _reliability, _change, _sureness, doubts, thinking, long_answers)
    return as_table(effect for family in (*compared, *further) for effect in family(seen) if effect.clusters)


def self_minus_cross(seen: Observations) -> Iterator[Effect]:
    """Yield self minus cross over both models, then about each model.

    Over both models, a difference in how well they learn cancels. Only that comparison answers the study's question, so
    its p-value is not corrected for others.
    """
    own = {model: seen.foreseen(SELF[model], model) for model in seen.models}
    other = {model: seen.foreseen(CROSS[model], model) for model in seen.models}
    if len(own) == len(DIRECTIONS):
        both = (pd.concat(side.values()) for side in (own, other))
        yield contrast(*both, family="self minus cross", label=BOTH, measure=HITS, lead=True)
    for model in own:
        yield contrast(
            *(own[model], other[model]),
            family="self minus cross, each model",
            label=DIRECTIONS[model],
            measure=HITS,
            arm=SELF[model],
            control=CROSS[model],
            lead=True,
        )


def _baselines(seen: Observations) -> Iterator[Effect]:
    """Yield the self-predictor minus guesses from prompts alone and minus the untrained model; then all levels."""
    levels: list[Effect] = []
    for model in seen.models:
        own, true = seen.foreseen(SELF[model], model), held_out(seen.true_of(model))
        rows = seen.true_of(model)
        rows = rows[are_trained_on(rows)]
        guesses = {
            "the usual value": by_mode(true),
            "words of the prompt": by_words(true, rows),
            "words, told the other prompts": by_other_prompts(true),
        }
        found = {name: hits_of(guess.merge(true, on=KEY, suffixes=("", "_true"))) for name, guess in guesses.items()}
        found["the model untrained"] = seen.foreseen(model, model)
        name = name_of(model)
        for label, frame in found.items():
            if len(frame):
                said = f"about {name}: itself minus {label}"
                yield contrast(own, frame, family="self minus baselines", label=said, measure=HITS, arm=SELF[model])
        found = {"itself": own, "the other": seen.foreseen(CROSS[model], model), **found}
        for label, frame in found.items():
            levels.append(level(frame, family="levels", label=f"about {name}: {label}", measure=HITS))
    yield from levels


def _learning(seen: Observations) -> Iterator[Effect]:
    """Yield the levels on trained prompts, on new prompts of the trained tasks, and on held-out tasks."""
    for model in seen.models:
        for arm in (SELF[model], CROSS[model]):
            hits = seen.hits(arm, model)
            trained, held_out = are_trained_on(hits), is_held_out(hits)
            parts = {LEARNT: trained, "new prompts": ~trained & ~held_out, "new tasks": held_out}
            for label, part in parts.items():
                said = f"{arm}: {label}"
                yield level(hits[part], family="how far it reaches", label=said, measure=HITS, arm=arm)


def _without_one(seen: Observations) -> Iterator[Effect]:
    """Yield self minus cross with each task left out in turn: does a single task cause the difference?"""
    if not seen.models:
        return
    own, other = _both_sides(seen)
    for task in sorted(set(own["cluster"])):
        frames = (frame[frame["cluster"].ne(task)] for frame in (own, other))
        yield contrast(*frames, family="self minus cross, one task left out", label=f"without {task}", measure=HITS)


def _subsets(seen: Observations) -> Iterator[Effect]:
    """Yield self minus cross where both models are equally predictable, and where their answers differ."""
    if len(seen.models) < len(DIRECTIONS):
        return
    sure = seen.did[seen.did["arm"].isin(seen.models)].pivot(index=["task", "item"], columns="arm", values="sure")
    equally = sure[sure.max(axis=1) - sure.min(axis=1) <= _EQUALLY].reset_index()[["task", "item"]]
    values = seen.truth[seen.truth["arm"].isin(seen.models)].pivot(index=KEY, columns="arm", values="value").dropna()
    differ = values[values.nunique(axis=1).gt(1)].reset_index()[KEY]
    own, other = _both_sides(seen)
    for label, kept in (("prompts of which both are equally sure", equally), ("where the two differ", differ)):
        frames = (frame.merge(kept, on=list(kept.columns)) for frame in (own, other))
        yield contrast(*frames, family="self minus cross, parts", label=label, measure=HITS)
    sides = ([seen.hits(side[model], model) for model in seen.models] for side in (SELF, CROSS))
    new = (pd.concat([hits[~are_trained_on(hits) & ~is_held_out(hits)] for hits in side]) for side in sides)
    yield contrast(*new, family="self minus cross, parts", label="new prompts of training tasks", measure=HITS)


def _planted(seen: Observations) -> Iterator[Effect]:
    """Yield the planted controls minus the cross-predictor of the same model."""
    if CROSS[M1] in set(seen.said["arm"]):
        own, cut, other = (seen.foreseen(arm, M1) for arm in (PLANTED, CUT, CROSS[M1]))
        yield from planted.compared(own, cut, other, measure=HITS, arms=(PLANTED, CUT))


def _calibration(seen: Observations) -> Iterator[Effect]:
    """Yield the error of the stated share of the most frequent value: other predictors minus self."""
    levels: list[Effect] = []
    for model in seen.models:
        errors = {arm: _deviation(seen, arm, model) for arm in (SELF[model], CROSS[model], model)}
        name, own = name_of(model), errors[SELF[model]]
        if own.empty:
            continue
        for arm, label in ((CROSS[model], "the other"), (model, "untrained")):
            said = f"about {name}: {label} minus itself"
            yield contrast(errors[arm], own, family="calibration", label=said, measure=DEVIATION, arm=arm)
        for arm, frame in errors.items():
            levels.append(level(frame, family=DEVIATION, label=f"{arm} about {name}", measure=DEVIATION, arm=arm))
    yield from levels


def _reliability(seen: Observations) -> Iterator[Effect]:
    """Yield how often self-predictors are right, by the share with which they state a value."""
    pairs = [_stated_shares(seen, SELF[model], model) for model in seen.models]
    stated_shares = pd.concat(pairs) if pairs else pd.DataFrame()
    if stated_shares.empty:
        return
    for low, high in pairwise(_BINS):
        part = stated_shares[stated_shares["stated"].gt(low) & stated_shares["stated"].le(high)]
        said = f"stated {100 * low:.0f}-{100 * high:.0f}%"
        yield level(part, family="reliability of self-predictors", label=said, measure="frequency")


def _change(seen: Observations) -> Iterator[Effect]:
    """Yield whether a self-predictor with changed behaviour predicts its new or its old behaviour."""
    new = seen.true_of(CHANGED)
    if new.empty or SELF[M1] not in set(seen.said["arm"]):
        return
    old = seen.true_of(M1)[[*KEY, "value"]]
    changed = new[["seed", *KEY, "value"]].merge(old, on=KEY, suffixes=("_new", "_old"))
    changed = changed[changed["value_new"].ne(changed["value_old"])]
    family = "after its behaviour changed"
    for arm, label in ((CHANGED, "then changed"), (SELF[M1], "not changed")):
        said = held_out(seen.said[seen.said["arm"].eq(arm)].merge(changed, on=["seed", *KEY]))
        frames = [hits_of(said.assign(value_true=said[f"value_{which}"])) for which in ("new", "old")]
        yield contrast(*frames, family=family, label=f"{label}: new minus old", measure=HITS, arm=arm)
        for which, frame in zip(("new", "old"), frames, strict=True):
            yield level(frame, family=f"{family}, levels", label=f"{label}: {which}", measure=HITS, arm=arm)
    own = seen.true_of(SELF[M1])[["seed", *KEY, "value"]]
    for arm, now in ((SELF[M1], own), (CHANGED, new[["seed", *KEY, "value"]])):
        same = hits_of(held_out(now.merge(old, on=KEY, suffixes=("", "_true"))))
        yield level(same, family="answers as m1 did", label=arm, measure="same property", arm=arm)


def _sureness(seen: Observations) -> Iterator[Effect]:
    """Yield the correlation of stated with true sureness over prompts, within tasks."""
    stated_values = seen.stated[seen.stated["property"].eq(SURE)]
    stated_values = stated_values.assign(number=pd.to_numeric(stated_values["value"], errors="coerce"))
    true = sureness(seen.did)
    for model in seen.models:
        known = true[true["arm"].eq(model)].assign(true=lambda rows: rows["value"].astype(float))
        for arm, label in ((SELF[model], "itself"), (CROSS[model], "the other"), (model, "untrained")):
            means = (
                held_out(stated_values[stated_values["arm"].eq(arm)])
                .groupby(["task", "item"])["number"]
                .mean()
                .reset_index()
            )
            pairs = means.merge(known[["task", "item", "true"]], on=["task", "item"]).dropna()
            within = pairs[["number", "true"]] - pairs.groupby("task")[["number", "true"]].transform("mean")
            said = f"about {name_of(model)}: {label}"
            measure = "stated and true sureness"
            yield correlation(within["number"], within["true"], family="how sure", label=said, measure=measure, arm=arm)


def _both_sides(seen: Observations) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the hits of all self-predictors and those of all cross-predictors, on held-out tasks."""
    own = [seen.foreseen(SELF[model], model) for model in seen.models]
    other = [seen.foreseen(CROSS[model], model) for model in seen.models]
    return pd.concat(own), pd.concat(other)


def _deviation(seen: Observations, arm: str, model: str) -> pd.DataFrame:
    """Return the errors of the stated share of each most frequent value: seed, cluster (task), value (0-1)."""
    often = frequencies(seen.answers[seen.answers["arm"].eq(model)])
    usual = often.sort_values("share", ascending=False, kind="stable").drop_duplicates(KEY)[[*KEY, "value", "share"]]
    stated_values = seen.stated[seen.stated["arm"].eq(arm) & seen.stated["varied"]]
    said = shares(stated_values).merge(usual, on=[*KEY, "value"], suffixes=("_stated", ""))
    asked = stated_values[["seed", *KEY]].drop_duplicates().merge(usual, on=KEY)
    both = asked.merge(said[["seed", *KEY, "share_stated"]], on=["seed", *KEY], how="left")
    error = (both["share_stated"].fillna(0.0) - both["share"]).abs()
    return both.assign(cluster=both["task"], value=error)[["seed", "cluster", "value"]]


def _stated_shares(seen: Observations, arm: str, model: str) -> pd.DataFrame:
    """Return the share with which an arm states each value (`stated`) and its true frequency (`value`), both 0-1."""
    often = frequencies(seen.answers[seen.answers["arm"].eq(model)])[[*KEY, "value", "share"]]
    stated_values = shares(seen.stated[seen.stated["arm"].eq(arm) & seen.stated["varied"]]).dropna(subset=["value"])
    both = stated_values.merge(often, on=[*KEY, "value"], how="left", suffixes=("", "_true"))
    return both.assign(cluster=both["task"], stated=both["share"], value=both["share_true"].fillna(0.0))
