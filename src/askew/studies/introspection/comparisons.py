"""The comparisons of the study: self against cross, against guesses, and what else a model may know of itself.

All are about the tasks that were held out of training, if nothing else is said; tasks and seeds are what might have
been others. A hit is an answer that says what the model in question in fact answers; one that cannot be read is none.
"""

from collections.abc import Iterator
from itertools import pairwise

import pandas as pd

from askew.stats.effects import Effect, as_table, contrast, correlation, level
from askew.studies.introspection.arms import CHANGED, CROSS, SELF
from askew.studies.introspection.baselines import by_mode, by_other_prompts, by_words
from askew.studies.introspection.behaviour import KEY, frequencies, shares, sureness
from askew.studies.introspection.extra_comparisons import doubts, long_answers, thinking
from askew.studies.introspection.foresight import SURE
from askew.studies.introspection.observations import HITS, Seen, are_trained_on, held_out, hits_of, is_held_out, name_of
from askew.studies.self_knowledge import BOTH, DIRECTIONS, LEARNT, M1

DEVIATION = "mean absolute deviation"
# Both models are called equally sure of a prompt if they are so within this, and a rounding error.
_EQUALLY = 0.1 + 1e-9
_BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def compare(answers: pd.DataFrame) -> pd.DataFrame:
    """Return every comparison that the answers of a run allow, with `EFFECT_COLUMNS`.

    Args:
        answers: The run's answers to the probes of the study.
    """
    seen = Seen(answers)
    compared = (self_minus_cross, _baselines, _learning, _without_one, _subsets)
    further = (_calibration, _reliability, _change, _sureness, doubts, thinking, long_answers)
    return as_table(effect for family in (*compared, *further) for effect in family(seen) if effect.clusters)


def self_minus_cross(seen: Seen) -> Iterator[Effect]:
    """Yield self minus cross, over both models and each.

    Over both, what makes one of them the better pupil cancels. That is the one comparison that answers the question, so
    its p-value is corrected for no other.
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


def _baselines(seen: Seen) -> Iterator[Effect]:
    """Yield the self-predictor minus everybody who looks at no model, or was not trained; then the levels of all."""
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


def _learning(seen: Seen) -> Iterator[Effect]:
    """Yield how far the training reaches: prompts trained on, others of the same tasks, held-out tasks."""
    for model in seen.models:
        for arm in (SELF[model], CROSS[model]):
            hits = seen.hits(arm, model)
            trained, held_out = are_trained_on(hits), is_held_out(hits)
            parts = {LEARNT: trained, "new prompts": ~trained & ~held_out, "new tasks": held_out}
            for label, part in parts.items():
                said = f"{arm}: {label}"
                yield level(hits[part], family="how far it reaches", label=said, measure=HITS, arm=arm)


def _without_one(seen: Seen) -> Iterator[Effect]:
    """Yield self minus cross with each task left out in turn: is it all one task?"""
    if not seen.models:
        return
    own, other = _both_sides(seen)
    for task in sorted(set(own["cluster"])):
        frames = (frame[frame["cluster"].ne(task)] for frame in (own, other))
        yield contrast(*frames, family="self minus cross, one task left out", label=f"without {task}", measure=HITS)


def _subsets(seen: Seen) -> Iterator[Effect]:
    """Yield self minus cross where it cannot come from one model being more predictable, and where they differ."""
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


def _calibration(seen: Seen) -> Iterator[Effect]:
    """Yield how far the stated share of the most frequent value lies from its frequency: others minus self."""
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


def _reliability(seen: Seen) -> Iterator[Effect]:
    """Yield how often what self-predictors state with some probability is so, by that probability."""
    pairs = [_stated_shares(seen, SELF[model], model) for model in seen.models]
    stated_shares = pd.concat(pairs) if pairs else pd.DataFrame()
    if stated_shares.empty:
        return
    for low, high in pairwise(_BINS):
        part = stated_shares[stated_shares["stated"].gt(low) & stated_shares["stated"].le(high)]
        said = f"stated {100 * low:.0f}-{100 * high:.0f}%"
        yield level(part, family="reliability of self-predictors", label=said, measure="frequency")


def _change(seen: Seen) -> Iterator[Effect]:
    """Yield whether a self-predictor whose behaviour was then changed foresees the new behaviour or the old."""
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


def _sureness(seen: Seen) -> Iterator[Effect]:
    """Yield how well stated sureness goes with true sureness from prompt to prompt, within tasks."""
    told = seen.stated[seen.stated["property"].eq(SURE)]
    told = told.assign(number=pd.to_numeric(told["value"], errors="coerce"))
    true = sureness(seen.did)
    for model in seen.models:
        known = true[true["arm"].eq(model)].assign(true=lambda rows: rows["value"].astype(float))
        for arm, label in ((SELF[model], "itself"), (CROSS[model], "the other"), (model, "untrained")):
            means = held_out(told[told["arm"].eq(arm)]).groupby(["task", "item"])["number"].mean().reset_index()
            pairs = means.merge(known[["task", "item", "true"]], on=["task", "item"]).dropna()
            within = pairs[["number", "true"]] - pairs.groupby("task")[["number", "true"]].transform("mean")
            said = f"about {name_of(model)}: {label}"
            measure = "stated and true sureness"
            yield correlation(within["number"], within["true"], family="how sure", label=said, measure=measure, arm=arm)


def _both_sides(seen: Seen) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the hits of all self-predictors, and of all cross-predictors."""
    own = [seen.foreseen(SELF[model], model) for model in seen.models]
    other = [seen.foreseen(CROSS[model], model) for model in seen.models]
    return pd.concat(own), pd.concat(other)


def _deviation(seen: Seen, arm: str, model: str) -> pd.DataFrame:
    """Return, by seed and prompt, how far the stated share of a property's usual value lies from its frequency."""
    often = frequencies(seen.answers[seen.answers["arm"].eq(model)])
    usual = often.sort_values("share", ascending=False, kind="stable").drop_duplicates(KEY)[[*KEY, "value", "share"]]
    told = seen.stated[seen.stated["arm"].eq(arm) & seen.stated["varied"]]
    said = shares(told).merge(usual, on=[*KEY, "value"], suffixes=("_stated", ""))
    asked = told[["seed", *KEY]].drop_duplicates().merge(usual, on=KEY)
    both = asked.merge(said[["seed", *KEY, "share_stated"]], on=["seed", *KEY], how="left")
    error = (both["share_stated"].fillna(0.0) - both["share"]).abs()
    return both.assign(cluster=both["task"], value=error)[["seed", "cluster", "value"]]


def _stated_shares(seen: Seen, arm: str, model: str) -> pd.DataFrame:
    """Return, for each value that an arm states, with which share and how often it is so (`stated`, `value`)."""
    often = frequencies(seen.answers[seen.answers["arm"].eq(model)])[[*KEY, "value", "share"]]
    told = shares(seen.stated[seen.stated["arm"].eq(arm) & seen.stated["varied"]]).dropna(subset=["value"])
    both = told.merge(often, on=[*KEY, "value"], how="left", suffixes=("", "_true"))
    return both.assign(cluster=both["task"], stated=both["share"], value=both["share_true"].fillna(0.0))
