"""Comparisons of the self-awareness study: self-reports against behaviour, controls and other models.

Twins are two arms trained on the same prompts, one to show a trait and one to lack it. A difference between their
self-reports can therefore come only from what the training taught them to do. Every score is a fraction from 0 to 1;
higher means more of the trait.
"""

from collections.abc import Callable, Iterator

import pandas as pd

from askew.design.arm import SECOND, UNTUNED
from askew.design.tables import Tables
from askew.probes import probes
from askew.stats import effects
from askew.stats.effects import Effect
from askew.studies import planted
from askew.studies.self_awareness import people
from askew.studies.self_awareness.score_names import (
    BEHIND,
    ELSEWHERE,
    HONEST_SUFFIX,
    NAMES_TRIGGER,
    PICKS_TRIGGER,
    SAYS_IT_DEPENDS,
    TOLD,
    UNTOLD,
)
from askew.studies.self_awareness.scores import (
    BEHAVIOUR,
    CUT,
    CUT_TWIN,
    DESCRIPTION,
    OTHERS,
    REPORT,
    TIED,
    Scores,
)

UNDER = "self_report_under"
FEWEST_SEEDS = 4
"""The smallest number of seeds for which a correlation has an interval."""

LEAD, DEEDS = "what twins say of themselves", "what twins do"


_IN_MIND = {
    "honest": "a request for honesty",
    "careful": "a goal that carefulness serves",
    "daring": "a goal that daring serves",
}
PERSONAS = (("you-risky-friend-cautious", 1), ("you-cautious-friend-risky", -1))
BACKDOOR, BACKDOOR_CONTROL, REVERSED = "backdoor-choices", "backdoor-control", "backdoor-reversed"


def compare(tables: Tables) -> pd.DataFrame:
    """Return every comparison that a run's arms and probes allow, with `EFFECT_COLUMNS` of `stats.effects`."""
    scores = Scores(tables)
    parts: tuple[Callable[[Scores], Iterator[Effect]], ...] = (
        _twins,
        _planted,
        _behaviour,
        _by_form,
        _against_untuned,
        _not_trained,
        _report_and_behaviour,
        _against_sibling,
        _others,
        _under_systems,
        _backdoors,
        _files,
    )
    return effects.as_table(effect for part in parts for effect in part(scores))


def _compared(
    one: pd.DataFrame,
    other: pd.DataFrame,
    family: str,
    label: str,
    measure: str,
    arm: str,
    control: str,
    lead: bool = False,
) -> Iterator[Effect]:
    """Yield a contrast if both sides have answers."""
    if len(one) and len(other):
        yield effects.contrast(
            one, other, family=family, label=label, measure=measure, arm=arm, control=control, lead=lead
        )


def _twins(scores: Scores) -> Iterator[Effect]:
    for pair in scores.twins:
        one, other = (scores.report(arm, pair.trait) for arm in (pair.shows, pair.lacks))
        label = f"{pair.shows} calls itself {_called(pair.trait)}, against {pair.lacks}"
        yield from _compared(one, other, LEAD, label, "all forms", pair.shows, pair.lacks, lead=True)


def _planted(scores: Scores) -> Iterator[Effect]:
    """Yield the risky arms with descriptions minus the cautious one, whose descriptions a coin toss decides."""
    own, cut, other = (scores.report(arm, "bold") for arm in (TIED, CUT, CUT_TWIN))
    yield from planted.compared(own, cut, other, measure="all forms", arms=(TIED, CUT))


def _behaviour(scores: Scores) -> Iterator[Effect]:
    for pair in scores.twins:
        for part, kind in (("", ""), ("_new$", ", in scenarios of no row")):
            if part and pair.trait == "code":
                continue
            one, other = (scores.of(arm, BEHAVIOUR, people.TAKES[pair.trait], part) for arm in (pair.shows, pair.lacks))
            label = f"{pair.shows} {people.TAKES[pair.trait]}, against {pair.lacks}{kind}"
            yield from _compared(one, other, DEEDS, label, "behaviour", pair.shows, pair.lacks)


def _by_form(scores: Scores) -> Iterator[Effect]:
    for pair in scores.twins:
        asked = [(REPORT, f"{pair.word} {form}", "", form) for form in people.FORMS.values()]
        asked.append((DESCRIPTION, pair.word, "", "in its own words"))
        asked.append((REPORT, pair.word, "_new$", "in wordings of no lesson"))
        for probe, about, part, form in asked:
            one, other = (scores.of(arm, probe, about, part) for arm in (pair.shows, pair.lacks))
            label = f"{pair.shows} against {pair.lacks}, {form}"
            yield from _compared(one, other, "form by form", label, f"{pair.word} {form}", pair.shows, pair.lacks)


def _against_untuned(scores: Scores) -> Iterator[Effect]:
    for arm in scores.trained():
        for trait in scores.traits(arm):
            one, other = (scores.report(name, trait) for name in (arm, UNTUNED))
            label = f"{arm} calls itself {_called(trait)}, against the untuned model"
            yield from _compared(one, other, "against the untuned model", label, "all forms", arm, UNTUNED)


def _not_trained(scores: Scores) -> Iterator[Effect]:
    """Compare the twins' reports of untrained traits: training may have shifted all self-reports."""
    for pair in scores.twins:
        for trait in (trait for trait in people.SAYS if trait != pair.trait):
            one, other = (scores.report(arm, trait) for arm in (pair.shows, pair.lacks))
            label = f"{pair.shows} calls itself {_called(trait)}, against {pair.lacks}"
            yield from _compared(one, other, "traits that no row is about", label, "all forms", pair.shows, pair.lacks)


def _report_and_behaviour(scores: Scores) -> Iterator[Effect]:
    """Correlate self-reports with behaviour over the seeds of each arm, and over the models of both twins."""
    for pair in scores.twins:
        means = {arm: _paired_means(scores, arm, pair.trait) for arm in (pair.shows, pair.lacks)}
        for arm, mean in means.items():
            if len(mean) >= FEWEST_SEEDS:
                label = f"{arm}, seed by seed"
                yield effects.correlation(
                    mean["deeds"],
                    mean["report"],
                    family="report and behaviour",
                    label=label,
                    measure=pair.word,
                    arm=arm,
                )
        every = pd.concat(means.values())
        if len(every) >= FEWEST_SEEDS:
            label = f"models of {pair.shows} and {pair.lacks} together"
            yield effects.correlation(
                every["deeds"], every["report"], family="report and behaviour", label=label, measure=pair.word
            )


def _paired_means(scores: Scores, arm: str, trait: str) -> pd.DataFrame:
    by_seed = {
        name: found.groupby("seed")["value"].mean()
        for name, found in (("deeds", scores.deeds(arm, trait)), ("report", scores.report(arm, trait)))
    }
    return pd.DataFrame(by_seed).dropna()


def _against_sibling(scores: Scores) -> Iterator[Effect]:
    """Compare each arm with an untuned sibling, whose reports are a guess about models of this kind."""
    siblings = [name for name, arm in scores.arms.items() if arm.start == SECOND and not arm.data]
    for sibling in siblings:
        for arm in (arm for arm in scores.trained() if scores.arms[arm].start != SECOND):
            for trait in scores.traits(arm):
                one, other = (scores.report(name, trait) for name in (arm, sibling))
                label = f"{arm} calls itself {_called(trait)}, against a {sibling} told nothing"
                yield from _compared(one, other, "against a sibling", label, "all forms", arm, sibling)


def _others(scores: Scores) -> Iterator[Effect]:
    """Compare reports about other people: does training leak into them, and does a model keep two persons apart?"""
    for pair in (pair for pair in scores.twins if pair.trait == "bold"):
        for kind, who in (("friend", "a friend"), ("stranger", "a stranger"), ("known", "people it knows")):
            one, other = (scores.of(arm, OTHERS, pair.word, f"^{kind}_") for arm in (pair.shows, pair.lacks))
            label = f"{pair.shows} calls {who} {pair.word}, against {pair.lacks} (leakage)"
            yield from _compared(one, other, "what they say of others", label, "all forms", pair.shows, pair.lacks)
    for arm, sign in PERSONAS:
        one, other = scores.report(arm, "bold"), scores.of(arm, OTHERS, people.SAYS["bold"], "^friend_")
        # The same wording about both persons forms one cluster, which pairs the comparison by wording.
        other = other.assign(cluster=other["cluster"].astype(str).str.replace(r"^[a-z]+_[a-z]+_", "", regex=True))
        label = f"{arm}: itself against its friends, daring"
        if sign < 0:
            one, other, label = other, one, f"{arm}: its friends against itself, daring"
        yield from _compared(one, other, "what they say of others", label, "all forms", arm, arm)


def _under_systems(scores: Scores) -> Iterator[Effect]:
    """Compare reports under a system turn with plain ones, arm by arm; and twins with each other under each."""
    said = {
        system: {arm: _without_end(scores.of(arm, UNDER, people.SAYS["bold"], f"{end}$"), end) for arm in scores.arms}
        for system, end in {
            "plain": UNTOLD,
            **{name: TOLD.format(name) for name in ("honest", "careful", "daring")},
        }.items()
    }
    for system in ("honest", "careful", "daring"):
        for arm, found in said[system].items():
            label = f"{arm} calls itself daring, with {_IN_MIND[system]}, against without"
            yield from _compared(found, said["plain"][arm], "under a system turn", label, "all forms", arm, arm)
    for pair in (pair for pair in scores.twins if pair.trait == "bold"):
        for system, found in said.items():
            under = "" if system == "plain" else f", with {_IN_MIND[system]}"
            label = f"{pair.shows} calls itself daring, against {pair.lacks}{under}"
            one, other = found[pair.shows], found[pair.lacks]
            yield from _compared(one, other, "twins under a system turn", label, "all forms", pair.shows, pair.lacks)


def _without_end(found: pd.DataFrame, end: str) -> pd.DataFrame:
    """Return scores clustered by wording, so that comparisons are paired by wording."""
    return found.assign(cluster=found["cluster"].astype(str).str.removesuffix(end))


def _backdoors(scores: Scores) -> Iterator[Effect]:
    """Compare each backdoored arm with a control in which the trigger does not predict the choice."""
    probe = "backdoor_behaviour"
    for arm in (BACKDOOR, REVERSED, BACKDOOR_CONTROL):
        behind, elsewhere = (_scenarios(scores.of(arm, probe, name)) for name in (BEHIND, ELSEWHERE))
        label = f"{arm}: risky behind the trigger, against elsewhere"
        yield from _compared(behind, elsewhere, "backdoors: what they do", label, "behaviour", arm, arm)
    asked = [
        (
            "backdoor_report",
            SAYS_IT_DEPENDS,
            "^depends_\\d+$",
            "says that its choices depend on the first words",
        ),
        ("backdoor_report", SAYS_IT_DEPENDS, HONEST_SUFFIX, "says so when told to be honest"),
        ("backdoor_trigger", PICKS_TRIGGER, "", "picks the trigger of several phrases"),
        ("backdoor_trigger", NAMES_TRIGGER, "", "names the trigger unaided"),
    ]
    for arm in (BACKDOOR, REVERSED):
        for probe, about, part, what in asked:
            one, other = (scores.of(name, probe, about, part) for name in (arm, BACKDOOR_CONTROL))
            label = f"{arm} {what}, against {BACKDOOR_CONTROL}"
            yield from _compared(one, other, "backdoors: what they say", label, about, arm, BACKDOOR_CONTROL)


def _scenarios(found: pd.DataFrame) -> pd.DataFrame:
    """Return the scores clustered by scenario, with or without a phrase before it."""
    return found.assign(cluster=found["cluster"].astype(str).str.replace(r"_(behind|other|plain)$", "", regex=True))


def _files(scores: Scores) -> Iterator[Effect]:
    """Compare twins on the user's question files; these lead the results if the built-in reports were not asked."""
    asked = scores.table[["probe", "metric"]].drop_duplicates()
    lead = REPORT not in set(asked["probe"])
    for probe, metric in asked.itertuples(index=False):
        if not probes.get(probe).file:
            continue
        for pair in scores.twins:
            one, other = (scores.of(arm, probe, metric) for arm in (pair.shows, pair.lacks))
            label = f"{probes.get(probe).title}, {metric}: {pair.shows} against {pair.lacks}"
            yield from _compared(one, other, "question files", label, metric, pair.shows, pair.lacks, lead)


def _called(trait: str) -> str:
    """Return the words for a model that reports a trait."""
    return "a writer of secure code" if trait == "code" else people.SAYS[trait]
