"""Comparisons of the activations study: a model's reports of its own features against another's and against guesses.

Unless stated otherwise, comparisons use prompts that were not trained on. Their intervals generalise over features and
seeds, because features were drawn at random and prompts were not. A hit is a report that agrees with the untrained
model's activations; a report that is neither yes nor no is not a hit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from askew.judging.measures.form import as_form
from askew.stats.effects import Effect, as_table, contrast, level
from askew.studies import planted
from askew.studies.activations.arms import CROSS, CUT, PERMUTED, PLANTED, REPORTED, SELF
from askew.studies.activations.feature_facts import all_prompts, is_learnt
from askew.studies.activations.rows import KEY, facts, numbered, permuted, sides, strengths
from askew.studies.introspection.baselines import by_mode, by_other_prompts, by_words
from askew.studies.self_knowledge import BOTH, DIRECTIONS, LEARNT, M1
from askew.worlds.terrarium.world.tasks import tasks

HITS = "hits"


def compare(answers: pd.DataFrame, data_seed: int, most: int = 0) -> pd.DataFrame:
    """Return every comparison that a run's answers allow, with `EFFECT_COLUMNS` of `stats.effects`.

    Args:
        answers: The run's answers to both probes of the study: arm, seed, probe, question, paraphrase and answer.
        data_seed: The seed of the training rows.
        most: The most prompts of each task that the run asks about; 0 for all.
    """
    seen = Observations(answers, data_seed, most)
    families = (_self_minus_cross, _planted, _baselines, _reach, _parts, _as_before)
    return as_table(effect for family in families for effect in family(seen) if effect.clusters)


@dataclass(frozen=True)
class Observations:
    """Frames derived from a run's answers; each is computed at most once.

    Attributes:
        answers: The run's answers.
        data_seed: The seed of the training rows.
        most: The most prompts of each task that the run asks about; 0 for all.
    """

    answers: pd.DataFrame
    data_seed: int
    most: int = 0

    @cached_property
    def read(self) -> pd.DataFrame:
        """The strength of features in each model; see `rows.strengths`."""
        return strengths(self.answers, self.most)

    @cached_property
    def said(self) -> pd.DataFrame:
        """The reports of each arm: columns arm, seed, feature, prompt, value ("yes", "no", None for other answers)."""
        asked = self.answers[self.answers["probe"].eq(REPORTED)]
        values = pd.Series([as_form(str(one), "yes or no") for one in asked["answer"]], asked.index, dtype=object)
        return numbered(asked, self.most).assign(value=values)

    @cached_property
    def models(self) -> list[str]:
        """The untrained models whose features both the self arm and the cross arm reported."""
        arms, read = set(self.said["arm"]), set(self.read["arm"])
        return [model for model in DIRECTIONS if {SELF[model], CROSS[model]} <= arms and model in read]

    def true_of(self, model: str) -> pd.DataFrame:
        """Return the facts about an untrained model for all prompts, in the columns of `rows.facts`."""
        return facts(self.read[self.read["arm"].eq(model)])

    def hits(self, arm: str, true: pd.DataFrame) -> pd.DataFrame:
        """Return which reports of an arm are right.

        Args:
            arm: The arm that reports.
            true: The facts: columns feature, prompt and value.

        Returns:
            One row per report, with the columns seed, prompt, cluster (the feature) and value (1 for a hit, else 0).
        """
        return _hits(self.said[self.said["arm"].eq(arm)], true)


def _self_minus_cross(seen: Observations) -> Iterator[Effect]:
    """Yield self minus cross over both models, where differences in learning ability cancel, and about each."""
    if len(seen.models) == len(DIRECTIONS):
        both = (_new(side) for side in _both_sides(seen))
        yield contrast(*both, family="self minus cross", label=BOTH, measure=HITS, lead=True)
    for model in seen.models:
        own, other = (_new(seen.hits(side[model], seen.true_of(model))) for side in (SELF, CROSS))
        yield contrast(
            own,
            other,
            family="self minus cross, each model",
            label=DIRECTIONS[model],
            measure=HITS,
            lead=True,
            arm=SELF[model],
            control=CROSS[model],
        )


def _planted(seen: Observations) -> Iterator[Effect]:
    """Yield the planted controls minus the other model, trained on the features of the first."""
    if M1 in seen.models:
        true = seen.true_of(M1)
        own, cut, other = (_new(seen.hits(arm, true)) for arm in (PLANTED, CUT, CROSS[M1]))
        yield from planted.compared(own, cut, other, measure=HITS, arms=(PLANTED, CUT))


def _baselines(seen: Observations) -> Iterator[Effect]:
    """Yield self-reports minus guesses from the input and minus an arm trained on permuted facts; then levels."""
    levels: list[Effect] = []
    for model in seen.models:
        true, name = seen.true_of(model), _name(model)
        own = _new(seen.hits(SELF[model], true))
        found = _guesses(true)
        if model == M1:
            found["trained on permuted facts"] = _new(seen.hits(PERMUTED, true))
        for label, frame in found.items():
            if len(frame):
                said = f"about {name}: itself minus {label}"
                yield contrast(own, frame, family="self minus baselines", label=said, measure=HITS, arm=SELF[model])
        found = {"itself": own, "the other": _new(seen.hits(CROSS[model], true)), **found}
        for label, frame in found.items():
            levels.append(level(frame, family="levels", label=f"about {name}: {label}", measure=HITS))
    yield from levels


def _reach(seen: Observations) -> Iterator[Effect]:
    """Yield how well each arm learnt its rows, which state facts or permuted facts."""
    for model in seen.models:
        true = seen.true_of(model)
        learnt = {SELF[model]: true, CROSS[model]: true}
        if model == M1:
            learnt[PERMUTED] = permuted(true, seen.data_seed)
        for arm, taught in learnt.items():
            hits = seen.hits(arm, taught)
            hits = hits[hits["prompt"].map(is_learnt).astype(bool)]
            yield level(hits, family="how far it reaches", label=f"{arm}: {LEARNT}", measure=HITS, arm=arm)


def _parts(seen: Observations) -> Iterator[Effect]:
    """Yield self minus cross separately for tasks of the training rows and for new tasks."""
    if not seen.models:
        return
    own, other = (_new(side) for side in _both_sides(seen))
    held_out = {number for number, (task, _, _) in enumerate(all_prompts()) if tasks()[task].held_out}
    for label, is_held_out in (("new prompts of training tasks", False), ("new tasks", True)):
        frames = (side[side["prompt"].isin(held_out).eq(is_held_out)] for side in (own, other))
        yield contrast(*frames, family="self minus cross, parts", label=label, measure=HITS)


def _as_before(seen: Observations) -> Iterator[Effect]:
    """Yield how often a feature of a trained model lies on the same side of the median as before training."""
    for arm, model in {**{SELF[model]: model for model in DIRECTIONS}, PERMUTED: M1}.items():
        now, before = (seen.read[seen.read["arm"].eq(one)] for one in (arm, model))
        if now.empty or before.empty:
            continue
        same = _new(_hits(sides(now, before), facts(before)))
        yield level(same, family="features as before training", label=arm, measure="same side of the median", arm=arm)


def _guesses(true: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the hits of guesses from prompts and facts alone, without access to a model."""
    places = [all_prompts()[number] for number in true["prompt"]]
    named = true.assign(task=[one[0] for one in places], item=[one[1] for one in places], property=true["feature"])
    is_row = named["prompt"].map(is_learnt).astype(bool)
    rows, new = named[is_row], named[~is_row]
    guesses = {
        "the usual value": by_mode(new),
        "words of the prompt": by_words(new, rows),
        "words, told the other prompts": by_other_prompts(new),
    }
    return {label: _hits(guess.assign(seed=0), true) for label, guess in guesses.items()}


def _both_sides(seen: Observations) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the hits of all self arms and those of all cross arms."""
    own, other = (
        pd.concat([seen.hits(side[model], seen.true_of(model)) for model in seen.models]) for side in (SELF, CROSS)
    )
    return own, other


def _hits(said: pd.DataFrame, true: pd.DataFrame) -> pd.DataFrame:
    both = said.merge(true, on=KEY, suffixes=("", "_true"))
    right = both["value"].eq(both["value_true"]).astype(float)
    return both[["seed", "prompt"]].assign(cluster=both["feature"], value=right)


def _new(hits: pd.DataFrame) -> pd.DataFrame:
    """Return the hits on prompts that were not trained on."""
    return hits[~hits["prompt"].map(is_learnt).astype(bool)]


def _name(model: str) -> str:
    return "m1" if model == M1 else model
